//! Releases whose records cannot be read, for people and for programs.

use serde_json::{Value, json};

use super::failure::Failure;
use super::output::Output;
use crate::report::verb::record as words;
use crate::report::words::Words;
use crate::usecase::error::Error;

pub use crate::usecase::records::{All, Recorded, Unreadable, all, imported, one};

/// Warns on stderr about records that cannot be read.
pub fn warn(all: &All, output: &Output) {
    for one in &all.unreadable {
        output.warn(&words::unreadable(&one.listed.release, &reason(&one.why)));
    }
}

/// The records that cannot be read, for programs.
pub fn unreadable(all: &All) -> Vec<Value> {
    let json = |one: &Unreadable| json!({ "release": one.listed.release, "why": reason(&one.why) });
    all.unreadable.iter().map(json).collect()
}

/// Why a record cannot be read, without hints, which are about the whole state.
fn reason(why: &Error) -> String {
    let Failure { sentence, cause, .. } = why.clone().into();
    Words { sentence, cause, hints: Vec::new() }.line()
}
