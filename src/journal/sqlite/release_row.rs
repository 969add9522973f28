//! A release's row: what is stored of it beside its events.

use std::fmt::Display;
use std::str::FromStr;

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row as SqlRow, Transaction, params};

use super::error::Failure;
use super::number::Number;
use crate::journal::codec::{self, Tip};
use crate::journal::lease::{self, ReleaseLease};
use crate::model::event::EVENT_VERSION;
use crate::model::fault::state::{Flaw, Part};
use crate::model::ids::{AppName, ReleaseId};
use crate::ports::journal::{Imported, JournalError};

#[derive(Debug, Clone)]
pub(super) struct ReleaseRow {
    pub release: ReleaseId,
    pub app: AppName,
    pub started_at: Timestamp,
    pub last_at: Timestamp,
    pub form: u32,
    pub tip: Tip,
    pub lease: ReleaseLease,
    /// The last message's number.
    pub last_message: u64,
    /// How many messages came before the record was imported: they are not here.
    pub imported_messages: u64,
    /// How many messages the events name as absorbed.
    pub absorbed: u64,
    /// Where it is another store's.
    pub imported: Option<Imported>,
}

const COLUMNS: &str = "release, app, started_at, last_at, form, last_seq, last_hash, last_message, imported_messages, absorbed, fence, claim, imported, seal";

impl ReleaseRow {
    /// Of a release without events.
    pub fn new(app: &AppName, release: &ReleaseId, now: Timestamp) -> ReleaseRow {
        ReleaseRow {
            release: release.clone(),
            app: app.clone(),
            started_at: now,
            last_at: now,
            form: EVENT_VERSION,
            tip: Tip::start(),
            lease: ReleaseLease::default(),
            last_message: 0,
            imported_messages: 0,
            absorbed: 0,
            imported: None,
        }
    }

    /// One that can be worked on here.
    ///
    /// # Errors
    /// `Imported`, and those of `load`.
    pub fn own(tx: &Transaction<'_>, release: &ReleaseId) -> Result<ReleaseRow, Failure> {
        let release_row = ReleaseRow::load(tx, release)?;
        match &release_row.imported {
            Some(mark) => Err(JournalError::Imported(release.clone(), mark.clone()).into()),
            None => Ok(release_row),
        }
    }

    /// # Errors
    /// `NoSuchRelease`; `Corrupt` where the row is not as it was written, or lost.
    pub fn load(tx: &Transaction<'_>, release: &ReleaseId) -> Result<ReleaseRow, Failure> {
        let row = tx
            .prepare_cached(&format!("SELECT {COLUMNS} FROM releases WHERE release = ?1"))?
            .query_row([release.as_str()], Stored::read)
            .optional()?;
        match row {
            Some(stored) => stored.opened(),
            None if has_events(tx, release)? => Err(lost(release).into()),
            None => Err(JournalError::NoSuchRelease(release.clone()).into()),
        }
    }

    pub fn of_app(tx: &Transaction<'_>, app: &AppName) -> Result<Vec<ReleaseRow>, Failure> {
        let mut rows = tx.prepare_cached(&format!("SELECT {COLUMNS} FROM releases WHERE app = ?1"))?;
        let rows: Vec<Stored> = rows.query_map([app.as_str()], Stored::read)?.collect::<Result<_, _>>()?;
        rows.into_iter().map(Stored::opened).collect()
    }

    /// Whether it was not there before.
    pub fn insert(&self, tx: &Transaction<'_>) -> Result<bool, Failure> {
        Ok(self.put(tx, "INSERT", "ON CONFLICT DO NOTHING")? == 1)
    }

    pub fn save(&self, tx: &Transaction<'_>) -> Result<(), Failure> {
        self.put(tx, "INSERT OR REPLACE", "")?;
        Ok(())
    }

    fn put(&self, tx: &Transaction<'_>, verb: &str, or_else: &str) -> Result<usize, Failure> {
        let ReleaseRow {
            release,
            app,
            started_at,
            last_at,
            form,
            tip,
            lease,
            last_message,
            imported_messages,
            absorbed,
            imported,
        } = self;
        let mut stored = Stored {
            release: release.to_string(),
            app: app.to_string(),
            started_at: started_at.to_string(),
            last_at: last_at.to_string(),
            form: *form,
            last_seq: tip.seq,
            last_hash: tip.hash.clone(),
            last_message: *last_message,
            imported_messages: *imported_messages,
            absorbed: *absorbed,
            fence: lease.fence,
            claim: lease::to_json(lease.claim.as_ref())?,
            imported: lease::to_json(imported.as_ref())?,
            seal: String::new(),
        };
        stored.seal = stored.digest();
        let Stored { release, app, started_at, last_at, form, last_hash, claim, imported, seal, .. } = &stored;
        let text = format!(
            "{verb} INTO releases ({COLUMNS}) VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14) {or_else}"
        );
        let [last_seq, last_message, imported_messages, absorbed, fence] =
            [stored.last_seq, stored.last_message, stored.imported_messages, stored.absorbed, stored.fence].map(Number);
        Ok(tx.prepare_cached(&text)?.execute(params![
            release,
            app,
            started_at,
            last_at,
            form,
            last_seq,
            last_hash,
            last_message,
            imported_messages,
            absorbed,
            fence,
            claim,
            imported,
            seal
        ])?)
    }
}

