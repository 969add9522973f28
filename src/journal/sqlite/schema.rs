//! The tables, and how a file gets from each version to the next.

use std::collections::BTreeMap;

use rusqlite::{Connection, TransactionBehavior};

use super::error::Failure;
use crate::model::fault::state::{Flaw, ForeignState, Part, UnknownContent, UnknownWhy};
use crate::ports::journal::JournalError;

/// Marks the file as kanmon's ("kanm").
const APPLICATION_ID: i32 = 0x6b61_6e6d;

/// No released kanmon has written a file of an earlier version.
const FIRST: u32 = 3;

/// Each step makes the version after the one before it; steps that were released are never changed. `claim` columns are JSON, NULL where
/// nobody has the lease; `imported` is JSON too, NULL where the release is this store's own. What is not in a chain has its own hash:
/// `seal` is the row's, `hash` beside a `body` is the body's, and `ledger` that of the stage's row in `ledgers`, so that the loss of one of
/// them is found. Messages from `imported_messages` + 1 to `last_message` are in the inbox; the events name `absorbed` of all messages.
const STEPS: [&str; 1] = ["
    CREATE TABLE releases (
        release TEXT PRIMARY KEY, app TEXT NOT NULL, started_at TEXT NOT NULL, last_at TEXT NOT NULL,
        form INTEGER NOT NULL, last_seq INTEGER NOT NULL, last_hash TEXT NOT NULL,
        last_message INTEGER NOT NULL, imported_messages INTEGER NOT NULL, absorbed INTEGER NOT NULL,
        fence INTEGER NOT NULL, claim TEXT, imported TEXT, seal TEXT NOT NULL
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
        PRIMARY KEY (release, id)
    ) STRICT;
    CREATE TABLE stages (
        app TEXT NOT NULL, stage TEXT NOT NULL, fence INTEGER NOT NULL, claim TEXT,
        ledger TEXT NOT NULL, seal TEXT NOT NULL,
        PRIMARY KEY (app, stage)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE ledgers (
        app TEXT NOT NULL, stage TEXT NOT NULL, body TEXT NOT NULL, hash TEXT NOT NULL,
        PRIMARY KEY (app, stage)
    ) STRICT, WITHOUT ROWID;
"];

/// The version that this kanmon writes.
pub(super) const VERSION: u32 = FIRST + STEPS.len() as u32 - 1;

/// The file's version; 0 is an empty file.
///
/// # Errors
/// `Newer` where a later kanmon wrote it, `Unknown` where one did that was never released, `Corrupt` where it is not kanmon's at
/// all.
pub(super) fn version(db: &Connection) -> Result<u32, Failure> {
    // What is read must be of one moment: another process may be making the tables.
    version_within(&*db.unchecked_transaction()?)
}

fn version_within(db: &Connection) -> Result<u32, Failure> {
    let found: u32 = db.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let application: i32 = db.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let tables: u32 = db.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if application != APPLICATION_ID && (found, application, tables) != (0, 0, 0) {
        return Err(Part::Database { file: None }.is(Flaw::NotKanmons).into());
    }
    if found > VERSION {
        return Err(JournalError::Newer { found, known: VERSION }.into());
    }
    if found != 0 && found < FIRST {
        let (part, why) = (Part::Database { file: None }, UnknownWhy::Version { version: found });
        return Err(JournalError::Unknown(UnknownContent { part, why }).into());
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
    for step in &STEPS[(found + 1).saturating_sub(FIRST) as usize..] {
        tx.execute_batch(step)?;
    }
    tx.pragma_update(None, "application_id", APPLICATION_ID)?;
    tx.pragma_update(None, "user_version", VERSION)?;
    tx.commit()?;
    Ok(())
}

/// Whether a file of this version has the tables of this version and nothing else: a trigger or a view would do or show something that
/// nobody wrote down.
///
/// # Errors
/// `Foreign`, naming the first that differs.
pub(super) fn is_ours(db: &Connection) -> Result<(), Failure> {
    let fresh = Connection::open_in_memory()?;
    STEPS.iter().try_for_each(|step| fresh.execute_batch(step))?;
    let (wanted, found) = (objects(&fresh)?, objects(db)?);
    let foreign = |state| Err(JournalError::Foreign(state).into());
    if let Some((name, object)) = found.iter().find(|(name, object)| wanted.get(*name) != Some(object)) {
        let (kind, name) = (object.0.clone(), name.clone());
        return foreign(match wanted.contains_key(&name) {
            true => ForeignState::Altered { kind, name },
            false => ForeignState::Extra { kind, name },
        });
    }
    match wanted.keys().find(|name| !found.contains_key(*name)) {
        Some(name) => foreign(ForeignState::ObjectMissing { name: name.clone() }),
        None => Ok(()),
    }
}

/// By its name: what kind of object it is, and the text that made it.
type Objects = BTreeMap<String, (String, Option<String>)>;

fn objects(db: &Connection) -> Result<Objects, Failure> {
    let mut rows = db.prepare("SELECT name, type, sql FROM sqlite_schema")?;
    let rows = rows.query_map([], |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?))))?;
    Ok(rows.collect::<Result<_, _>>()?)
}
