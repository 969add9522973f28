//! What a file may look like, as data: the reader's structural checks, the JSON Schema and README's reference all come from
//! it, so that they cannot differ.

use super::diagnostics::{Mistake, Span};
use super::duration;
use super::yaml::{Kind, Node, Type};
use crate::report::nearest;

/// A mapping with known keys.
pub struct Record {
    pub about: &'static str,
    pub fields: &'static [Field],
    /// What else the form of the mapping has to obey. The readers report it, in words of their own.
    pub rules: &'static [Rule],
}

pub struct Field {
    pub name: &'static str,
    pub required: bool,
    pub default: Option<Default>,
    pub about: &'static str,
    pub shape: Shape,
}

/// What applies where a key is left out.
#[derive(Debug, Clone, Copy)]
pub enum Default {
    /// This value, as the file would write it.
    Value(&'static str),
    /// It depends: in words.
    Words(&'static str),
}

/// Which keys of a mapping go together.
pub enum Rule {
    /// Exactly one of these.
    One(&'static [&'static str]),
    /// The first needs the second.
    Needs(&'static str, &'static str),
    /// The first cannot be used with any of the others.
    Excludes(&'static str, &'static [&'static str]),
    /// If the key has one of these values, some others are needed, and some cannot be used.
    With {
        key: &'static str,
        values: &'static [&'static str],
        needs: &'static [&'static str],
        excludes: &'static [&'static str],
    },
}

/// A field that has to be there.
pub const fn must(name: &'static str, shape: Shape, about: &'static str) -> Field {
    Field { name, required: true, default: None, about, shape }
}

/// A field that may be there.
pub const fn may(name: &'static str, shape: Shape, about: &'static str) -> Field {
    Field { name, required: false, default: None, about, shape }
}

impl Field {
    /// With a default, as the file would write it. A test compares it with what the reader does.
    pub const fn or(self, value: &'static str) -> Field {
        Field { default: Some(Default::Value(value)), ..self }
    }

    /// With a default that depends, in words.
    pub const fn or_else(self, words: &'static str) -> Field {
        Field { default: Some(Default::Words(words)), ..self }
    }
}

