//! Inputs made from the models: one with every member, and every way to make one of them invalid.

use serde_json::{Map, Value, json};

use super::models::Service;

/// The sample of a text is the first of these that fits its length and pattern.
const TEXTS: [&str; 9] = [
    "app",
    "111111",
    "111111111111",
    "ap-northeast-1",
    "00000000-0000-0000-0000-000000000000",
    "arn:aws:iam::111111111111:role/sample",
    "arn:aws:inspector2:ap-northeast-1:111111111111:finding/00000000000000000000000000000000",
    "sha256:0000000000000000000000000000000000000000000000000000000000000000",
    "A text of over a hundred characters, as the text of a lifecycle policy must be, which is not a policy that anything can follow.",
];

/// The longest text or list that is created only to be too long.
const LONGEST: u64 = 20_000;

/// A sample with one invalid member.
pub struct InvalidSample {
    pub what: String,
    /// The path of the member as in AWS's messages: members, and the numbers of items from 1, separated by dots.
    pub path: String,
    pub input: Value,
}

/// Samples of a service's inputs for its protocol: `texts` says whether numbers and booleans are written as texts.
pub struct Samples<'m> {
    pub service: &'m Service,
    pub texts: bool,
}

impl Samples<'_> {
    /// An input with every member of its shape; of a union, only the first.
    ///
    /// If no sample of a text fits.
    pub fn whole(&self, shape: &str) -> Value {
        self.value(shape, &mut Vec::new())
    }

    fn value(&self, name: &str, around: &mut Vec<String>) -> Value {
        let shape = self.service.shape(name);
        match shape["type"].as_str().expect("a shape's type") {
            "structure" => {
                around.push(name.to_owned());
                let members = shape["members"].as_object().expect("members");
                let most = if shape["union"] == true { 1 } else { members.len() };
                let made = members.iter().take(most).filter_map(|(name, member)| {
                    let of = member["shape"].as_str().expect("a member's shape");
                    // A recursive shape ends somewhere.
                    let ends = around.iter().any(|a| a == of);
                    (!ends).then(|| (name.clone(), self.value(of, around)))
                });
                let made: Map<String, Value> = made.collect();
                around.pop();
                Value::Object(made)
            }
            "list" => {
                let least = shape["min"].as_u64().unwrap_or(1).max(1);
                let item = self.value(shape["member"]["shape"].as_str().expect("a list's member"), around);
                (0..least).map(|_| item.clone()).collect()
            }
            "map" => {
                let part = |p: &str| shape[p]["shape"].as_str().expect("a map's key and value").to_owned();
                let key = self.value(&part("key"), around);
                let value = self.value(&part("value"), around);
                json!({ key.as_str().expect("a key is a text"): value })
            }
            "string" => self.text(name, shape).into(),
            "integer" | "long" | "float" | "double" => self.leaf(json!(shape["min"].as_i64().unwrap_or(1).max(1))),
            "boolean" => self.leaf(json!(true)),
            "timestamp" => self.leaf(json!(1_769_852_700)),
            "blob" => "AAAA".into(),
            other => panic!("{name}: no shape is a {other}"),
        }
    }

    fn leaf(&self, value: Value) -> Value {
        if self.texts { value.to_string().into() } else { value }
    }

    fn text(&self, name: &str, shape: &Value) -> String {
        if let Some(values) = shape["enum"].as_array() {
            return values[0].as_str().expect("an enum's value").to_owned();
        }
        let (least, most) = (shape["min"].as_u64().unwrap_or(0), shape["max"].as_u64().unwrap_or(u64::MAX));
        let fits = |text: &&&str| {
            (least..=most).contains(&(text.len() as u64))
                && shape["pattern"].as_str().is_none_or(|p| super::shapes::matches(p, text))
        };
        TEXTS.iter().find(fits).unwrap_or_else(|| panic!("{name}: no sample fits {shape}")).to_string()
    }

    /// The sample with one invalid member, in every way: a required member is missing, or a value has another type, is not in its enum, is
    /// out of range, or does not match its pattern.
    pub fn spoilt(&self, shape: &str) -> Vec<InvalidSample> {
        let whole = self.whole(shape);
        let mut all = Vec::new();
        self.spoil(shape, &whole, "", &mut |pointer, what, value| {
            let mut input = whole.clone();
            match value {
                Some(value) => *input.pointer_mut(pointer).expect("what is there") = value,
                None => {
                    let (parent, member) = pointer.rsplit_once('/').expect("a member");
                    let parent = input.pointer_mut(parent).and_then(Value::as_object_mut).expect("a structure");
                    parent.shift_remove(member);
                }
            }
            all.push(InvalidSample { what: format!("{pointer} {what}"), path: dotted_path(pointer), input });
        });
        all
    }

    fn spoil(&self, name: &str, value: &Value, at: &str, take: &mut dyn FnMut(&str, &str, Option<Value>)) {
        let shape = self.service.shape(name);
        let kind = shape["type"].as_str().expect("a shape's type");
        // In the query protocol, the type of a value is what its text can be read as.
        let untyped = self.texts && ["string", "blob", "structure", "map"].contains(&kind);
        if !at.is_empty() && !untyped {
            let others = [json!("what"), json!(5), json!(true), json!([{}]), json!({"a": {}})];
            let is = |other: &Value| match kind {
                "structure" | "map" => other.is_object(),
                "list" => other.is_array(),
                "string" | "blob" => other.is_string(),
                "boolean" => other.is_boolean(),
                _ => other.is_number(),
            };
            let others = others.into_iter().filter(|o| if self.texts { o.is_string() } else { !is(o) });
            others.for_each(|other| take(at, &format!("is {other}"), Some(other)));
        }
        let (least, most) = (shape["min"].as_f64(), shape["max"].as_f64());
        match kind {
            "structure" => {
                let required = shape["required"].as_array().map(Vec::as_slice).unwrap_or_default();
                for (member, value) in value.as_object().expect("a sample of it") {
                    let inner = format!("{at}/{member}");
                    if required.contains(&Value::from(member.as_str())) {
                        take(&inner, "is gone", None);
                        // The query protocol has no null.
                        if !self.texts {
                            take(&inner, "is null", Some(Value::Null));
                        }
                    }
                    let of = shape["members"][member]["shape"].as_str().expect("a member's shape");
                    self.spoil(of, value, &inner, take);
                }
            }
            "list" => {
                let items = value.as_array().expect("a sample of it");
                if least.is_some_and(|l| l >= 1.0) {
                    take(at, "is empty", Some(json!([])));
                }
                if let Some(most) = most.map(|m| m as u64).filter(|m| *m < LONGEST) {
                    take(at, "is too long", Some((0..=most).map(|_| items[0].clone()).collect()));
                }
                self.spoil(shape["member"]["shape"].as_str().expect("a member"), &items[0], &format!("{at}/0"), take);
            }
            "map" => {
                let (key, value) = value.as_object().and_then(|m| m.iter().next()).expect("a sample of it");
                self.spoil(shape["value"]["shape"].as_str().expect("a value"), value, &format!("{at}/{key}"), take);
            }
            "string" => {
                if shape["enum"].is_array() {
                    take(at, "is not a value of its enum", Some("NOBODYS_VALUE".into()));
                }
                if least.is_some_and(|l| l >= 1.0) {
                    take(at, "is empty", Some("".into()));
                }
                if let Some(most) = most.map(|m| m as u64).filter(|m| *m < LONGEST) {
                    take(at, "is too long", Some("a".repeat(most as usize + 1).into()));
                }
                if shape["pattern"].is_string() {
                    take(at, "is against its pattern", Some("\u{1}\n(*)\u{1}\n(*)\u{1}".into()));
                }
            }
            "integer" | "long" | "float" | "double" => {
                least.into_iter().for_each(|l| take(at, "is too small", Some(self.leaf(json!(l as i64 - 1)))));
                most.into_iter().for_each(|m| take(at, "is too large", Some(self.leaf(json!(m as i64 + 1)))));
            }
            _ => {}
        }
    }
}

fn dotted_path(pointer: &str) -> String {
    let part = |p: &str| p.parse::<usize>().map_or_else(|_| p.to_owned(), |n| (n + 1).to_string());
    pointer.split('/').skip(1).map(part).collect::<Vec<_>>().join(".")
}
