//! Whether the files that are open are still those that stand under their names. What is written into a file that was unlinked is
//! lost with the process, and SQLite says nothing of it.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use crate::ports::journal::JournalError;

/// A file, by its device and number.
type Which = (u64, u64);

pub(super) struct Kept {
    file: PathBuf,
    db: Option<Which>,
    /// The log beside it, once there is one: it stays the same as long as anybody has the database open.
    log: Option<Which>,
}

impl Kept {
    /// Of a file that was just opened.
    pub fn new(file: &Path) -> Kept {
        Kept { file: file.to_owned(), db: which(file), log: None }
    }

    /// # Errors
    /// `Gone`.
    pub fn check(&mut self) -> Result<(), JournalError> {
        let log = self.file.with_extension("db-wal");
        let gone = |file: &Path| {
            Err(JournalError::Gone(format!("{} was removed or replaced while it was in use", file.display())))
        };
        if which(&self.file) != self.db {
            return gone(&self.file);
        }
        match (self.log, which(&log)) {
            (Some(open), now) if now != Some(open) => gone(&log),
            (_, now) => {
                self.log = now;
                Ok(())
            }
        }
    }
}

fn which(file: &Path) -> Option<Which> {
    std::fs::metadata(file).ok().map(|m| (m.dev(), m.ino()))
}
