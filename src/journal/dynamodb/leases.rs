//! Taking, renewing and giving up; the rules are `journal::lease`'s.

use jiff::Timestamp;

use super::events;
use super::item::Item;
use super::release_item::ReleaseItem;
use super::stage_item::StageItem;
use super::table::{If, Table};
use super::write_attempts::WriteAttempts;
use crate::journal::codec;
use crate::journal::lease::{self, HasEnded, StageLease};
use crate::model::event::{Event, Fact};
use crate::model::ids::{AppName, ReleaseId, StageName};
use crate::model::ledger::{StageCommand, StageLedger};
use crate::ports::journal::{Heartbeat, Holder, JournalError, Lease};

pub(super) async fn take(
    table: &Table,
    release: &ReleaseId,
    holder: &Holder,
    stale: Option<Heartbeat>,
    now: Timestamp,
    has_ended: &HasEnded,
) -> Result<Lease, JournalError> {
    let mut attempts = WriteAttempts::new();
    loop {
        let mut release_item = ReleaseItem::own(table, release).await?;
        if attempts.is_again() && attempts.wrote(&release_item.token) {
            return Ok(Lease { release: release.clone(), holder: holder.clone(), fence: release_item.lease.fence });
        }
        let lease = release_item.lease.take(release, holder, stale, now, has_ended)?;
        let token = attempts.token();
        if attempts.put_all(table, vec![release_item.write(&token)?]).await? {
            return Ok(lease);
        }
    }
}

pub(super) async fn renew(table: &Table, lease: &Lease, now: Timestamp) -> Result<Vec<StageName>, JournalError> {
    let mut attempts = WriteAttempts::new();
    loop {
        let mut release_item = ReleaseItem::load(table, &lease.release).await?;
        release_item.lease.renew(lease, now)?;
        let mut items = each_stage(table, &mut release_item, |stage| stage.renew(lease, now)).await?;
        let token = attempts.token();
        items.push(release_item.write(&token)?);
        if attempts.put_all(table, items).await? {
            return Ok(release_item.stages.into_iter().map(|(_, stage)| stage).collect());
        }
    }
}

pub(super) async fn give_up(table: &Table, lease: &Lease) -> Result<(), JournalError> {
    let mut attempts = WriteAttempts::new();
    loop {
        let mut release_item = ReleaseItem::load(table, &lease.release).await?;
        if attempts.is_again() && attempts.wrote(&release_item.token) {
            return Ok(());
        }
        release_item.lease.give_up(lease)?;
        let mut items = each_stage(table, &mut release_item, |stage| stage.unlock(&lease.release)).await?;
        release_item.stages.clear();
        let token = attempts.token();
        items.push(release_item.write(&token)?);
        if attempts.put_all(table, items).await? {
            return Ok(());
        }
    }
}

pub(super) async fn break_lease(
    table: &Table,
    release: &ReleaseId,
    fence: u64,
    fact: &Fact,
    now: Timestamp,
) -> Result<Option<Event>, JournalError> {
    let mut attempts = WriteAttempts::new();
    let mut tried: Vec<Event> = Vec::new();
    loop {
        let mut release_item = ReleaseItem::load(table, release).await?;
        release_item.check_form()?;
        for event in &tried {
            if events::wrote_event(table, &attempts, release, event.seq).await? {
                return Ok(Some(event.clone()));
            }
        }
        if !release_item.lease.break_lock(release, fence)? {
            return Ok(None);
        }
        let mut items = each_stage(table, &mut release_item, |stage| stage.unlock(release)).await?;
        release_item.stages.clear();
        let one = codec::link(release, &release_item.tip, fact, now)?;
        events::put_blobs(table, std::slice::from_ref(&one)).await?;
        release_item.tip = one.tip();
        release_item.last_at = now;
        let token = attempts.token();
        items.push(release_item.write(&token)?);
        items.extend(events::pack(release, std::slice::from_ref(&one.row), &token)?);
        tried.push(one.event.clone());
        if attempts.put_all(table, items).await? {
            return Ok(Some(one.event));
        }
    }
}

/// A change to every stage that the release has; those that it lost are forgotten.
async fn each_stage(
    table: &Table,
    release_item: &mut ReleaseItem,
    mut change: impl FnMut(&mut StageLease) -> bool + Send,
) -> Result<Vec<(Item, If)>, JournalError> {
    let mut items = Vec::new();
    for (app, stage) in release_item.stages.clone() {
        let mut stage_item = StageItem::load(table, &app, &stage).await?;
        if change(&mut stage_item.lease) {
            items.extend(stage_item.write()?);
        } else {
            release_item.stages.remove(&(app, stage));
        }
    }
    Ok(items)
}

pub(super) async fn lock_stage(
    table: &Table,
    app: &AppName,
    stage: &StageName,
    lease: &Lease,
    stale: Option<Heartbeat>,
    now: Timestamp,
    has_ended: &HasEnded,
) -> Result<u64, JournalError> {
    let mut attempts = WriteAttempts::new();
    loop {
        let mut release_item = ReleaseItem::load(table, &lease.release).await?;
        release_item.lease.check(lease)?;
        let mut stage_item = StageItem::load(table, app, stage).await?;
        let fence = stage_item.lease.lock(stage, lease, stale, now, has_ended)?;
        release_item.stages.insert((app.clone(), stage.clone()));
        let token = attempts.token();
        let mut items = stage_item.write()?;
        items.push(release_item.write(&token)?);
        // Locking what is locked already changes nothing, so that an attempt that was written is recognized.
        if attempts.put_all(table, items).await? {
            return Ok(fence);
        }
    }
}

pub(super) async fn unlock_stage(
    table: &Table,
    app: &AppName,
    stage: &StageName,
    lease: &Lease,
) -> Result<(), JournalError> {
    let mut attempts = WriteAttempts::new();
    loop {
        let mut release_item = ReleaseItem::load(table, &lease.release).await?;
        release_item.lease.check(lease)?;
        let mut stage_item = StageItem::load(table, app, stage).await?;
        if !stage_item.lease.unlock(&lease.release) {
            return Ok(());
        }
        release_item.stages.remove(&(app.clone(), stage.clone()));
        let token = attempts.token();
        let mut items = stage_item.write()?;
        items.push(release_item.write(&token)?);
        if attempts.put_all(table, items).await? {
            return Ok(());
        }
    }
}

pub(super) async fn intervene(
    table: &Table,
    app: &AppName,
    stage: &StageName,
    command: &StageCommand,
    now: Timestamp,
) -> Result<StageLedger, JournalError> {
    let mut attempts = WriteAttempts::new();
    loop {
        let mut stage_item = StageItem::load(table, app, stage).await?;
        if attempts.is_again() && stage_item.ledger.has_recorded(command, now) {
            return Ok(stage_item.ledger);
        }
        lease::intervene(stage, &mut stage_item.lease, &mut stage_item.ledger, command, now)?;
        if attempts.put_all(table, stage_item.write()?).await? {
            return Ok(stage_item.ledger);
        }
    }
}
