//! The events' rows, what is known of each release without them, and the ledgers that they teach.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row as SqlRow, Transaction, params};

use super::error::Failure;
use super::number::Number;
use super::{inbox, leases};
use crate::journal::codec::{self, Chunks, Encoded, Row, Tip, Verified, seal, unseal};
use crate::journal::lease::{self, Gone, ReleaseLease};
use crate::model::event::{EVENT_VERSION, Event, Fact};
use crate::model::ids::{AppName, ReleaseId, StageName};
use crate::model::ledger::{StageLedger, stage_of};
use crate::ports::journal::{Holder, JournalError, Lease, Listed, Record};

/// What is known of a release without its events.
struct Head {
    app: AppName,
    form: u32,
    /// When the first and the last event were recorded, as their rows say it.
    started_at: String,
    last_at: String,
    tip: Tip,
}

pub(super) fn begin(
    tx: &Transaction<'_>,
    app: &AppName,
    release: &ReleaseId,
    first: &Fact,
    holder: &Holder,
    now: Timestamp,
    gone: &Gone,
) -> Result<(Lease, Event), Failure> {
    let mut row = ReleaseLease::default();
    let lease = row.take(release, holder, None, now, gone)?;
    let start = Tip::start();
    let (at, fence, hold) = (now.to_string(), Number(row.fence), lease::hold_text(row.hold.as_ref())?);
    let put = tx.execute(
        "INSERT INTO releases (release, app, started_at, last_at, form, last_seq, last_hash, fence, hold)
         VALUES (?1, ?2, ?3, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO NOTHING",
        params![release.as_str(), app.as_str(), at, EVENT_VERSION, Number(start.seq), start.hash, fence, hold],
    )?;
    if put == 0 {
        return Err(lease::recorded_already(release).into());
    }
    let event = put_event(tx, app, release, &start, first, now)?.event;
    Ok((lease, event))
}

pub(super) fn append(
    tx: &Transaction<'_>,
    lease: &Lease,
    after: u64,
    facts: &[Fact],
    absorbed: &[u64],
    now: Timestamp,
) -> Result<Vec<Event>, Failure> {
    let release = &lease.release;
    let head = head(tx, release)?;
    codec::known_form(head.form)?;
    leases::check(tx, lease)?;
    if head.tip.seq != after {
        return Err(lease::not_last(release, after, head.tip.seq).into());
    }
    for fact in facts {
        if let Some(stage) = lease::needs(fact) {
            let (held, ledger) = (leases::load_stage(tx, &head.app, stage)?, ledger(tx, &head.app, stage)?);
            lease::may_write(fact, stage, &held, &ledger, lease)?;
        }
    }
    inbox::absorb(tx, release, absorbed)?;
    let mut tip = head.tip;
    let mut events = Vec::with_capacity(facts.len());
    for fact in facts {
        let one = put_event(tx, &head.app, release, &tip, fact, now)?;
        tip = one.tip();
        events.push(one.event);
    }
    for stage in lease::left(facts) {
        leases::free_stage(tx, &head.app, stage, release)?;
    }
    Ok(events)
}

pub(super) fn break_lease(
    tx: &Transaction<'_>,
    release: &ReleaseId,
    fence: u64,
    fact: &Fact,
    now: Timestamp,
) -> Result<Option<Event>, Failure> {
    let head = head(tx, release)?;
    codec::known_form(head.form)?;
    if !leases::break_off(tx, release, fence)? {
        return Ok(None);
    }
    Ok(Some(put_event(tx, &head.app, release, &head.tip, fact, now)?.event))
}

pub(super) fn read(tx: &Transaction<'_>, release: &ReleaseId) -> Result<Vec<Event>, Failure> {
    let (head, rows, chunks) = stored(tx, release)?;
    let events = codec::decode(release, &rows, &head.tip, &chunks)?;
    head.fits(release, &rows, &events)?;
    Ok(events)
}

impl Head {
    /// What is told of a release without reading its events must be what they say.
    fn fits(&self, release: &ReleaseId, rows: &[Row], events: &[Event]) -> Result<(), JournalError> {
        codec::known_form(self.form)?;
        let (first, last) = (rows.first(), rows.last());
        let wrong = if let Some(Fact::Started(started)) = events.first().map(|e| &e.fact)
            && started.pipeline.app != self.app
        {
            "application"
        } else if first.is_some_and(|r| r.at != self.started_at) {
            "beginning"
        } else if last.is_some_and(|r| r.at != self.last_at) {
            "last change"
        } else if rows.iter().any(|r| r.form > self.form) {
            "form"
        } else {
            return Ok(());
        };
        Err(JournalError::Corrupt(format!("what is noted as the {wrong} of {release} is not what its events say")))
    }
}

pub(super) fn export(tx: &Transaction<'_>, release: &ReleaseId) -> Result<Record, Failure> {
    let (head, rows, chunks) = stored(tx, release)?;
    let events = codec::decode(release, &rows, &head.tip, &chunks)?;
    head.fits(release, &rows, &events)?;
    Ok(codec::record(&head.app, release, rows, &chunks)?)
}

pub(super) fn restore(tx: &Transaction<'_>, record: &Record, verified: &Verified) -> Result<bool, Failure> {
    let Verified { events, tip, chunks } = verified;
    let (app, release) = (&record.app, &record.release);
    let (first, last) = (&record.rows[0].at, &record.rows[record.rows.len() - 1].at);
    let put = tx.execute(
        "INSERT INTO releases (release, app, started_at, last_at, form, last_seq, last_hash, fence)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0) ON CONFLICT DO NOTHING",
        params![release.as_str(), app.as_str(), first, last, EVENT_VERSION, Number(tip.seq), tip.hash],
    )?;
    if put == 0 {
        codec::same(record, &export(tx, release)?)?;
        return Ok(false);
    }
    for (blob, chunks) in chunks {
        put_blob(tx, blob, chunks)?;
    }
    for (row, event) in record.rows.iter().zip(events) {
        put_row(tx, release, row)?;
        if let Some(stage) = stage_of(&event.fact) {
            let mut known = ledger(tx, app, stage)?;
            known.apply_late(event);
            put_ledger(tx, app, stage, &known)?;
        }
    }
    Ok(true)
}

/// A release's rows and the chunks that they name, not checked yet.
fn stored(tx: &Transaction<'_>, release: &ReleaseId) -> Result<(Head, Vec<Row>, Chunks), Failure> {
    let head = head(tx, release)?;
    let mut rows =
        tx.prepare_cached("SELECT form, seq, at, payload, prev, hash FROM events WHERE release = ?1 ORDER BY seq")?;
    let row = |row: &SqlRow<'_>| {
        Ok(Row {
            form: row.get(0)?,
            seq: row.get::<_, Number>(1)?.0,
            at: row.get(2)?,
            payload: row.get(3)?,
            prev: row.get(4)?,
            hash: row.get(5)?,
        })
    };
    let rows: Vec<Row> = rows.query_map([release.as_str()], row)?.collect::<Result<_, _>>()?;
    let mut chunks = Chunks::new();
    let mut parts = tx.prepare_cached("SELECT bytes FROM chunks WHERE blob = ?1 ORDER BY part")?;
    for blob in rows.iter().filter_map(Row::blob) {
        let bytes = parts.query_map([&blob.sha256], |row| row.get(0))?.collect::<Result<_, _>>()?;
        chunks.insert(blob.sha256, bytes);
    }
    Ok((head, rows, chunks))
}

