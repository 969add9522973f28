//! Where a state folder was made. A folder that came with a checkout, an archive or a cache holds what somebody else wrote, and git does
//! not track all of them. So each folder has a note of what only this file system can assign: its inode, and when it was created.

use std::fs::{self, OpenOptions};
use std::io::{Error, ErrorKind, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::time::UNIX_EPOCH;

/// The note's file, beside the database.
const NOTE: &str = "made-here";

/// What is written into the note: the folder's inode and its time of birth, to the nanosecond, where the file system keeps one. Copying,
/// unpacking or cloning gives other ones, and neither can be chosen; renaming the folder or one above it keeps both. A device's number is
/// left out, since it changes when a machine starts again.
fn identity(dir: &Path) -> std::io::Result<String> {
    let found = fs::metadata(dir)?;
    let born = found.created().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
    let born = born.map_or_else(|| "-".to_owned(), |at| at.as_nanos().to_string());
    Ok(format!("{} {born}\n", found.ino()))
}

/// Writes down that the folder was made where it is.
pub(super) fn mark(dir: &Path) -> std::io::Result<()> {
    let text = identity(dir)?;
    if fs::read_to_string(dir.join(NOTE)).is_ok_and(|found| found == text) {
        return Ok(());
    }
    // In one step, under a random name: another process or thread may do the same, or read it.
    let draft = dir.join(format!("{NOTE}.{:032x}", rand::random::<u128>()));
    // New: no link that was put there is followed.
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
    let written = file.write_all(text.as_bytes()).and_then(|()| fs::rename(&draft, dir.join(NOTE)));
    written.inspect_err(|_| drop(fs::remove_file(&draft)))
}

/// Whether the folder's note is about this folder.
pub(super) fn is_marked(dir: &Path) -> std::io::Result<bool> {
    match fs::read_to_string(dir.join(NOTE)) {
        Ok(found) => Ok(found == identity(dir)?),
        Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::InvalidData) => Ok(false),
        Err(e) => Err(Error::new(e.kind(), format!("{NOTE}: {e}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn copied(from: &Path, to: &Path) {
        fs::create_dir(to).unwrap();
        for file in fs::read_dir(from).unwrap() {
            let file = file.unwrap();
            fs::copy(file.path(), to.join(file.file_name())).unwrap();
        }
    }

    #[test]
    fn a_folder_is_known_where_it_was_made_and_where_it_was_renamed_and_its_copy_is_not() {
        let root = tempfile::tempdir().unwrap();
        let (made, moved, copy) = (root.path().join("made"), root.path().join("moved"), root.path().join("copy"));
        fs::create_dir(&made).unwrap();
        assert!(!is_marked(&made).unwrap());
        mark(&made).unwrap();
        assert!(is_marked(&made).unwrap());
        copied(&made, &copy);
        assert!(!is_marked(&copy).unwrap());
        fs::rename(&made, &moved).unwrap();
        assert!(is_marked(&moved).unwrap());
        mark(&copy).unwrap();
        assert!(is_marked(&copy).unwrap() && is_marked(&moved).unwrap());
    }
}
