//! One event a line.

use std::io::{self, Write};

use crate::model::event::Event;

/// Writes an event as one line of JSON, in the form it is journaled in.
///
/// # Errors
/// When the line cannot be written.
pub fn line(out: &mut dyn Write, event: &Event) -> io::Result<()> {
    let text = serde_json::to_string(event).map_err(io::Error::other)?;
    writeln!(out, "{text}")?;
    out.flush()
}
