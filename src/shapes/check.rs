//! A value held against a shape.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use super::table::{Model, Shape, Size};

/// How a protocol writes numbers and booleans.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leaves {
    /// As JSON's and CBOR's own.
    Typed,
    /// As texts, in the query protocol.
    Texts,
}

/// What is wrong with a value, and where.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    /// Members by dots, items by their index from 1: `containerDefinitions.1.portMappings.2.containerPort`.
    pub path: String,
    pub what: What,
}

#[derive(Debug, Clone, PartialEq)]
pub enum What {
    /// It is of another type than the shape: what it has to be, and what it is.
    Type { wanted: &'static str, found: Value },
    /// A member that is required.
    Missing,
    /// A text that is none of these.
    Enum { found: String, values: Vec<String> },
    /// Too small, short or few.
    Less { than: f64, of: Measure },
    /// Too large, long or many.
    More { than: f64, of: Measure },
    /// A text that does not match this.
    Pattern { found: String, pattern: String },
    /// A union with no member or several.
    Union { members: usize },
}

/// What has a least and a most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// A text's characters, a list's items, a map's pairs.
    Length,
    /// A number.
    Value,
}

/// Everything in which an operation's input is not as its model has it. Members that the model does not know are newer than it, and
/// nothing is said of them; `null` is not a value.
pub fn check(model: &Model, shape: &str, input: &Value, leaves: Leaves) -> Vec<Problem> {
    let mut checked = Check { model, leaves, problems: Vec::new(), unknown: Vec::new() };
    checked.value(shape, input, "");
    checked.problems
}

/// A member that the model does not have.
#[derive(Debug, Clone, PartialEq)]
pub struct Unknown<'m> {
    /// As `Problem` has it.
    pub path: String,
    pub name: String,
    /// The members that stand in the same place.
    pub known: Vec<&'m str>,
}

/// The members with a value that an operation's input has and its model has not: newer than it, or misspelt.
pub fn unknown<'m>(model: &'m Model, shape: &str, input: &Value) -> Vec<Unknown<'m>> {
    let mut checked = Check { model, leaves: Leaves::Typed, problems: Vec::new(), unknown: Vec::new() };
    checked.value(shape, input, "");
    checked.unknown
}

struct Check<'m> {
    model: &'m Model,
    leaves: Leaves,
    problems: Vec<Problem>,
    unknown: Vec<Unknown<'m>>,
}

