//! What `import` prints.

use std::path::Path;

use crate::model::fault::state::Damage;
use crate::model::ids::{AppName, ReleaseId};
use crate::report::fault::state;
use crate::report::words::Words;

/// The file was not written by `export`, or was changed since.
pub fn not_a_record(file: &Path, damage: &Damage) -> Words {
    Words::new(format!("{} is not a record that `kanmon export` wrote", file.display()))
        .cause(state::damaged(damage))
        .hint("nothing was imported; export the release again")
}

/// The record is another application's than the pipeline file.
pub fn other_app(release: &ReleaseId, of: &AppName, file_is_for: &AppName) -> Words {
    Words::new(format!("{release} is a release of {of}, but the pipeline file is for {file_is_for}"))
        .hint("name the pipeline file of that application with `--pipeline FILE`")
}

/// The record is imported now.
pub fn done(release: &ReleaseId, events: usize) -> String {
    format!("{release} is imported with {events} events: `kanmon history {release}` shows them")
}

/// The record was here before.
pub fn already(release: &ReleaseId) -> String {
    format!("{release} is already recorded here")
}