pub(super) fn list(tx: &Transaction<'_>, app: &AppName, gone: &Gone) -> Result<Vec<Listed>, Failure> {
    none_is_hidden(tx, app)?;
    let mut rows =
        tx.prepare_cached("SELECT release, started_at, last_at, fence, hold FROM releases WHERE app = ?1")?;
    let rows: Vec<(String, String, String, Number, Option<String>)> = rows
        .query_map([app.as_str()], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?)))?
        .collect::<Result<_, _>>()?;
    let mut listed = Vec::with_capacity(rows.len());
    for (release, started_at, last_at, Number(fence), hold) in rows {
        let lease = ReleaseLease { fence, hold: lease::parse_hold(hold.as_deref(), &format!("release {release}"))? };
        listed.push(Listed {
            app: app.clone(),
            started_at: parsed(&started_at)?,
            last_at: parsed(&last_at)?,
            held_by: lease.holder(gone),
            release: parsed(&release)?,
        });
    }
    lease::newest_first(&mut listed);
    Ok(listed)
}

/// A release whose row is lost or says another application would be missed by a listing, and by whoever looks for what is left to
/// do.
fn none_is_hidden(tx: &Transaction<'_>, app: &AppName) -> Result<(), Failure> {
    let lost: Option<String> = tx
        .prepare_cached("SELECT release FROM events WHERE release NOT IN (SELECT release FROM releases) LIMIT 1")?
        .query_row([], |row| row.get(0))
        .optional()?;
    if let Some(release) = lost {
        return Err(JournalError::Corrupt(format!("{release} has events, and is not noted as a release")).into());
    }
    let mut others = tx.prepare_cached(
        "SELECT r.release, e.payload FROM releases r JOIN events e ON e.release = r.release AND e.seq = 1 WHERE r.app <> ?1",
    )?;
    let rows = others.query_map([app.as_str()], |row| Ok((row.get::<_, String>(0)?, row.get::<_, Vec<u8>>(1)?)))?;
    for row in rows {
        let (release, payload) = row?;
        let first: serde_json::Value = serde_json::from_slice(&payload).unwrap_or_default();
        if first["pipeline"]["app"] == app.as_str() {
            let text = format!("what is noted as the application of {release} is not what its events say");
            return Err(JournalError::Corrupt(text).into());
        }
    }
    Ok(())
}