impl<'m> Check<'m> {
    #[allow(clippy::wildcard_enum_match_arm, reason = "the enum is another crate's, which grows by itself")]
    fn value(&mut self, shape: &str, value: &Value, path: &str) {
        let model: &'m Model = self.model;
        match model.shape(shape) {
            Shape::Structure { members, required, union } => {
                let Some(given) = self.members(value, path, "a structure") else { return };
                let there = |name: &String| given.get(name).is_some_and(|v| !v.is_null());
                for name in required.iter().filter(|name| !there(name)) {
                    self.problem(&join(path, name), What::Missing);
                }
                for (name, value) in given.iter().filter(|(_, v)| !v.is_null()) {
                    match members.get(name) {
                        Some(shape) => self.value(shape, value, &join(path, name)),
                        None => {
                            let known = members.keys().map(String::as_str).collect();
                            self.unknown.push(Unknown { path: join(path, name), name: name.clone(), known });
                        }
                    }
                }
                // One that is newer than the model counts too.
                let many = given.values().filter(|v| !v.is_null()).count();
                if *union && many != 1 {
                    self.problem(path, What::Union { members: many });
                }
            }
            Shape::List { member, size } => {
                let items = match value {
                    Value::Array(items) => items.as_slice(),
                    // The query protocol writes an empty list as a name without a value.
                    Value::String(text) if text.is_empty() && self.leaves == Leaves::Texts => &[],
                    _ => return self.wrong(path, "a list", value),
                };
                self.length(path, items.len(), *size);
                for (n, item) in items.iter().enumerate() {
                    self.value(member, item, &join(path, &(n + 1).to_string()));
                }
            }
            Shape::Map { key, value: of, size } => {
                let Some(pairs) = self.members(value, path, "a map") else { return };
                self.length(path, pairs.len(), *size);
                for (name, value) in pairs {
                    self.value(key, &Value::from(name.as_str()), &join(path, name));
                    self.value(of, value, &join(path, name));
                }
            }
            Shape::String { values, pattern, size } => {
                let Value::String(text) = value else { return self.wrong(path, "a string", value) };
                if !values.is_empty() && !values.contains(text) {
                    self.problem(path, What::Enum { found: text.clone(), values: values.clone() });
                }
                self.length(path, text.chars().count(), *size);
                if let Some(pattern) = pattern.as_ref().filter(|p| !p.matches(text)) {
                    self.problem(path, What::Pattern { found: text.clone(), pattern: pattern.text.clone() });
                }
            }
            Shape::Integer { size } => match self.integer(value).filter(|n| i32::try_from(*n).is_ok()) {
                Some(n) => self.size(path, n as f64, *size, Measure::Value),
                None => self.wrong(path, "an integer", value),
            },
            Shape::Long { size } => match self.integer(value) {
                Some(n) => self.size(path, n as f64, *size, Measure::Value),
                None => self.wrong(path, "an integer", value),
            },
            Shape::Double { size } => match self.number(value) {
                Some(n) => self.size(path, n, *size, Measure::Value),
                None => self.wrong(path, "a number", value),
            },
            Shape::Boolean {} => {
                let is = match self.leaves {
                    Leaves::Typed => value.is_boolean(),
                    Leaves::Texts => value == "true" || value == "false",
                };
                if !is {
                    self.wrong(path, "a boolean", value);
                }
            }
            Shape::Timestamp {} => {
                let is = match self.leaves {
                    Leaves::Typed => value.is_number(),
                    Leaves::Texts => value.as_str().is_some_and(|t| t.parse::<jiff::Timestamp>().is_ok()),
                };
                if !is {
                    self.wrong(path, "a time", value);
                }
            }
            Shape::Blob {} => {
                let coded = value.as_str().map(|t| STANDARD.decode(t));
                if coded.is_none_or(|bytes| bytes.is_err()) {
                    self.wrong(path, "bytes in base64", value);
                }
            }
        }
    }

    fn members<'v>(&mut self, value: &'v Value, path: &str, wanted: &'static str) -> Option<&'v Map<String, Value>> {
        let members = value.as_object();
        if members.is_none() {
            self.wrong(path, wanted, value);
        }
        members
    }

    fn integer(&self, value: &Value) -> Option<i64> {
        match self.leaves {
            Leaves::Typed => value.as_i64(),
            Leaves::Texts => value.as_str()?.parse().ok(),
        }
    }

    fn number(&self, value: &Value) -> Option<f64> {
        match self.leaves {
            Leaves::Typed => value.as_f64(),
            Leaves::Texts => value.as_str()?.parse().ok(),
        }
    }

    fn length(&mut self, path: &str, length: usize, allowed: Size) {
        self.size(path, length as f64, allowed, Measure::Length);
    }

    fn size(&mut self, path: &str, size: f64, allowed: Size, of: Measure) {
        if let Some(than) = allowed.min.filter(|min| size < *min) {
            self.problem(path, What::Less { than, of });
        }
        if let Some(than) = allowed.max.filter(|max| size > *max) {
            self.problem(path, What::More { than, of });
        }
    }

    fn wrong(&mut self, path: &str, wanted: &'static str, found: &Value) {
        self.problem(path, What::Type { wanted, found: found.clone() });
    }

    fn problem(&mut self, path: &str, what: What) {
        self.problems.push(Problem { path: path.to_owned(), what });
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}
