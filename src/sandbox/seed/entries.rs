//! A part of a seed that may be one entry, or a list of them.

use serde_json::Value;

/// The entries; none where the part is left out.
#[allow(clippy::wildcard_enum_match_arm, reason = "the enum is another crate's, which grows by itself")]
pub fn of(part: &Value) -> Vec<Value> {
    match part {
        Value::Null => Vec::new(),
        Value::Array(entries) => entries.clone(),
        one => vec![one.clone()],
    }
}
