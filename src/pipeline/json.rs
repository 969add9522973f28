//! The positions of the keys of a JSON text.

use std::collections::BTreeMap;

use super::diagnostics::Span;

/// A key.
#[derive(Debug, Clone, PartialEq)]
pub struct Key {
    /// Members separated by dots, items by their index from 1, as in `shapes`.
    pub path: String,
    pub name: String,
    /// With its quotes.
    pub span: Span,
    /// The line of an earlier occurrence of the same key in the same object.
    pub before: Option<usize>,
}

/// All keys of a valid JSON text, in their order.
pub fn keys(text: &str) -> Vec<Key> {
    let mut scan = Scan { text, at: 0, line: 1, line_start: 0, keys: Vec::new() };
    scan.value("");
    scan.keys
}

struct Scan<'t> {
    text: &'t str,
    /// In bytes.
    at: usize,
    line: usize,
    line_start: usize,
    keys: Vec<Key>,
}

impl Scan<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn blank(&mut self) {
        while let Some(b' ' | b'\t' | b'\r' | b'\n') = self.peek() {
            if self.peek() == Some(b'\n') {
                self.line += 1;
                self.line_start = self.at + 1;
            }
            self.at += 1;
        }
    }

    /// A string's own text, quotes and escapes included.
    fn string(&mut self) -> &str {
        let from = self.at;
        self.at += 1;
        while let Some(b) = self.peek() {
            self.at += if b == b'\\' { 2 } else { 1 };
            if b == b'"' {
                break;
            }
        }
        self.text.get(from..self.at).unwrap_or_default()
    }

    fn value(&mut self, path: &str) {
        self.blank();
        match self.peek() {
            Some(b'{') => self.members(path),
            Some(b'[') => {
                self.at += 1;
                for n in 1.. {
                    self.blank();
                    if matches!(self.peek(), Some(b']') | None) {
                        break;
                    }
                    self.value(&join(path, &n.to_string()));
                    self.comma();
                }
                self.at += 1;
            }
            Some(b'"') => {
                self.string();
            }
            _ => {
                while !matches!(self.peek(), Some(b',' | b']' | b'}' | b' ' | b'\t' | b'\r' | b'\n') | None) {
                    self.at += 1;
                }
            }
        }
    }

    fn members(&mut self, path: &str) {
        let mut lines: BTreeMap<String, usize> = BTreeMap::new();
        self.at += 1;
        loop {
            self.blank();
            if self.peek() != Some(b'"') {
                break;
            }
            let before = self.text.get(self.line_start..self.at).unwrap_or_default();
            let column = before.chars().count() + 1;
            let raw = self.string().to_owned();
            let name: String = serde_json::from_str(&raw).unwrap_or_default();
            let span = Span { line: self.line, column, length: raw.chars().count() };
            let path = join(path, &name);
            let before = lines.insert(name.clone(), span.line);
            self.keys.push(Key { path: path.clone(), name, span, before });
            self.blank();
            // The colon.
            self.at += 1;
            self.value(&path);
            self.comma();
        }
        self.at += 1;
    }

    fn comma(&mut self) {
        self.blank();
        if self.peek() == Some(b',') {
            self.at += 1;
        }
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_found_at_any_depth_with_their_positions() {
        let text = "{\"審\": [1, {\"b\\\"\": \"x]\"},\n  {\"c\": {}, \"c\": -2.5e3}], \"d\": null}";
        let found: Vec<(String, usize, usize, usize, Option<usize>)> =
            keys(text).into_iter().map(|k| (k.path, k.span.line, k.span.column, k.span.length, k.before)).collect();
        assert_eq!(
            found,
            [
                ("審".into(), 1, 2, 3, None),
                ("審.2.b\"".into(), 1, 12, 5, None),
                ("審.3.c".into(), 2, 4, 3, None),
                ("審.3.c".into(), 2, 13, 3, Some(2)),
                ("d".into(), 2, 28, 3, None),
            ]
        );
    }

    #[test]
    fn a_value_without_objects_has_no_keys() {
        for text in ["1", "[]", "\"{\"", "", "[[], {}, [{}]]"] {
            assert_eq!(keys(text), [], "{text}");
        }
    }
}
