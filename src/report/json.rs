//! One event a line.

use std::io::{self, Write};

use serde::Serialize;

use crate::model::event::Event;
use crate::model::visible;

/// A value as one line of JSON, without characters that a terminal would act on.
///
/// # Errors
/// When the value has no JSON.
pub fn text(value: &impl Serialize) -> io::Result<String> {
    let text = serde_json::to_string(value).map_err(io::Error::other)?;
    Ok(visible::json(&text).into_owned())
}

/// Writes an event as one line of JSON, in the form in which it is journaled.
///
/// # Errors
/// When the line cannot be written.
pub fn line(out: &mut dyn Write, event: &Event) -> io::Result<()> {
    writeln!(out, "{}", text(event)?)?;
    out.flush()
}
