//! What SQLite says, as what it means for the state.

use std::path::Path;
use std::time::Duration;

use rusqlite::ErrorCode;

use crate::model::fault::state::{Flaw, Part, StoreProblem};
use crate::ports::journal::JournalError;

/// Transactions take milliseconds, and on a slow disk some hundred; whoever waits longer than this waits for something
/// that hangs. Well below a lease's length, so that a wait does not cost the lease.
pub(super) const BUSY: Duration = Duration::from_secs(10);

/// A failure within the store, before it is known which folder it is about.
#[derive(Debug)]
pub(super) enum Failure {
    Sql(rusqlite::Error),
    Journal(JournalError),
}

impl From<rusqlite::Error> for Failure {
    fn from(e: rusqlite::Error) -> Self {
        Failure::Sql(e)
    }
}

impl From<JournalError> for Failure {
    fn from(e: JournalError) -> Self {
        Failure::Journal(e)
    }
}

impl Failure {
    /// In words, about this file.
    pub fn about(self, file: &Path) -> JournalError {
        match self {
            Failure::Journal(e) => e,
            Failure::Sql(e) => sql(&e, file),
        }
    }
}

pub(super) fn read_only(file: &Path) -> JournalError {
    JournalError::Store(StoreProblem::ReadOnly { file: file.display().to_string() })
}

#[allow(clippy::wildcard_enum_match_arm, reason = "the enum is another crate's, which grows by itself")]
fn sql(e: &rusqlite::Error, file: &Path) -> JournalError {
    let at = file;
    let file = || at.display().to_string();
    let corrupt = || Part::Database { file: Some(file()) }.is(Flaw::Unreadable { error: e.to_string() });
    let failed = || JournalError::Store(StoreProblem::Failed { file: file(), error: e.to_string() });
    match e {
        // A value of a kind that is never written there.
        rusqlite::Error::FromSqlConversionFailure(..)
        | rusqlite::Error::IntegralValueOutOfRange(..)
        | rusqlite::Error::InvalidColumnType(..)
        | rusqlite::Error::Utf8Error(..) => corrupt(),
        rusqlite::Error::SqliteFailure(code, _) => match code.code {
            ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => corrupt(),
            ErrorCode::ReadOnly => read_only(at),
            ErrorCode::DiskFull => JournalError::Store(StoreProblem::DiskFull { file: file() }),
            // The log's index is made longer before it is used: only a full disk keeps that from being done.
            ErrorCode::SystemIoFailure if code.extended_code == rusqlite::ffi::SQLITE_IOERR_SHMSIZE => {
                JournalError::Store(StoreProblem::DiskFull { file: file() })
            }
            ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => {
                JournalError::Busy { file: file(), seconds: BUSY.as_secs() }
            }
            _ => failed(),
        },
        _ => failed(),
    }
}
