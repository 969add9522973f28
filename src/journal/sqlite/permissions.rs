//! Whose eyes the state is for: names of accounts, people and findings are in it, and who can write it can rewrite it.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use crate::ports::journal::JournalError;

/// The name of the folder that kanmon makes for itself. One that a user named may be there for other things too.
const OWN: &str = ".kanmon";

/// The permissions of group and others.
const OTHERS: u32 = 0o077;

/// Whether the folder and the files are real ones of this user's: through a link, everything here would be done to something else, and
/// what another user owns he can change at any time.
///
/// # Errors
/// `Foreign`, naming what is not.
pub(super) fn is_ours(dir: &Path, file: &Path) -> Result<(), JournalError> {
    let me = rustix::process::geteuid().as_raw();
    let beside = ["db", "db-wal", "db-shm"].map(|ending| file.with_extension(ending));
    for path in [dir.to_owned(), dir.join(".gitignore")].iter().chain(&beside) {
        // What is not there yet is made.
        let Ok(found) = fs::symlink_metadata(path) else { continue };
        let shown = path.display();
        if found.is_symlink() {
            return Err(JournalError::Foreign(format!("{shown} is a symbolic link")));
        }
        if found.uid() != me {
            let text = format!("{shown} belongs to another user (id {}, and this process has {me})", found.uid());
            return Err(JournalError::Foreign(text));
        }
    }
    Ok(())
}

/// Closes what is there already to everybody else, and says what it found open.
pub(super) fn close_to_others(dir: &Path, file: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let own = dir.file_name().is_some_and(|name| name == OWN);
    if let Some(mode) = open_to_others(dir) {
        let shown = dir.display();
        found.push(match own.then(|| close(dir, 0o700)) {
            Some(Ok(())) => format!("{shown} was open to other users (mode {mode:04o}); now it is yours alone"),
            Some(Err(e)) => {
                format!("{shown} is open to other users (mode {mode:04o}), and that cannot be changed: {e}")
            }
            None => format!("{shown} is open to other users (mode {mode:04o}); close it with: chmod 700 {shown}"),
        });
    }
    for ending in ["db", "db-wal", "db-shm"] {
        let file = file.with_extension(ending);
        if let Some(mode) = open_to_others(&file) {
            let shown = file.display();
            found.push(match close(&file, 0o600) {
                Ok(()) => format!("{shown} was open to other users (mode {mode:04o}); now it is yours alone"),
                Err(e) => format!("{shown} is open to other users (mode {mode:04o}), and that cannot be changed: {e}"),
            });
        }
    }
    found
}

fn open_to_others(path: &Path) -> Option<u32> {
    let mode = fs::metadata(path).ok()?.permissions().mode() & 0o7777;
    (mode & OTHERS != 0).then_some(mode)
}

fn close(path: &Path, mode: u32) -> std::io::Result<()> {
    fs::set_permissions(path, Permissions::from_mode(mode))
}
