//! Beginning, appending, reading, exporting and importing, and the ledgers that events change.

use jiff::Timestamp;
use rusqlite::Transaction;

use super::error::Failure;
use super::release_row::{self, ReleaseRow};
use super::stage_row::{StageRow, each_claimed};
use super::{inbox, rows};
use crate::journal::codec::{self, Chunks, Row, Tip, Verified};
use crate::journal::lease::{self, HasEnded};
use crate::model::event::{Event, Fact};
use crate::model::ids::{AppName, ReleaseId};
use crate::model::ledger::stage_of;
use crate::ports::journal::{Holder, Imported, Lease, Listed, Record};

pub(super) fn begin(
    tx: &Transaction<'_>,
    app: &AppName,
    release: &ReleaseId,
    first: &Fact,
    holder: &Holder,
    now: Timestamp,
    has_ended: &HasEnded,
) -> Result<(Lease, Event), Failure> {
    let mut release_row = ReleaseRow::new(app, release, now);
    let lease = release_row.lease.take(release, holder, None, now, has_ended)?;
    if !release_row.insert(tx)? {
        return Err(lease::recorded_already(release).into());
    }
    let event = put_event(tx, &mut release_row, first, now)?;
    release_row.save(tx)?;
    Ok((lease, event))
}

pub(super) fn append(
    tx: &Transaction<'_>,
    lease: &Lease,
    after: u64,
    facts: &[Fact],
    now: Timestamp,
) -> Result<Vec<Event>, Failure> {
    let release = &lease.release;
    let mut release_row = ReleaseRow::load(tx, release)?;
    release_row.lease.check(lease)?;
    if release_row.tip.seq != after {
        return Err(lease::not_last(release, after, release_row.tip.seq).into());
    }
    for fact in facts {
        if let Some(stage) = lease::stage_needed(fact) {
            let stage_row = StageRow::load(tx, &release_row.app, stage)?;
            lease::may_write(fact, stage, &stage_row.lease, &stage_row.ledger, lease)?;
        }
    }
    inbox::absorb(tx, &mut release_row, facts)?;
    let mut events = Vec::with_capacity(facts.len());
    for fact in facts {
        events.push(put_event(tx, &mut release_row, fact, now)?);
    }
    for stage in lease::stages_left(facts) {
        let mut stage_row = StageRow::load(tx, &release_row.app, stage)?;
        if stage_row.lease.unlock(release) {
            stage_row.save(tx, &release_row.app, stage)?;
        }
    }
    release_row.save(tx)?;
    Ok(events)
}

pub(super) fn break_lease(
    tx: &Transaction<'_>,
    release: &ReleaseId,
    fence: u64,
    fact: &Fact,
    now: Timestamp,
) -> Result<Option<Event>, Failure> {
    let mut release_row = ReleaseRow::load(tx, release)?;
    if !release_row.lease.break_lock(release, fence)? {
        return Ok(None);
    }
    each_claimed(tx, |stage| stage.unlock(release))?;
    let event = put_event(tx, &mut release_row, fact, now)?;
    release_row.save(tx)?;
    Ok(Some(event))
}

/// Writes the next event down, and applies it to its stage's ledger; the caller saves the release's row.
fn put_event(
    tx: &Transaction<'_>,
    release_row: &mut ReleaseRow,
    fact: &Fact,
    now: Timestamp,
) -> Result<Event, Failure> {
    let one = codec::link(&release_row.release, &release_row.tip, fact, now)?;
    // A ledger is checked against the events, so it is changed before they are there.
    if let Some(stage) = stage_of(fact) {
        let mut stage_row = StageRow::load(tx, &release_row.app, stage)?;
        stage_row.ledger.apply(&one.event);
        stage_row.save(tx, &release_row.app, stage)?;
    }
    if let Some((blob, chunks)) = &one.blob {
        rows::put_blob(tx, blob, chunks)?;
    }
    rows::put(tx, &release_row.release, &one.row)?;
    release_row.tip = one.tip();
    release_row.last_at = now;
    Ok(one.event)
}

pub(super) fn read(tx: &Transaction<'_>, release: &ReleaseId) -> Result<Vec<Event>, Failure> {
    Ok(stored(tx, release)?.3)
}

pub(super) fn export(tx: &Transaction<'_>, release: &ReleaseId) -> Result<Record, Failure> {
    let (release_row, rows, chunks, _) = stored(tx, release)?;
    Ok(codec::record(&release_row.app, release, rows, &chunks)?)
}

/// A release's rows and the chunks that they name, found to be whole.
fn stored(tx: &Transaction<'_>, release: &ReleaseId) -> Result<(ReleaseRow, Vec<Row>, Chunks, Vec<Event>), Failure> {
    let release_row = ReleaseRow::load(tx, release)?;
    let rows = rows::all(tx, release)?;
    let chunks = rows::chunks(tx, &rows)?;
    let events = codec::decode(release, &rows, &release_row.tip, &chunks)?;
    // The inbox is not part of the chain, but a record is whole only with it.
    inbox::waiting(tx, release)?;
    Ok((release_row, rows, chunks, events))
}

pub(super) fn import(
    tx: &Transaction<'_>,
    record: &Record,
    verified: &Verified,
    mark: &Imported,
) -> Result<bool, Failure> {
    let Verified { events, tip, chunks } = verified;
    let (app, release) = (&record.app, &record.release);
    let mut release_row = ReleaseRow::new(app, release, events[0].at);
    release_row.last_at = events[events.len() - 1].at;
    release_row.tip = Tip::clone(tip);
    release_row.imported_messages = lease::imported_messages(events);
    release_row.last_message = release_row.imported_messages;
    release_row.absorbed = lease::absorbed(events.iter().map(|e| &e.fact)).count() as u64;
    release_row.imported = Some(mark.clone());
    if !release_row.insert(tx)? {
        codec::check_is_prefix(record, &export(tx, release)?)?;
        return Ok(false);
    }
    for (blob, chunks) in chunks {
        rows::put_blob(tx, blob, chunks)?;
    }
    for row in &record.rows {
        rows::put(tx, release, row)?;
    }
    Ok(true)
}

pub(super) fn list(tx: &Transaction<'_>, app: &AppName, has_ended: &HasEnded) -> Result<Vec<Listed>, Failure> {
    release_row::none_is_hidden(tx, app)?;
    let listed = |release_row: ReleaseRow| {
        let ReleaseRow { release, app, started_at, last_at, lease, imported, .. } = release_row;
        Listed { release, app, started_at, last_at, held_by: lease.holder(has_ended), imported }
    };
    let mut listed: Vec<Listed> = ReleaseRow::of_app(tx, app)?.into_iter().map(listed).collect();
    lease::newest_first(&mut listed);
    Ok(listed)
}
