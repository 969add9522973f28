//! Beginning, appending, reading and carrying over, and the ledgers that events teach.

use jiff::Timestamp;
use rusqlite::Transaction;

use super::error::Failure;
use super::head::{self, Head};
use super::place::{Place, each_held};
use super::{inbox, rows};
use crate::journal::codec::{self, Chunks, Row, Tip, Verified};
use crate::journal::lease::{self, Gone};
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
    gone: &Gone,
) -> Result<(Lease, Event), Failure> {
    let mut head = Head::new(app, release, now);
    let lease = head.lease.take(release, holder, None, now, gone)?;
    if !head.insert(tx)? {
        return Err(lease::recorded_already(release).into());
    }
    let event = put_event(tx, &mut head, first, now)?;
    head.save(tx)?;
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
    let mut head = Head::load(tx, release)?;
    head.lease.check(lease)?;
    if head.tip.seq != after {
        return Err(lease::not_last(release, after, head.tip.seq).into());
    }
    for fact in facts {
        if let Some(stage) = lease::needs(fact) {
            let place = Place::load(tx, &head.app, stage)?;
            lease::may_write(fact, stage, &place.lease, &place.ledger, lease)?;
        }
    }
    inbox::absorb(tx, &mut head, facts)?;
    let mut events = Vec::with_capacity(facts.len());
    for fact in facts {
        events.push(put_event(tx, &mut head, fact, now)?);
    }
    for stage in lease::left(facts) {
        let mut place = Place::load(tx, &head.app, stage)?;
        if place.lease.free(release) {
            place.save(tx, &head.app, stage)?;
        }
    }
    head.save(tx)?;
    Ok(events)
}

pub(super) fn break_lease(
    tx: &Transaction<'_>,
    release: &ReleaseId,
    fence: u64,
    fact: &Fact,
    now: Timestamp,
) -> Result<Option<Event>, Failure> {
    let mut head = Head::load(tx, release)?;
    if !head.lease.break_off(release, fence)? {
        return Ok(None);
    }
    each_held(tx, |stage| stage.free(release))?;
    let event = put_event(tx, &mut head, fact, now)?;
    head.save(tx)?;
    Ok(Some(event))
}

/// Writes the next event down, and what its stage learns by it; the head is the caller's to save.
fn put_event(tx: &Transaction<'_>, head: &mut Head, fact: &Fact, now: Timestamp) -> Result<Event, Failure> {
    let one = codec::link(&head.release, &head.tip, fact, now)?;
    // What a stage knows is held against the events, so it learns before they are there.
    if let Some(stage) = stage_of(fact) {
        let mut place = Place::load(tx, &head.app, stage)?;
        place.ledger.apply(&one.event);
        place.save(tx, &head.app, stage)?;
    }
    if let Some((blob, chunks)) = &one.blob {
        rows::put_blob(tx, blob, chunks)?;
    }
    rows::put(tx, &head.release, &one.row)?;
    head.tip = one.tip();
    head.last_at = now;
    Ok(one.event)
}

pub(super) fn read(tx: &Transaction<'_>, release: &ReleaseId) -> Result<Vec<Event>, Failure> {
    Ok(stored(tx, release)?.3)
}

pub(super) fn export(tx: &Transaction<'_>, release: &ReleaseId) -> Result<Record, Failure> {
    let (head, rows, chunks, _) = stored(tx, release)?;
    Ok(codec::record(&head.app, release, rows, &chunks)?)
}

/// A release's rows and the chunks that they name, found to be whole.
fn stored(tx: &Transaction<'_>, release: &ReleaseId) -> Result<(Head, Vec<Row>, Chunks, Vec<Event>), Failure> {
    let head = Head::load(tx, release)?;
    let rows = rows::all(tx, release)?;
    let chunks = rows::chunks(tx, &rows)?;
    let events = codec::decode(release, &rows, &head.tip, &chunks)?;
    // The inbox is no part of the chain; that it is whole is part of its being so.
    inbox::waiting(tx, release)?;
    Ok((head, rows, chunks, events))
}

pub(super) fn restore(
    tx: &Transaction<'_>,
    record: &Record,
    verified: &Verified,
    mark: &Imported,
) -> Result<bool, Failure> {
    let Verified { events, tip, chunks } = verified;
    let (app, release) = (&record.app, &record.release);
    let mut head = Head::new(app, release, events[0].at);
    head.last_at = events[events.len() - 1].at;
    head.tip = Tip::clone(tip);
    head.carried = lease::carried(events);
    head.sent = head.carried;
    head.absorbed = events.iter().filter(|e| matches!(e.fact, Fact::Absorbed { .. })).count() as u64;
    head.imported = Some(mark.clone());
    if !head.insert(tx)? {
        codec::same(record, &export(tx, release)?)?;
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

pub(super) fn list(tx: &Transaction<'_>, app: &AppName, gone: &Gone) -> Result<Vec<Listed>, Failure> {
    head::none_is_hidden(tx, app)?;
    let listed = |head: Head| {
        let Head { release, app, started_at, last_at, lease, imported, .. } = head;
        Listed { release, app, started_at, last_at, held_by: lease.holder(gone), imported }
    };
    let mut listed: Vec<Listed> = Head::of_app(tx, app)?.into_iter().map(listed).collect();
    lease::newest_first(&mut listed);
    Ok(listed)
}