pub(super) fn ledger(tx: &Transaction<'_>, app: &AppName, stage: &StageName) -> Result<StageLedger, Failure> {
    let row: Option<(String, String)> = tx
        .prepare_cached("SELECT body, hash FROM ledgers WHERE app = ?1 AND stage = ?2")?
        .query_row(params![app.as_str(), stage.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    match row {
        Some((body, hash)) => Ok(unseal(&body, &hash, &format!("the ledger of stage {stage}"))?),
        None => Ok(StageLedger::default()),
    }
}

fn head(tx: &Transaction<'_>, release: &ReleaseId) -> Result<Head, Failure> {
    let head = |row: &SqlRow<'_>| {
        let (app, Number(seq)): (String, Number) = (row.get(0)?, row.get(4)?);
        let (form, started_at, last_at, hash) = (row.get(1)?, row.get(2)?, row.get(3)?, row.get(5)?);
        Ok((app, form, started_at, last_at, Tip { seq, hash }))
    };
    let (app, form, started_at, last_at, tip) = tx
        .prepare_cached("SELECT app, form, started_at, last_at, last_seq, last_hash FROM releases WHERE release = ?1")?
        .query_row([release.as_str()], head)
        .optional()?
        .ok_or_else(|| JournalError::NoSuchRelease(release.clone()))?;
    Ok(Head { app: parsed(&app)?, form, started_at, last_at, tip })
}

fn put_event(
    tx: &Transaction<'_>,
    app: &AppName,
    release: &ReleaseId,
    tip: &Tip,
    fact: &Fact,
    now: Timestamp,
) -> Result<Encoded, Failure> {
    let one = codec::link(release, tip, fact, now)?;
    if let Some((blob, chunks)) = &one.blob {
        put_blob(tx, blob, chunks)?;
    }
    put_row(tx, release, &one.row)?;
    tx.prepare_cached("UPDATE releases SET last_at = ?2, last_seq = ?3, last_hash = ?4 WHERE release = ?1")?
        .execute(params![release.as_str(), one.row.at, Number(one.row.seq), one.row.hash])?;
    if let Some(stage) = stage_of(fact) {
        let mut known = ledger(tx, app, stage)?;
        known.apply(&one.event);
        put_ledger(tx, app, stage, &known)?;
    }
    Ok(one)
}

fn put_blob(tx: &Transaction<'_>, blob: &str, chunks: &[Vec<u8>]) -> Result<(), Failure> {
    // Named by its content: one that is there is the same.
    let mut put =
        tx.prepare_cached("INSERT INTO chunks (blob, part, bytes) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING")?;
    for (part, bytes) in chunks.iter().enumerate() {
        put.execute(params![blob, Number(part as u64), bytes])?;
    }
    Ok(())
}

fn put_row(tx: &Transaction<'_>, release: &ReleaseId, row: &Row) -> Result<(), Failure> {
    let Row { form, seq, at, payload, prev, hash } = row;
    tx.prepare_cached(
        "INSERT INTO events (release, seq, form, at, payload, prev, hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?
    .execute(params![release.as_str(), Number(*seq), form, at, payload, prev, hash])?;
    Ok(())
}

pub(super) fn put_ledger(
    tx: &Transaction<'_>,
    app: &AppName,
    stage: &StageName,
    known: &StageLedger,
) -> Result<(), Failure> {
    let (body, hash) = seal(known)?;
    tx.prepare_cached("INSERT OR REPLACE INTO ledgers (app, stage, body, hash) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![app.as_str(), stage.as_str(), body, hash])?;
    Ok(())
}

fn parsed<T: std::str::FromStr<Err: std::fmt::Display>>(text: &str) -> Result<T, JournalError> {
    text.parse().map_err(|e| JournalError::Corrupt(format!("a release's row cannot be read: {e}")))
}
