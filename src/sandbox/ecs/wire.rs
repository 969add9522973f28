//! Reading members of a request and writing those of an answer, as JSON 1.1 has them.

use base64::Engine as _;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::sandbox::service::AwsError;

pub use crate::sandbox::ecs::error::{client, invalid};

/// A JSON object's members.
pub type Members = Map<String, Value>;

/// A timestamp as JSON 1.1 has it: seconds since the epoch, milliseconds behind the point.
pub fn epoch(at: Timestamp) -> Value {
    json!(at.as_millisecond() as f64 / 1000.0)
}

/// The reverse of [`epoch`], from a request.
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

/// A text member that is there and not empty.
pub fn text<'a>(input: &'a Value, member: &str) -> Option<&'a str> {
    input.get(member).and_then(Value::as_str).filter(|s| !s.is_empty())
}

/// A required text member.
pub fn required<'a>(input: &'a Value, member: &str) -> Result<&'a str, AwsError> {
    text(input, member).ok_or_else(|| invalid(format!("{member} can not be blank.")))
}

pub fn list<'a>(input: &'a Value, member: &str) -> &'a [Value] {
    input.get(member).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// The texts of a list member.
pub fn texts<'a>(input: &'a Value, member: &str) -> Vec<&'a str> {
    list(input, member).iter().filter_map(Value::as_str).collect()
}

pub fn flag(input: &Value, member: &str) -> bool {
    input.get(member).and_then(Value::as_bool).unwrap_or(false)
}

/// Whether `include` asks for `what`.
pub fn includes(input: &Value, what: &str) -> bool {
    texts(input, "include").contains(&what)
}

/// One page of a listing: at most `maxResults` (1 to 100, else 100) from where `nextToken` says; the member `name` holds it.
pub fn page(input: &Value, name: &str, items: Vec<Value>) -> Result<Value, AwsError> {
    let size = match input.get("maxResults").and_then(Value::as_i64) {
        None => 100,
        Some(n @ 1..=100) => n as usize,
        Some(_) => return Err(invalid("Specified maxResults is out of range. Valid range is 1 to 100.")),
    };
    let start = match text(input, "nextToken") {
        None => 0,
        Some(token) => offset(token).ok_or_else(|| invalid("Invalid token."))?,
    };
    let rest = items.len().saturating_sub(start + size);
    let shown: Vec<Value> = items.into_iter().skip(start).take(size).collect();
    let mut answer = json!({ name: shown });
    if rest > 0 {
        answer["nextToken"] = json!(token(start + size));
    }
    Ok(answer)
}

fn token(offset: usize) -> String {
    base64::engine::general_purpose::STANDARD.encode(format!("from:{offset}"))
}

fn offset(token: &str) -> Option<usize> {
    let bytes = base64::engine::general_purpose::STANDARD.decode(token).ok()?;
    std::str::from_utf8(&bytes).ok()?.strip_prefix("from:")?.parse().ok()
}

/// Only the named members, in their order in `names`.
pub fn only(members: &Members, names: &[&str]) -> Members {
    names.iter().filter_map(|n| members.get(*n).map(|v| ((*n).to_owned(), v.clone()))).collect()
}

/// The list that a member of an object holds.
pub fn list_of<'a>(members: &'a Members, member: &str) -> &'a [Value] {
    members.get(member).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}
