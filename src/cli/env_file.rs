//! The file of `--env-file`, from which a build reads a release's result.

use std::path::Path;

use super::args::Global;
use super::failure::Failure;
use crate::model::outcome::Outcome;
use crate::model::release::Release;
use crate::report::exports;
use crate::report::verb::path::unwritable;

/// Empties the file, which also proves that it can be written: an earlier release's values must not be exported by a build that fails
/// early.
pub fn prepare(global: &Global) -> Result<(), Failure> {
    global.env_file.as_deref().map_or(Ok(()), |file| put(file, ""))
}

/// Writes shell lines, with values that a shell does not change. Without an outcome it is `suspended`: if the process is killed, the
/// release can be resumed.
pub fn write(file: &Path, release: &Release, outcome: Option<Outcome>) -> Result<(), Failure> {
    let outcome = outcome.unwrap_or(Outcome::Suspended);
    let text: String = exports::of(release, Some(outcome))
        .map(|(name, value)| format!("KANMON_{}={value}\n", name.to_uppercase()))
        .concat();
    put(file, &text)
}

fn put(file: &Path, text: &str) -> Result<(), Failure> {
    std::fs::write(file, text).map_err(|e| Failure::access(unwritable(file, e)))
}