/// A row as it stands.
struct Stored {
    release: String,
    app: String,
    started_at: String,
    last_at: String,
    form: u32,
    last_seq: u64,
    last_hash: String,
    last_message: u64,
    imported_messages: u64,
    absorbed: u64,
    fence: u64,
    claim: Option<String>,
    imported: Option<String>,
    seal: String,
}

impl Stored {
    fn read(row: &SqlRow<'_>) -> rusqlite::Result<Stored> {
        let number = |at: usize| row.get::<_, Number>(at).map(|n| n.0);
        Ok(Stored {
            release: row.get(0)?,
            app: row.get(1)?,
            started_at: row.get(2)?,
            last_at: row.get(3)?,
            form: row.get(4)?,
            last_seq: number(5)?,
            last_hash: row.get(6)?,
            last_message: number(7)?,
            imported_messages: number(8)?,
            absorbed: number(9)?,
            fence: number(10)?,
            claim: row.get(11)?,
            imported: row.get(12)?,
            seal: row.get(13)?,
        })
    }

    fn digest(&self) -> String {
        let Stored { release, app, started_at, last_at, form, last_seq, last_hash, .. } = self;
        let numbers =
            [u64::from(*form), *last_seq, self.last_message, self.imported_messages, self.absorbed, self.fence];
        let [form, last_seq, last_message, imported_messages, absorbed, fence] = numbers.map(|n| n.to_string());
        codec::digest([
            ("release", release.as_str()),
            ("app", app),
            ("started_at", started_at),
            ("last_at", last_at),
            ("form", &form),
            ("last_seq", &last_seq),
            ("last_hash", last_hash),
            ("last_message", &last_message),
            ("imported_messages", &imported_messages),
            ("absorbed", &absorbed),
            ("fence", &fence),
            ("claim", self.claim.as_deref().unwrap_or_default()),
            ("imported", self.imported.as_deref().unwrap_or_default()),
        ])
    }

    fn opened(self) -> Result<ReleaseRow, Failure> {
        let part = || Part::Release { release: self.release.clone() };
        codec::check_form(self.form, part)?;
        if self.digest() != self.seal {
            return Err(part().is(Flaw::HashMismatch).into());
        }
        let claim = lease::from_json(self.claim.as_deref(), part)?;
        let imported = lease::from_json(self.imported.as_deref(), part)?;
        Ok(ReleaseRow {
            release: parsed(&self.release, part)?,
            app: parsed(&self.app, part)?,
            started_at: parsed(&self.started_at, part)?,
            last_at: parsed(&self.last_at, part)?,
            form: self.form,
            tip: Tip { seq: self.last_seq, hash: self.last_hash },
            lease: ReleaseLease { fence: self.fence, claim },
            last_message: self.last_message,
            imported_messages: self.imported_messages,
            absorbed: self.absorbed,
            imported,
        })
    }
}

fn parsed<T: FromStr<Err: Display>>(text: &str, of: impl FnOnce() -> Part) -> Result<T, JournalError> {
    text.parse().map_err(|e: T::Err| of().is(Flaw::Unreadable { error: e.to_string() }))
}

fn has_events(tx: &Transaction<'_>, release: &ReleaseId) -> Result<bool, Failure> {
    Ok(tx.prepare_cached("SELECT 1 FROM events WHERE release = ?1 LIMIT 1")?.exists([release.as_str()])?)
}

fn lost(release: impl Display) -> JournalError {
    Part::Release { release: release.to_string() }.is(Flaw::Missing)
}

/// A release whose row is missing or names another application would be missing in a listing, and for whoever looks for unfinished
/// releases.
pub(super) fn none_is_hidden(tx: &Transaction<'_>, app: &AppName) -> Result<(), Failure> {
    let hidden: Option<String> = tx
        .prepare_cached("SELECT release FROM events WHERE release NOT IN (SELECT release FROM releases) LIMIT 1")?
        .query_row([], |row| row.get(0))
        .optional()?;
    if let Some(release) = hidden {
        return Err(lost(release).into());
    }
    let mut others = tx.prepare_cached(
        "SELECT r.release, r.app, e.payload FROM releases r JOIN events e ON e.release = r.release AND e.seq = 1 WHERE r.app <> ?1",
    )?;
    let rows = others.query_map([app.as_str()], |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get::<_, Vec<u8>>(2)?))
    })?;
    for row in rows {
        let (release, stored, payload) = row?;
        let first: serde_json::Value = serde_json::from_slice(&payload).unwrap_or_default();
        if first["pipeline"]["app"] == app.as_str() {
            let stored = parsed(&stored, || Part::Release { release: release.clone() })?;
            return Err(Part::Release { release }.is(Flaw::OtherApp { stored, events: app.clone() }).into());
        }
    }
    Ok(())
}
