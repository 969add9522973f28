//! Whether the open files are still those under their names. What is written into a file that was unlinked is lost with the process, and
//! SQLite does not report it.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use crate::ports::journal::JournalError;

/// A file, by its device and inode.
type FileId = (u64, u64);

pub(super) struct FileIdentities {
    file: PathBuf,
    db: Option<FileId>,
    /// The log beside it, once there is one: it stays the same while any process has the database open.
    log: Option<FileId>,
}

impl FileIdentities {
    /// Of a file that was just opened.
    pub fn new(file: &Path) -> FileIdentities {
        FileIdentities { file: file.to_owned(), db: file_id(file), log: None }
    }

    /// # Errors
    /// `Gone`.
    pub fn check(&mut self) -> Result<(), JournalError> {
        let log = self.file.with_extension("db-wal");
        let gone = |file: &Path| Err(JournalError::Gone { file: file.display().to_string() });
        if file_id(&self.file) != self.db {
            return gone(&self.file);
        }
        match (self.log, file_id(&log)) {
            (Some(open), now) if now != Some(open) => gone(&log),
            (_, now) => {
                self.log = now;
                Ok(())
            }
        }
    }
}

fn file_id(file: &Path) -> Option<FileId> {
    std::fs::metadata(file).ok().map(|m| (m.dev(), m.ino()))
}
