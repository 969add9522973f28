//! Members of ECS's requests and answers, with ECS's own errors and pages.

use serde_json::Value;

pub use super::error::{client, invalid};
pub use crate::sandbox::members::{Members, epoch, flag, from_epoch, list, only, present, text, texts};
use crate::sandbox::page::{self, BadPage, Sizes};
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

/// One page of a listing, `usual` long unless `maxResults` (1 to 100) asks otherwise; the member `name` holds it.
pub fn page_of(usual: usize, input: &Value, name: &str, items: Vec<Value>) -> Result<Value, AwsError> {
    let sizes = Sizes { default: usual, most: 100, held: 100 };
    let page = page::page(items, input, sizes).map_err(|bad| match bad {
        BadPage::Token => invalid("Invalid token."),
        BadPage::Size => invalid("Specified maxResults is out of range. Valid range is 1 to 100."),
    })?;
    Ok(page.answer(name))
}
