//! Condition blocks of a policy statement.

use jiff::Timestamp;

use super::{Context, pattern};

/// One operator on one key, such as `StringEquals: { sts:ExternalId: asset }`.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    /// As the document spells it, set prefix and `IfExists` included.
    pub operator: String,
    pub key: String,
    pub values: Vec<String>,
}

/// What an operator says; `Unknown` where this evaluator has no such operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    Yes,
    No,
    Unknown,
}

impl From<bool> for Holds {
    fn from(b: bool) -> Holds {
        if b { Holds::Yes } else { Holds::No }
    }
}

impl Condition {
    /// Whether the request satisfies this condition.
    pub fn holds(&self, context: &Context) -> Holds {
        let (set, name) = match self.operator.split_once(':') {
            Some((set, name)) => (Some(set), name),
            None => (None, self.operator.as_str()),
        };
        let found = context.get(&self.key);
        if name == "Null" {
            return match self.values.first().map(String::as_str) {
                Some("true") => found.is_none().into(),
                Some("false") => found.is_some().into(),
                _ => Holds::Unknown,
            };
        }
        let (name, if_exists) = match name.strip_suffix("IfExists") {
            Some(name) => (name, true),
            None => (name, false),
        };
        let Some(operator) = Operator::named(name) else { return Holds::Unknown };
        let wanted: Vec<String> = self.values.iter().filter_map(|v| context.fill(v)).collect();
        let one = |value: &String| -> bool {
            let any = wanted.iter().any(|w| (operator.test)(w, value));
            any != operator.negated
        };
        match (set, found) {
            (Some("ForAllValues"), None) => Holds::Yes,
            (Some("ForAllValues"), Some(values)) => values.iter().all(one).into(),
            // Without values, no value can differ.
            (Some("ForAnyValue"), None) => if_exists.into(),
            (_, None) => (if_exists || operator.negated).into(),
            (Some("ForAnyValue"), Some(values)) => values.iter().any(one).into(),
            (None, Some(values)) if operator.negated => values.iter().all(one).into(),
            (None, Some(values)) => values.iter().any(one).into(),
            (Some(_), Some(_)) => Holds::Unknown,
        }
    }
}

struct Operator {
    negated: bool,
    /// The policy's value, then the request's.
    test: fn(&str, &str) -> bool,
}

impl Operator {
    fn named(name: &str) -> Option<Operator> {
        let (negated, test): (bool, fn(&str, &str) -> bool) = match name {
            "StringEquals" => (false, |w, v| w == v),
            "StringNotEquals" => (true, |w, v| w == v),
            "StringEqualsIgnoreCase" => (false, |w, v| w.eq_ignore_ascii_case(v)),
            "StringNotEqualsIgnoreCase" => (true, |w, v| w.eq_ignore_ascii_case(v)),
            "StringLike" => (false, pattern::matches),
            "StringNotLike" => (true, pattern::matches),
            "ArnEquals" | "ArnLike" => (false, arn_like),
            "ArnNotEquals" | "ArnNotLike" => (true, arn_like),
            "Bool" => (false, |w, v| w.eq_ignore_ascii_case(v)),
            "NumericEquals" => (false, |w, v| numbers(w, v, |w, v| v == w)),
            "NumericNotEquals" => (true, |w, v| numbers(w, v, |w, v| v == w)),
            "NumericLessThan" => (false, |w, v| numbers(w, v, |w, v| v < w)),
            "NumericLessThanEquals" => (false, |w, v| numbers(w, v, |w, v| v <= w)),
            "NumericGreaterThan" => (false, |w, v| numbers(w, v, |w, v| v > w)),
            "NumericGreaterThanEquals" => (false, |w, v| numbers(w, v, |w, v| v >= w)),
            "DateEquals" => (false, |w, v| dates(w, v, |w, v| v == w)),
            "DateNotEquals" => (true, |w, v| dates(w, v, |w, v| v == w)),
            "DateLessThan" => (false, |w, v| dates(w, v, |w, v| v < w)),
            "DateLessThanEquals" => (false, |w, v| dates(w, v, |w, v| v <= w)),
            "DateGreaterThan" => (false, |w, v| dates(w, v, |w, v| v > w)),
            "DateGreaterThanEquals" => (false, |w, v| dates(w, v, |w, v| v >= w)),
            _ => return None,
        };
        Some(Operator { negated, test })
    }
}

/// ARNs match part by part: a star does not reach over a colon in the first five.
fn arn_like(wanted: &str, value: &str) -> bool {
    let (w, v): (Vec<&str>, Vec<&str>) = (wanted.splitn(6, ':').collect(), value.splitn(6, ':').collect());
    w.len() == v.len() && w.iter().zip(&v).all(|(w, v)| pattern::matches(w, v))
}

fn numbers(wanted: &str, value: &str, test: fn(f64, f64) -> bool) -> bool {
    matches!((wanted.parse(), value.parse()), (Ok(w), Ok(v)) if test(w, v))
}

fn dates(wanted: &str, value: &str, test: fn(Timestamp, Timestamp) -> bool) -> bool {
    matches!((date(wanted), date(value)), (Some(w), Some(v)) if test(w, v))
}

/// ISO 8601, or seconds since 1970.
fn date(text: &str) -> Option<Timestamp> {
    text.parse().ok().or_else(|| Timestamp::from_second(text.parse().ok()?).ok())
}
