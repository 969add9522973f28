//! Reading members of a request and writing those of an answer, as JSON 1.1 has them.

use jiff::Timestamp;
use serde_json::{Map, Value};

pub use super::wire::epoch;

/// A JSON object's members.
pub type Members = Map<String, Value>;

/// A time from a request: the reverse of [`epoch`](crate::sandbox::wire::epoch).
pub fn from_epoch(value: &Value) -> Option<Timestamp> {
    Timestamp::from_nanosecond((value.as_f64()? * 1e9) as i128).ok()
}

/// Drops members without value, so that an answer leaves out what AWS leaves out.
pub fn present(mut value: Value) -> Value {
    if let Value::Object(members) = &mut value {
        members.retain(|_, v| !v.is_null());
    }
    value
}

/// A string member that exists and is not empty.
pub fn text<'a>(input: &'a Value, member: &str) -> Option<&'a str> {
    input.get(member).and_then(Value::as_str).filter(|s| !s.is_empty())
}

/// A list member; empty if it is absent.
pub fn list<'a>(input: &'a Value, member: &str) -> &'a [Value] {
    input.get(member).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// The strings of a list member.
pub fn texts<'a>(input: &'a Value, member: &str) -> Vec<&'a str> {
    list(input, member).iter().filter_map(Value::as_str).collect()
}

/// A boolean member; false if it is absent.
pub fn flag(input: &Value, member: &str) -> bool {
    input.get(member).and_then(Value::as_bool).unwrap_or(false)
}

/// Only the named members, in their order in `names`.
pub fn only(members: &Members, names: &[&str]) -> Members {
    names.iter().filter_map(|n| members.get(*n).map(|v| ((*n).to_owned(), v.clone()))).collect()
}
