//! The tables, and how a file gets from each version to the next.

use rusqlite::{Connection, TransactionBehavior};

use super::error::Failure;
use crate::ports::journal::JournalError;

/// Marks the file as kanmon's ("kanm").
const APPLICATION_ID: i32 = 0x6b61_6e6d;

/// Each step makes version `index + 1`; steps that were released are never changed. `hold` columns are JSON, empty where
/// nobody holds; `hash` beside a `body` is the body's own.
const STEPS: [&str; 1] = ["
    CREATE TABLE releases (
        release TEXT PRIMARY KEY, app TEXT NOT NULL, started_at TEXT NOT NULL, last_at TEXT NOT NULL,
        form INTEGER NOT NULL, last_seq INTEGER NOT NULL, last_hash TEXT NOT NULL,
        fence INTEGER NOT NULL, hold TEXT
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX releases_of_app ON releases (app);
    CREATE TABLE events (
        release TEXT NOT NULL, seq INTEGER NOT NULL, form INTEGER NOT NULL, at TEXT NOT NULL,
        payload BLOB NOT NULL, prev TEXT NOT NULL, hash TEXT NOT NULL,
        PRIMARY KEY (release, seq)
    ) STRICT;
    CREATE TABLE chunks (
        blob TEXT NOT NULL, part INTEGER NOT NULL, bytes BLOB NOT NULL,
        PRIMARY KEY (blob, part)
    ) STRICT;
    CREATE TABLE inbox (
        release TEXT NOT NULL, id INTEGER NOT NULL, body TEXT NOT NULL, hash TEXT NOT NULL,
        absorbed INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (release, id)
    ) STRICT;
    CREATE TABLE stages (
        app TEXT NOT NULL, stage TEXT NOT NULL, fence INTEGER NOT NULL, hold TEXT,
        PRIMARY KEY (app, stage)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE ledgers (
        app TEXT NOT NULL, stage TEXT NOT NULL, body TEXT NOT NULL, hash TEXT NOT NULL,
        PRIMARY KEY (app, stage)
    ) STRICT, WITHOUT ROWID;
"];

/// The version that this kanmon writes.
pub(super) const VERSION: u32 = STEPS.len() as u32;

/// The file's version; 0 is an empty file.
///
/// # Errors
/// `Newer` where a later kanmon wrote it, `Corrupt` where it is not kanmon's at all.
pub(super) fn version(db: &Connection) -> Result<u32, Failure> {
    // What is read must be of one moment: another process may be making the tables.
    version_within(&*db.unchecked_transaction()?)
}

fn version_within(db: &Connection) -> Result<u32, Failure> {
    let found: u32 = db.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let application: i32 = db.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let tables: u32 = db.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if application != APPLICATION_ID && (found, application, tables) != (0, 0, 0) {
        return Err(JournalError::Corrupt("the file is a database, but not kanmon's".into()).into());
    }
    if found > VERSION {
        return Err(JournalError::Newer { found, known: VERSION }.into());
    }
    Ok(found)
}

/// Brings the file to this kanmon's version; another process may be doing the same.
pub(super) fn migrate(db: &mut Connection) -> Result<(), Failure> {
    if version(db)? == VERSION {
        return Ok(());
    }
    let tx = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let found = version_within(&tx)?;
    for step in &STEPS[found as usize..] {
        tx.execute_batch(step)?;
    }
    tx.pragma_update(None, "application_id", APPLICATION_ID)?;
    tx.pragma_update(None, "user_version", VERSION)?;
    tx.commit()?;
    Ok(())
}
