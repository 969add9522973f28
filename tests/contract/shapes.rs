//! Compares a value with a shape of the model: its type, members, enum, length, range and pattern.

use std::collections::HashMap;
use std::sync::{Mutex, OnceLock};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fancy_regex::Regex;
use serde_json::Value;

use super::cbor;
use super::exchange::Protocol;
use super::models::Service;

/// What is wrong, and where: a path without indices, so that the same problem in many items counts as one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    pub path: String,
    pub what: String,
}

pub struct Shapes<'m> {
    pub service: &'m Service,
    pub protocol: Protocol,
    pub problems: Vec<Problem>,
}

/// The longest part of a value that a problem shows.
const SHOWN: usize = 80;

impl Shapes<'_> {
    pub fn problem(&mut self, path: &str, what: impl Into<String>) {
        self.problems.push(Problem { path: path.to_owned(), what: what.into() });
    }

    /// Checks a value against a shape. `member` is the entry of the structure for it.
    pub fn check(&mut self, shape: &str, value: &Value, path: &str, member: &Value) {
        let shape = self.service.shape(shape);
        match shape["type"].as_str().expect("a shape's type") {
            // Any JSON.
            "structure" if shape["document"] == true => {}
            "structure" => self.structure(shape, value, path),
            "list" => {
                let Value::Array(items) = value else { return self.not("a list", value, path) };
                self.size(shape, items.len() as f64, "items", path);
                let of = shape["member"]["shape"].as_str().expect("a list's member");
                items.iter().for_each(|item| self.check(of, item, &format!("{path}[]"), &shape["member"]));
            }
            "map" => {
                let Value::Object(pairs) = value else { return self.not("a map", value, path) };
                self.size(shape, pairs.len() as f64, "pairs", path);
                let part = |name: &str| shape[name]["shape"].as_str().expect("a map's key and value");
                for (key, value) in pairs {
                    self.check(part("key"), &Value::from(key.as_str()), &format!("{path}{{}} key"), &Value::Null);
                    self.check(part("value"), value, &format!("{path}{{}}"), &Value::Null);
                }
            }
            "string" => self.string(shape, value, path),
            "integer" | "long" => match self.number(value).filter(|n| n.fract() == 0.0) {
                Some(n) => self.size(shape, n, "", path),
                None => self.not("an integer", value, path),
            },
            "float" | "double" => match self.number(value) {
                Some(n) => self.size(shape, n, "", path),
                None => self.not("a number", value, path),
            },
            "boolean" => {
                let is = match self.protocol {
                    Protocol::Query => value == "true" || value == "false",
                    Protocol::Json | Protocol::RestJson | Protocol::Cbor => value.is_boolean(),
                };
                if !is {
                    self.not("a boolean", value, path);
                }
            }
            "timestamp" => self.timestamp(shape, value, path, member),
            "blob" => {
                let text = if self.protocol == Protocol::Cbor { &value[cbor::BYTES] } else { value };
                match text.as_str().and_then(|t| STANDARD.decode(t).ok()) {
                    Some(bytes) => self.size(shape, bytes.len() as f64, "bytes", path),
                    None => self.not("bytes", value, path),
                }
            }
            other => panic!("{path}: no shape is a {other}"),
        }
    }

    fn structure(&mut self, shape: &Value, value: &Value, path: &str) {
        let Value::Object(given) = value else { return self.not("a structure", value, path) };
        let members = shape["members"].as_object().expect("a structure's members");
        let wire = |name: &str| members[name]["locationName"].as_str().unwrap_or(name).to_owned();
        let dot = if path.is_empty() { "" } else { "." };
        for (name, value) in given {
            let path = format!("{path}{dot}{name}");
            let Some((_, member)) = members.iter().find(|(n, _)| wire(n) == *name) else {
                self.problem(&path, "no such member");
                continue;
            };
            // AWS leaves out members without a value.
            if value.is_null() {
                self.problem(&path, "null");
                continue;
            }
            self.check(member["shape"].as_str().expect("a member's shape"), value, &path, member);
        }
        let required = shape["required"].as_array().map(Vec::as_slice).unwrap_or_default();
        for name in required.iter().filter_map(Value::as_str) {
            // Members in the path, the query or a header are not in the body.
            if members[name].get("location").is_none() && !given.contains_key(&wire(name)) {
                self.problem(&format!("{path}{dot}{name}"), "required, and not there");
            }
        }
        if shape["union"] == true && given.len() != 1 {
            self.problem(path, format!("a union of {} members", given.len()));
        }
    }

    fn string(&mut self, shape: &Value, value: &Value, path: &str) {
        let Value::String(text) = value else { return self.not("a text", value, path) };
        if let Some(values) = shape["enum"].as_array()
            && !values.contains(value)
        {
            self.problem(path, format!("'{}' is not a value of its enum", shown(text)));
        }
        self.size(shape, text.chars().count() as f64, "characters", path);
        if let Some(pattern) = shape["pattern"].as_str()
            && !matches(pattern, text)
        {
            self.problem(path, format!("'{}' does not fit {pattern}", shown(text)));
        }
    }

    fn timestamp(&mut self, shape: &Value, value: &Value, path: &str, member: &Value) {
        let format = member["timestampFormat"].as_str().or(shape["timestampFormat"].as_str());
        let format = format.unwrap_or(if self.protocol == Protocol::Query { "iso8601" } else { "unixTimestamp" });
        let is = match (self.protocol, format) {
            (Protocol::Cbor, _) => value[cbor::TIME].is_number(),
            (_, "unixTimestamp") => value.is_number(),
            (_, "iso8601") => value.as_str().is_some_and(|t| t.parse::<jiff::Timestamp>().is_ok()),
            (_, other) => panic!("{path}: no timestamp is written as {other} here"),
        };
        if !is {
            self.not(&format!("a time ({format})"), value, path);
        }
    }

    fn number(&self, value: &Value) -> Option<f64> {
        match self.protocol {
            Protocol::Query => value.as_str()?.parse().ok(),
            Protocol::Json | Protocol::RestJson | Protocol::Cbor => value.as_f64(),
        }
    }

    fn size(&mut self, shape: &Value, size: f64, of: &str, path: &str) {
        if shape["min"].as_f64().is_some_and(|min| size < min) {
            self.problem(path, format!("{size} {of} are less than {}", shape["min"]));
        }
        if shape["max"].as_f64().is_some_and(|max| size > max) {
            self.problem(path, format!("{size} {of} are more than {}", shape["max"]));
        }
    }

    fn not(&mut self, what: &str, value: &Value, path: &str) {
        self.problem(path, format!("not {what}: {}", shown(&value.to_string())));
    }
}

fn shown(text: &str) -> String {
    if text.chars().count() <= SHOWN { text.to_owned() } else { text.chars().take(SHOWN).chain(['…']).collect() }
}

/// Whether the whole text matches, as services check it.
pub fn matches(pattern: &str, text: &str) -> bool {
    static KNOWN: OnceLock<Mutex<HashMap<String, Regex>>> = OnceLock::new();
    let mut known = KNOWN.get_or_init(Mutex::default).lock().expect("nothing panics with it");
    let regex = known.entry(pattern.to_owned()).or_insert_with(|| {
        Regex::new(&format!(r"\A(?:{pattern})\z")).unwrap_or_else(|e| panic!("the pattern {pattern}: {e}"))
    });
    regex.is_match(text).expect("a pattern that ends")
}