pub enum Shape {
    Text,
    /// A string, a number or a boolean, taken as it was written.
    Written,
    Account,
    /// From, to.
    Whole(u32, u32),
    /// At most so many, or `unlimited`.
    Limit,
    Boolean,
    Duration,
    OneOf(&'static [&'static str]),
    Record(&'static Record),
    /// The keys of this record, each of which may only be tighter than in the one above, and is like there by default.
    Tighter(&'static Record),
    /// Names of the user's own, at least one.
    Names(&'static Shape),
    /// Keys that name something that exists elsewhere, at least one; first what they name.
    Keyed(&'static str, &'static Shape),
    /// Keys of any form, also none.
    Table(&'static Shape),
    /// At least one.
    List(&'static Shape),
    /// One thing or a list of them.
    OneOrMore(&'static Shape),
    /// A list or a mapping.
    Either(&'static Shape, &'static Shape),
}

pub const UNLIMITED: &str = "unlimited";

/// Keys and values of the pipeline file that a later version will have.
const LATER: &[&str] =
    &["waivers", "expect", "freeze", "synthetics", "soak", "alarms", "notify", "evidence", "replicated"];
const NOT_YET: &str = "not supported by this version yet";

/// What the outermost mapping is called in messages.
pub const WHOLE_FILE: &str = "the file";

/// Checks the form only: keys, types and spellings. A missing key is reported at `owner`; `what` is the name in messages.
pub fn conform(node: &Node, shape: &Shape, what: &str, owner: Span, out: &mut Vec<Mistake>) {
    let wrong = |expected: &str| {
        Mistake::new(node.span, format!("`{what}` must be {expected}, found {}", node.describe()))
            .hint(shape.written(what))
    };
    let scalar = node.scalar();
    match shape {
        Shape::Text => match scalar {
            Some((text, Type::Text)) if text.trim().is_empty() => {
                out.push(Mistake::new(node.span, format!("`{what}` must not be empty")));
            }
            Some((_, Type::Text)) => {}
            Some((text, Type::Integer | Type::Float | Type::Bool)) => {
                out.push(wrong("a string").hint(format!("quote it: \"{text}\"")));
            }
            Some((_, Type::Null)) | None => out.push(wrong("a string")),
        },
        Shape::Written => {
            if node.written().is_none() {
                out.push(wrong("a string or a number"));
            }
        }
        Shape::Account => out.extend(account_id(node, what)),
        Shape::Whole(from, to) => match scalar {
            Some((text, Type::Integer)) if text.parse::<u32>().is_ok_and(|n| (*from..=*to).contains(&n)) => {}
            _ => out.push(wrong(&if from == to {
                from.to_string()
            } else {
                format!("a whole number from {from} to {to}")
            })),
        },
        Shape::Limit => match scalar {
            Some((UNLIMITED, Type::Text)) => {}
            Some((text, Type::Integer)) if text.starts_with('-') => out.push(
                Mistake::new(node.span, format!("a threshold must not be negative: {text}"))
                    .hint("write 0 to allow none: `at_most` is the largest number that passes"),
            ),
            Some((text, Type::Integer)) if text.parse::<u32>().is_ok() => {}
            _ => out.push(wrong("a whole number or `unlimited`")),
        },
        Shape::Boolean => {
            if node.boolean().is_none() {
                out.push(wrong("true or false"));
            }
        }
        Shape::Duration => match scalar {
            Some((text, Type::Text)) if duration::parse(text).is_some() => {}
            Some((text, Type::Integer)) if !text.starts_with('-') => {
                out.push(wrong("a duration").hint(format!("add a unit: {text}s, {text}m or {text}h")));
            }
            _ => out.push(wrong("a duration").hint("such as 30s, 15m or 1h30m")),
        },
        Shape::OneOf(words) => match scalar {
            Some((text, Type::Text)) if words.contains(&text) => {}
            Some((text, Type::Text)) => {
                let hint = later(text).or_else(|| nearest::hint(text, words.iter().copied()));
                out.push(with(Mistake::new(node.span, format!("`{what}` cannot be `{text}`")), hint));
            }
            _ => out.push(wrong(&format!("one of {}", words.join(", ")))),
        },
        Shape::Record(record) | Shape::Tighter(record) => match &node.kind {
            Kind::Map(_) => conform_record(node, record, &named(what), owner, out),
            Kind::List(_) | Kind::Scalar { .. } => out.push(wrong("a mapping")),
        },
        Shape::Names(of) | Shape::Keyed(_, of) | Shape::Table(of) => match &node.kind {
            Kind::Map(entries) => {
                if entries.is_empty() && !matches!(shape, Shape::Table(_)) {
                    out.push(Mistake::new(owner, format!("`{what}` must not be empty")));
                }
                for (key, value) in entries {
                    conform(value, of, &key.name, key.span, out);
                }
            }
            Kind::List(_) | Kind::Scalar { .. } => out.push(wrong("a mapping of names")),
        },
        Shape::List(of) => match &node.kind {
            Kind::List(items) => conform_items(items, of, what, owner, out),
            Kind::Map(_) | Kind::Scalar { .. } => out.push(wrong("a list")),
        },
        Shape::OneOrMore(of) => match &node.kind {
            Kind::List(items) => conform_items(items, of, what, owner, out),
            Kind::Scalar { .. } if node.written().is_some() => conform(node, of, what, owner, out),
            Kind::Map(_) | Kind::Scalar { .. } => out.push(wrong("a name or a list of names")),
        },
        Shape::Either(list, map) => match &node.kind {
            Kind::List(_) => conform(node, list, what, owner, out),
            Kind::Map(_) => conform(node, map, what, owner, out),
            Kind::Scalar { .. } => out.push(wrong("a list or a mapping")),
        },
    }
}

fn conform_items(items: &[Node], of: &Shape, what: &str, owner: Span, out: &mut Vec<Mistake>) {
    if items.is_empty() {
        out.push(Mistake::new(owner, format!("`{what}` must not be empty")));
    }
    for item in items {
        match (of, &item.kind) {
            (Shape::Record(record), Kind::Map(_)) => {
                let one = format!("this {}", what.strip_suffix('s').unwrap_or(what));
                conform_record(item, record, &one, item.span, out);
            }
            _ => conform(item, of, what, item.span, out),
        }
    }
}

fn conform_record(node: &Node, record: &Record, what: &str, owner: Span, out: &mut Vec<Mistake>) {
    // A misspelt key is one mistake: the missing correct key is not reported as well.
    let mut meant = Vec::new();
    for (key, value) in node.entries() {
        match record.fields.iter().find(|f| f.name == key.name) {
            Some(field) => conform(value, &field.shape, &key.name, key.span, out),
            None => {
                let names = record.fields.iter().map(|f| f.name);
                meant.extend(crate::model::nearest::nearest(&key.name, names.clone()));
                let hint = match key.name.as_str() {
                    "<<" => Some("merge keys are not supported: use an alias for the whole value".to_owned()),
                    name => later(name).or_else(|| nearest::hint(name, names)),
                };
                out.push(with(Mistake::new(key.span, format!("unknown key `{}`", key.name)), hint));
            }
        }
    }
    for field in record.fields.iter().filter(|f| f.required && node.get(f.name).is_none() && !meant.contains(&f.name)) {
        let message = format!("{what} has no `{}`", field.name);
        out.push(Mistake::new(owner, message).hint(format!("`{}`: {}", field.name, field.about)));
    }
}

/// A key in backquotes; the file as a whole without.
fn named(what: &str) -> String {
    if what == WHOLE_FILE { what.to_owned() } else { format!("`{what}`") }
}

fn account_id(node: &Node, what: &str) -> Option<Mistake> {
    let Some(text) = node.written() else {
        return Some(Mistake::new(node.span, format!("`{what}` must be an account id, found {}", node.describe())));
    };
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    let quoted = node.text().is_some();
    let whole = format!("{text:0>12}");
    match (digits, text.len()) {
        (true, 12) if quoted => None,
        (true, 12) => Some(
            Mistake::new(node.span, "an account id without quotes is a number, and a number loses its leading zero")
                .hint(format!("quote it: \"{text}\"")),
        ),
        (true, 8..12) => Some(
            Mistake::new(
                node.span,
                format!("an account id has 12 digits, but this one has {}: a leading zero was lost", text.len()),
            )
            .hint(format!("quote it: \"{whole}\"")),
        ),
        (true | false, _) => Some(
            Mistake::new(node.span, format!("`{text}` is not an AWS account id"))
                .hint("write 12 digits in quotes, such as \"012345678901\""),
        ),
    }
}

fn later(word: &str) -> Option<String> {
    LATER.contains(&word).then(|| format!("`{word}` is {NOT_YET}"))
}

fn with(mistake: Mistake, hint: Option<String>) -> Mistake {
    Mistake { hint, ..mistake }
}

impl Shape {
    /// How it is written, for a hint.
    fn written(&self, what: &str) -> String {
        let forms: Vec<String> = match self {
            Shape::Text | Shape::Written => vec!["TEXT".into()],
            Shape::Account => vec!["\"012345678901\"".into()],
            Shape::Whole(from, _) => vec![from.to_string()],
            Shape::Limit => vec!["0".into(), UNLIMITED.into()],
            Shape::Boolean => vec!["true".into(), "false".into()],
            Shape::Duration => vec!["15m".into()],
            Shape::OneOf(words) => words.iter().map(|w| (*w).to_owned()).collect(),
            Shape::Record(_) | Shape::Tighter(_) | Shape::Names(_) | Shape::Table(_) => vec!["{ KEY: VALUE }".into()],
            Shape::Keyed(key, _) => vec![format!("{{ {key}: VALUE }}")],
            Shape::List(_) => vec!["[ONE, ANOTHER]".into()],
            Shape::OneOrMore(_) => vec!["ONE".into(), "[ONE, ANOTHER]".into()],
            Shape::Either(..) => vec!["[ONE, ANOTHER]".into(), "{ KEY: VALUE }".into()],
        };
        let forms: Vec<String> = forms.iter().map(|form| format!("`{what}: {form}`")).collect();
        format!("write {}", forms.join(" or "))
    }
}
