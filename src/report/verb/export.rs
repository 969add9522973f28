//! What the verbs print that write a whole file to stdout: `export` and `report`.

use std::fmt::Display;

use crate::model::ids::ReleaseId;
use crate::report::words::Words;

/// What `export` writes.
pub const RECORD: &str = "the record";

/// What `report` writes.
pub const REPORT: &str = "the report";

/// The exported release may still change.
pub fn not_ended(id: &ReleaseId) -> String {
    format!("{id} has not ended: the record shows its current state")
}

/// `what`: one of the constants above.
pub fn control_characters(what: &str) -> Words {
    Words::new(format!("{what} has control characters, which are not written to a terminal"))
        .hint("write it to a file: `… > FILE`")
}

/// `what`: one of the constants above.
pub fn not_written(what: &str, error: impl Display) -> Words {
    Words::new(format!("{what} could not be written")).cause(error.to_string())
}
