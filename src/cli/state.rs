//! Where state is kept.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::failure::Failure;
use crate::journal::{MemoryJournal, SqliteJournal};
use crate::ports::journal::Journal;

/// The folder of local state, below the repository's root.
const LOCAL: &str = ".kanmon";

/// Opens the journal that `--state`, or else the pipeline file (`local`), names, and makes it where there is none.
pub fn make(root: &Path, state: Option<&str>) -> Result<Arc<dyn Journal>, Failure> {
    Ok(Arc::new(SqliteJournal::open(&folder(root, state)?)?))
}

/// The same for verbs that only look: where nothing was recorded yet, nothing is made either.
pub fn open(root: &Path, state: Option<&str>) -> Result<Arc<dyn Journal>, Failure> {
    let folder = folder(root, state)?;
    Ok(if folder.exists() { Arc::new(SqliteJournal::open(&folder)?) } else { Arc::new(MemoryJournal::new()) })
}

fn folder(root: &Path, state: Option<&str>) -> Result<PathBuf, Failure> {
    match state {
        None | Some("local") => Ok(root.join(LOCAL)),
        Some(other) => match other.strip_prefix("local:") {
            Some(dir) if !dir.is_empty() => Ok(PathBuf::from(dir)),
            _ => Err(Failure::wrong(format!("`--state {other}` is no place for state"))
                .hint("`local` is the repository's .kanmon folder, `local:DIR` another folder")),
        },
    }
}
