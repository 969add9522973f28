//! The request context: condition keys and their values.

use std::collections::BTreeMap;

/// Condition keys (case-insensitive) with one or more values each.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Context(BTreeMap<String, Vec<String>>);

impl Context {
    pub fn new() -> Context {
        Context::default()
    }

    /// Adds a value to a key.
    pub fn add(&mut self, key: &str, value: impl Into<String>) {
        self.0.entry(key.to_ascii_lowercase()).or_default().push(value.into());
    }

    pub fn with(mut self, key: &str, value: impl Into<String>) -> Context {
        self.add(key, value);
        self
    }

    /// The key's values; `None` where the request has no such key.
    pub fn get(&self, key: &str) -> Option<&[String]> {
        self.0.get(&key.to_ascii_lowercase()).map(Vec::as_slice)
    }

    /// The keys of both contexts; values of a key that both have are combined.
    pub fn and(mut self, other: &Context) -> Context {
        for (key, values) in &other.0 {
            self.0.entry(key.clone()).or_default().extend(values.iter().cloned());
        }
        self
    }

    /// The text with its policy variables (`${aws:username}`) filled in; `None` where one has no single value, in which
    /// case AWS lets the statement not match.
    pub fn fill(&self, text: &str) -> Option<String> {
        let mut out = String::new();
        let mut rest = text;
        while let Some(at) = rest.find("${") {
            let end = rest[at..].find('}')? + at;
            out.push_str(&rest[..at]);
            match &rest[at + 2..end] {
                "*" => out.push('*'),
                "?" => out.push('?'),
                "$" => out.push('$'),
                key => match self.get(key)? {
                    [one] => out.push_str(one),
                    _ => return None,
                },
            }
            rest = &rest[end + 1..];
        }
        out.push_str(rest);
        Some(out)
    }
}
