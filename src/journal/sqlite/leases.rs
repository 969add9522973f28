//! Taking, keeping and giving up; the rules are `journal::lease`'s.

use jiff::Timestamp;
use rusqlite::Transaction;

use super::error::Failure;
use super::head::Head;
use super::place::{Place, each_held};
use crate::journal::lease::{self, Gone};
use crate::model::ids::{AppName, ReleaseId, StageName};
use crate::model::ledger::{StageLedger, Word};
use crate::ports::journal::{Holder, Lease, Pulse};

pub(super) fn take(
    tx: &Transaction<'_>,
    release: &ReleaseId,
    holder: &Holder,
    still: Option<Pulse>,
    now: Timestamp,
    gone: &Gone,
) -> Result<Lease, Failure> {
    let mut head = Head::own(tx, release)?;
    let lease = head.lease.take(release, holder, still, now, gone)?;
    head.save(tx)?;
    Ok(lease)
}

pub(super) fn renew(tx: &Transaction<'_>, lease: &Lease, now: Timestamp) -> Result<Vec<StageName>, Failure> {
    let mut head = Head::load(tx, &lease.release)?;
    head.lease.renew(lease, now)?;
    head.save(tx)?;
    each_held(tx, |stage| stage.renew(lease, now))
}

pub(super) fn give_up(tx: &Transaction<'_>, lease: &Lease) -> Result<(), Failure> {
    let mut head = Head::load(tx, &lease.release)?;
    head.lease.give_up(lease)?;
    head.save(tx)?;
    each_held(tx, |stage| stage.free(&lease.release))?;
    Ok(())
}

pub(super) fn lock_stage(
    tx: &Transaction<'_>,
    app: &AppName,
    stage: &StageName,
    lease: &Lease,
    still: Option<Pulse>,
    now: Timestamp,
    gone: &Gone,
) -> Result<u64, Failure> {
    Head::load(tx, &lease.release)?.lease.check(lease)?;
    let mut place = Place::load(tx, app, stage)?;
    let fence = place.lease.lock(stage, lease, still, now, gone)?;
    place.save(tx, app, stage)?;
    Ok(fence)
}

pub(super) fn unlock_stage(
    tx: &Transaction<'_>,
    app: &AppName,
    stage: &StageName,
    lease: &Lease,
) -> Result<(), Failure> {
    Head::load(tx, &lease.release)?.lease.check(lease)?;
    let mut place = Place::load(tx, app, stage)?;
    if place.lease.free(&lease.release) {
        place.save(tx, app, stage)?;
    }
    Ok(())
}

pub(super) fn decree(
    tx: &Transaction<'_>,
    app: &AppName,
    stage: &StageName,
    word: &Word,
    now: Timestamp,
) -> Result<StageLedger, Failure> {
    let mut place = Place::load(tx, app, stage)?;
    lease::decree(stage, &mut place.lease, &mut place.ledger, word, now)?;
    place.save(tx, app, stage)?;
    Ok(place.ledger)
}
