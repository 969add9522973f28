//! The leases' rows; their rules are `journal::lease`'s.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Transaction, params};

use super::error::Failure;
use super::events;
use super::number::Number;
use crate::journal::lease::{self, Gone, ReleaseLease, StageLease, hold_text, parse_hold};
use crate::model::ids::{AppName, ReleaseId, StageName};
use crate::model::ledger::{StageLedger, Word};
use crate::ports::journal::{Holder, JournalError, Lease, Pulse};

pub(super) fn take(
    tx: &Transaction<'_>,
    release: &ReleaseId,
    holder: &Holder,
    still: Option<Pulse>,
    now: Timestamp,
    gone: &Gone,
) -> Result<Lease, Failure> {
    let mut row = load(tx, release)?;
    let lease = row.take(release, holder, still, now, gone)?;
    save(tx, release, &row)?;
    Ok(lease)
}

pub(super) fn renew(tx: &Transaction<'_>, lease: &Lease, now: Timestamp) -> Result<Vec<StageName>, Failure> {
    let mut row = load(tx, &lease.release)?;
    row.renew(lease, now)?;
    save(tx, &lease.release, &row)?;
    each_stage(tx, |stage| stage.renew(lease, now))
}

pub(super) fn give_up(tx: &Transaction<'_>, lease: &Lease) -> Result<(), Failure> {
    let mut row = load(tx, &lease.release)?;
    row.give_up(lease)?;
    save(tx, &lease.release, &row)?;
    each_stage(tx, |stage| stage.free(&lease.release))?;
    Ok(())
}

/// Ends the hold that was seen with this fence; says whether there was one.
pub(super) fn break_off(tx: &Transaction<'_>, release: &ReleaseId, fence: u64) -> Result<bool, Failure> {
    let mut row = load(tx, release)?;
    let broken = row.break_off(release, fence)?;
    if broken {
        save(tx, release, &row)?;
        each_stage(tx, |stage| stage.free(release))?;
    }
    Ok(broken)
}

/// Whether this lease is still the one that counts.
pub(super) fn check(tx: &Transaction<'_>, lease: &Lease) -> Result<(), Failure> {
    Ok(load(tx, &lease.release)?.check(lease)?)
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
    check(tx, lease)?;
    let mut row = load_stage(tx, app, stage)?;
    let fence = row.lock(stage, lease, still, now, gone)?;
    save_stage(tx, app.as_str(), stage.as_str(), &row)?;
    Ok(fence)
}

pub(super) fn decree(
    tx: &Transaction<'_>,
    app: &AppName,
    stage: &StageName,
    word: &Word,
    now: Timestamp,
) -> Result<StageLedger, Failure> {
    let (mut held, mut ledger) = (load_stage(tx, app, stage)?, events::ledger(tx, app, stage)?);
    lease::decree(stage, &mut held, &mut ledger, word, now)?;
    save_stage(tx, app.as_str(), stage.as_str(), &held)?;
    events::put_ledger(tx, app, stage, &ledger)?;
    Ok(ledger)
}

pub(super) fn unlock_stage(
    tx: &Transaction<'_>,
    app: &AppName,
    stage: &StageName,
    lease: &Lease,
) -> Result<(), Failure> {
    check(tx, lease)?;
    free_stage(tx, app, stage, &lease.release)
}

pub(super) fn free_stage(
    tx: &Transaction<'_>,
    app: &AppName,
    stage: &StageName,
    release: &ReleaseId,
) -> Result<(), Failure> {
    let mut row = load_stage(tx, app, stage)?;
    if row.free(release) {
        save_stage(tx, app.as_str(), stage.as_str(), &row)?;
    }
    Ok(())
}

pub(super) fn load_stage(tx: &Transaction<'_>, app: &AppName, stage: &StageName) -> Result<StageLease, Failure> {
    let row: Option<(Number, Option<String>)> = tx
        .prepare_cached("SELECT fence, hold FROM stages WHERE app = ?1 AND stage = ?2")?
        .query_row(params![app.as_str(), stage.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    match row {
        Some((Number(fence), hold)) => {
            Ok(StageLease { fence, hold: parse_hold(hold.as_deref(), &format!("stage {stage}"))? })
        }
        None => Ok(StageLease::default()),
    }
}

fn load(tx: &Transaction<'_>, release: &ReleaseId) -> Result<ReleaseLease, Failure> {
    let (Number(fence), hold): (Number, Option<String>) = tx
        .prepare_cached("SELECT fence, hold FROM releases WHERE release = ?1")?
        .query_row([release.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?
        .ok_or_else(|| JournalError::NoSuchRelease(release.clone()))?;
    Ok(ReleaseLease { fence, hold: parse_hold(hold.as_deref(), &format!("release {release}"))? })
}

fn save(tx: &Transaction<'_>, release: &ReleaseId, row: &ReleaseLease) -> Result<(), Failure> {
    let hold = hold_text(row.hold.as_ref())?;
    tx.prepare_cached("UPDATE releases SET fence = ?2, hold = ?3 WHERE release = ?1")?.execute(params![
        release.as_str(),
        Number(row.fence),
        hold
    ])?;
    Ok(())
}

fn save_stage(tx: &Transaction<'_>, app: &str, stage: &str, row: &StageLease) -> Result<(), Failure> {
    let hold = hold_text(row.hold.as_ref())?;
    tx.prepare_cached("INSERT OR REPLACE INTO stages (app, stage, fence, hold) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![app, stage, Number(row.fence), hold])?;
    Ok(())
}

/// A change to every held stage that says it changed something; answers which it changed.
fn each_stage(
    tx: &Transaction<'_>,
    mut change: impl FnMut(&mut StageLease) -> bool,
) -> Result<Vec<StageName>, Failure> {
    let mut changed = Vec::new();
    let mut held = tx.prepare_cached("SELECT app, stage, fence, hold FROM stages WHERE hold IS NOT NULL")?;
    let rows: Vec<(String, String, Number, Option<String>)> = held
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?
        .collect::<Result<_, _>>()?;
    for (app, stage, Number(fence), hold) in rows {
        let mut lease = StageLease { fence, hold: parse_hold(hold.as_deref(), &format!("stage {stage}"))? };
        if change(&mut lease) {
            save_stage(tx, &app, &stage, &lease)?;
            changed.push(stage.parse().map_err(|e| JournalError::Corrupt(format!("`{stage}` is no stage: {e}")))?);
        }
    }
    Ok(changed)
}
