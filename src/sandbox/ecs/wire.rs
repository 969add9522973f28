//! Members of ECS's requests and answers, with ECS's own errors and pages.

use serde_json::Value;

pub use super::error::{client, invalid};
use crate::sandbox::members::{self, start_of};
pub use crate::sandbox::members::{Members, epoch, flag, from_epoch, list, only, present, text, texts};
use crate::sandbox::service::AwsError;

/// A required text member.
pub fn required<'a>(input: &'a Value, member: &str) -> Result<&'a str, AwsError> {
    text(input, member).ok_or_else(|| invalid(format!("{member} can not be blank.")))
}

/// The list that a member of an object holds.
pub fn list_of<'a>(members: &'a Members, member: &str) -> &'a [Value] {
    members.get(member).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// Whether `include` asks for `what`.
pub fn includes(input: &Value, what: &str) -> bool {
    texts(input, "include").contains(&what)
}

/// One page of a listing, 100 long unless asked otherwise: see [`page_of`].
pub fn page(input: &Value, name: &str, items: Vec<Value>) -> Result<Value, AwsError> {
    page_of(100, input, name, items)
}

/// One page of a listing: at most `maxResults` (1 to 100, else `usual`) from where `nextToken` says; the member `name` holds it.
pub fn page_of(usual: usize, input: &Value, name: &str, items: Vec<Value>) -> Result<Value, AwsError> {
    let size = match input.get("maxResults").and_then(Value::as_i64) {
        None => usual,
        Some(n @ 1..=100) => n as usize,
        Some(_) => return Err(invalid("Specified maxResults is out of range. Valid range is 1 to 100.")),
    };
    let start = match text(input, "nextToken") {
        None => 0,
        Some(token) => start_of(token).ok_or_else(|| invalid("Invalid token."))?,
    };
    Ok(members::page(name, items, start, size))
}
