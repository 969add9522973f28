//! The folder, the file, and a connection whose commits are durable.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::error::{BUSY, Failure, read_only};
use super::file_identity::FileIdentities;
use super::{permissions, schema, state_location};
use crate::model::fault::state::{Exposure, StoreProblem};
use crate::ports::journal::JournalError;

pub(super) const FILE: &str = "journal.db";

/// An open file.
pub(super) struct Opened {
    pub db: Connection,
    pub file: PathBuf,
    pub writable: bool,
    pub files: FileIdentities,
    /// What of it other users could open.
    pub exposed: Vec<Exposure>,
}

/// Why a folder's records are trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trust {
    /// A person named the folder.
    Named,
    /// The folder was made where it is.
    MadeHere,
}

/// Opens the journal in `dir`, making both where they are not there; read-only where it cannot be written.
pub(super) fn open(dir: &Path, trust: Trust) -> Result<Opened, JournalError> {
    let file = dir.join(FILE);
    permissions::is_ours(dir, &file)?;
    if trust == Trust::MadeHere && file.exists() && !made_here(dir)? {
        return Err(JournalError::MadeElsewhere(dir.display().to_string()));
    }
    let prepared = prepare(dir, &file);
    let exposed = permissions::close_to_others(dir, &file);
    let opened = match prepared {
        Ok(()) => open_writable(&file),
        Err(e) if matches!(e.kind(), ErrorKind::ReadOnlyFilesystem | ErrorKind::PermissionDenied) && file.exists() => {
            open_read_only(&file)
        }
        Err(e) => Err(cannot_open(&file, &e)),
    }?;
    Ok(Opened { exposed, ..opened })
}

pub(super) fn made_here(dir: &Path) -> Result<bool, JournalError> {
    state_location::is_marked(dir).map_err(|e| cannot_open(dir, &e))
}

fn cannot_open(path: &Path, error: &std::io::Error) -> JournalError {
    JournalError::Store(StoreProblem::CannotOpen { file: path.display().to_string(), error: error.to_string() })
}

/// Only for this user (names of accounts, people and findings are in it), and never part of a commit.
fn prepare(dir: &Path, file: &Path) -> std::io::Result<()> {
    if !dir.is_dir() {
        DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
    }
    match OpenOptions::new().write(true).create_new(true).mode(0o644).open(dir.join(".gitignore")) {
        Ok(mut ignore) => ignore.write_all(b"*\n")?,
        Err(e) if e.kind() == ErrorKind::AlreadyExists => {}
        Err(e) => return Err(e),
    }
    // SQLite gives the files that it makes beside this one the same mode.
    let new = !file.exists();
    if new {
        // Before there is any record: a database without the note was made elsewhere.
        state_location::mark(dir)?;
    }
    OpenOptions::new().append(true).create(true).mode(0o600).open(file)?;
    if new {
        // A file whose name is not on the disk is not durable, whatever is in it.
        File::open(dir)?.sync_all()?;
    }
    Ok(())
}

fn open_writable(file: &Path) -> Result<Opened, JournalError> {
    let ready = || -> Result<Connection, Failure> {
        let mut db = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_WRITE | no_mutex())?;
        db.busy_timeout(BUSY)?;
        schema::version(&db)?;
        keep_wal(&db)?;
        // An append that was reported is on the disk. (macOS: through the drive's own cache as well.)
        db.pragma_update(None, "synchronous", "FULL")?;
        db.pragma_update(None, "fullfsync", true)?;
        db.pragma_update(None, "cell_size_check", true)?;
        schema::migrate(&mut db)?;
        schema::is_ours(&db)?;
        Ok(db)
    };
    let db = ready().map_err(|e| e.about(file))?;
    Ok(Opened { db, files: FileIdentities::new(file), file: file.to_owned(), writable: true, exposed: Vec::new() })
}

/// While another process turns the log on, SQLite answers "busy" without waiting.
fn keep_wal(db: &Connection) -> Result<(), Failure> {
    let since = Instant::now();
    loop {
        match db.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get::<_, String>(0)) {
            Ok(mode) if mode.eq_ignore_ascii_case("wal") => return Ok(()),
            Ok(mode) => {
                return Err(JournalError::Store(StoreProblem::NoWriteAheadLog { mode }).into());
            }
            Err(e) if e.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) && since.elapsed() < BUSY => {
                std::thread::sleep(Duration::from_millis(10));
            }
            Err(e) => return Err(e.into()),
        }
    }
}

pub(super) fn open_read_only(file: &Path) -> Result<Opened, JournalError> {
    let ready = || -> Result<Connection, Failure> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | no_mutex();
        let db = Connection::open_with_flags(uri(file), flags)?;
        db.busy_timeout(BUSY)?;
        match schema::version(&db)? {
            0 => Err(JournalError::Store(StoreProblem::EmptyFile { file: file.display().to_string() }).into()),
            v if v < schema::VERSION => Err(read_only(file).into()),
            _ => schema::is_ours(&db).map(|()| db),
        }
    };
    let db = ready().map_err(|e| e.about(file))?;
    Ok(Opened { db, files: FileIdentities::new(file), file: file.to_owned(), writable: false, exposed: Vec::new() })
}

/// SQLite makes files beside the database even to read it, unless it is opened as immutable. If a log is left over, it may not be: then
/// the log has to be read, or nothing is.
fn uri(file: &Path) -> String {
    let log = file.with_extension("db-wal");
    let settled = std::fs::metadata(log).map_or(true, |m| m.len() == 0);
    let path: String = file
        .to_string_lossy()
        .chars()
        .flat_map(|c| match c {
            '%' => "%25".chars().collect::<Vec<_>>(),
            '?' => "%3f".chars().collect(),
            '#' => "%23".chars().collect(),
            c => vec![c],
        })
        .collect();
    format!("file:{path}{}", if settled { "?immutable=1" } else { "" })
}

/// One thread has the connection.
fn no_mutex() -> OpenFlags {
    OpenFlags::SQLITE_OPEN_NO_MUTEX
}
