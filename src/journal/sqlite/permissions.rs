//! Who may open the state: names of accounts, people and findings are in it, and whoever can write it can forge a record.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use crate::model::fault::state::{Exposure, ExposureOutcome, ForeignState};
use crate::ports::journal::JournalError;

/// The name of the folder that kanmon makes for itself. One that a user named may be there for other things too.
const OWN: &str = ".kanmon";

/// The permissions of group and others.
const OTHERS: u32 = 0o077;

/// Whether the folder and the files are this user's, and not links: through a link, everything here would be done to something else, and
/// another user can change what they own at any time.
///
/// # Errors
/// `Foreign`, with the path that is not.
pub(super) fn is_ours(dir: &Path, file: &Path) -> Result<(), JournalError> {
    let me = rustix::process::geteuid().as_raw();
    let beside = ["db", "db-wal", "db-shm"].map(|ending| file.with_extension(ending));
    for path in [dir.to_owned(), dir.join(".gitignore")].iter().chain(&beside) {
        // What does not exist yet is created.
        let Ok(found) = fs::symlink_metadata(path) else { continue };
        let shown = path.display().to_string();
        if found.is_symlink() {
            return Err(JournalError::Foreign(ForeignState::SymbolicLink { path: shown }));
        }
        if found.uid() != me {
            let state = ForeignState::OtherOwner { path: shown, owner: found.uid(), user: me };
            return Err(JournalError::Foreign(state));
        }
    }
    Ok(())
}

/// Closes what exists already to other users, except a folder that a person named; answers what was open.
pub(super) fn close_to_others(dir: &Path, file: &Path) -> Vec<Exposure> {
    let own = dir.file_name().is_some_and(|name| name == OWN);
    let dir = (dir.to_owned(), own.then_some(0o700));
    let files = ["db", "db-wal", "db-shm"].map(|ending| (file.with_extension(ending), Some(0o600)));
    [dir].into_iter().chain(files).filter_map(|(path, closed)| exposure(&path, closed)).collect()
}

/// `closed`: the permissions that it gets, where it may be closed.
fn exposure(path: &Path, closed: Option<u32>) -> Option<Exposure> {
    let mode = open_to_others(path)?;
    let outcome = match closed.map(|mode| close(path, mode)) {
        Some(Ok(())) => ExposureOutcome::Closed,
        Some(Err(e)) => ExposureOutcome::NotClosed { error: e.to_string() },
        None => ExposureOutcome::Left,
    };
    Some(Exposure { path: path.display().to_string(), mode, outcome })
}

fn open_to_others(path: &Path) -> Option<u32> {
    let mode = fs::metadata(path).ok()?.permissions().mode() & 0o7777;
    (mode & OTHERS != 0).then_some(mode)
}

fn close(path: &Path, mode: u32) -> std::io::Result<()> {
    fs::set_permissions(path, Permissions::from_mode(mode))
}
