//! Where state is kept.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::failure::Failure;
use crate::journal::sqlite::SqliteJournal;
use crate::ports::journal::{Holder, Journal};

/// The folder of local state, below the repository's root.
const LOCAL: &str = ".kanmon";

/// Opens the journal that `--state`, or else the pipeline file (`local`), names.
pub fn open(root: &Path, state: Option<&str>) -> Result<Arc<dyn Journal>, Failure> {
    Ok(Arc::new(SqliteJournal::open(&folder(root, state)?)?))
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

/// This process, as it calls itself to others.
pub fn holder(id: String) -> Holder {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname")
        .ok()
        .or_else(|| std::env::var("HOSTNAME").ok())
        .map_or_else(|| "localhost".to_owned(), |h| h.trim().to_owned());
    let user = std::env::var("USER").unwrap_or_else(|_| "somebody".to_owned());
    let pid = std::process::id();
    Holder { id, who: format!("{user}@{host}, process {pid}"), host, pid }
}
