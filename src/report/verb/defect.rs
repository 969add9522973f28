//! Defects of kanmon itself that no release reports.

use std::fmt::Display;

use crate::report::words::Words;

/// kanmon panicked.
pub const PANICKED: &str =
    "this is a defect of kanmon; what it was doing is recorded, and `kanmon resume` continues from there";

/// The threads of the process could not be started.
pub fn no_runtime(error: impl Display) -> Words {
    Words::new(format!("the async runtime could not be started: {error}"))
}
