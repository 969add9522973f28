//! Taking, renewing and giving up; the rules are `journal::lease`'s.

use jiff::Timestamp;
use rusqlite::Transaction;

use super::error::Failure;
use super::release_row::ReleaseRow;
use super::stage_row::{StageRow, each_claimed};
use crate::journal::lease::{self, HasEnded};
use crate::model::ids::{AppName, ReleaseId, StageName};
use crate::model::ledger::{StageCommand, StageLedger};
use crate::ports::journal::{Heartbeat, Holder, Lease};

pub(super) fn take(
    tx: &Transaction<'_>,
    release: &ReleaseId,
    holder: &Holder,
    stale: Option<Heartbeat>,
    now: Timestamp,
    has_ended: &HasEnded,
) -> Result<Lease, Failure> {
    let mut release_row = ReleaseRow::own(tx, release)?;
    let lease = release_row.lease.take(release, holder, stale, now, has_ended)?;
    release_row.save(tx)?;
    Ok(lease)
}

pub(super) fn renew(tx: &Transaction<'_>, lease: &Lease, now: Timestamp) -> Result<Vec<StageName>, Failure> {
    let mut release_row = ReleaseRow::load(tx, &lease.release)?;
    release_row.lease.renew(lease, now)?;
    release_row.save(tx)?;
    each_claimed(tx, |stage| stage.renew(lease, now))
}

pub(super) fn give_up(tx: &Transaction<'_>, lease: &Lease) -> Result<(), Failure> {
    let mut release_row = ReleaseRow::load(tx, &lease.release)?;
    release_row.lease.give_up(lease)?;
    release_row.save(tx)?;
    each_claimed(tx, |stage| stage.unlock(&lease.release))?;
    Ok(())
}

pub(super) fn lock_stage(
    tx: &Transaction<'_>,
    app: &AppName,
    stage: &StageName,
    lease: &Lease,
    stale: Option<Heartbeat>,
    now: Timestamp,
    has_ended: &HasEnded,
) -> Result<u64, Failure> {
    ReleaseRow::load(tx, &lease.release)?.lease.check(lease)?;
    let mut stage_row = StageRow::load(tx, app, stage)?;
    let fence = stage_row.lease.lock(stage, lease, stale, now, has_ended)?;
    stage_row.save(tx, app, stage)?;
    Ok(fence)
}

pub(super) fn unlock_stage(
    tx: &Transaction<'_>,
    app: &AppName,
    stage: &StageName,
    lease: &Lease,
) -> Result<(), Failure> {
    ReleaseRow::load(tx, &lease.release)?.lease.check(lease)?;
    let mut stage_row = StageRow::load(tx, app, stage)?;
    if stage_row.lease.unlock(&lease.release) {
        stage_row.save(tx, app, stage)?;
    }
    Ok(())
}

pub(super) fn intervene(
    tx: &Transaction<'_>,
    app: &AppName,
    stage: &StageName,
    command: &StageCommand,
    now: Timestamp,
) -> Result<StageLedger, Failure> {
    let mut stage_row = StageRow::load(tx, app, stage)?;
    lease::intervene(stage, &mut stage_row.lease, &mut stage_row.ledger, command, now)?;
    stage_row.save(tx, app, stage)?;
    Ok(stage_row.ledger)
}
