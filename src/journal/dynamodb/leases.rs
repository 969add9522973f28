//! Taking, keeping and giving up; the rules are `journal::lease`'s.

use jiff::Timestamp;

use super::call::Call;
use super::events;
use super::head::Head;
use super::item::Item;
use super::place::Place;
use super::table::{If, Table, Written};
use crate::journal::codec;
use crate::journal::lease::{self, Gone, StageLease};
use crate::model::event::{Event, Fact};
use crate::model::ids::{AppName, ReleaseId, StageName};
use crate::model::ledger::{StageLedger, Word};
use crate::ports::journal::{Holder, JournalError, Lease, Pulse};

pub(super) async fn take(
    table: &Table,
    release: &ReleaseId,
    holder: &Holder,
    still: Option<Pulse>,
    now: Timestamp,
    gone: &Gone,
) -> Result<Lease, JournalError> {
    let mut call = Call::new();
    loop {
        let mut head = Head::own(table, release).await?;
        if call.is_again() && call.wrote(&head.token) {
            return Ok(Lease { release: release.clone(), holder: holder.clone(), fence: head.lease.fence });
        }
        let lease = head.lease.take(release, holder, still, now, gone)?;
        let token = call.token();
        match table.put_all(&token, vec![head.write(&token)?]).await? {
            Written::Yes => return Ok(lease),
            unclear @ (Written::No | Written::Perhaps(_)) => call.again(table, unclear).await?,
        }
    }
}

pub(super) async fn renew(table: &Table, lease: &Lease, now: Timestamp) -> Result<Vec<StageName>, JournalError> {
    let mut call = Call::new();
    loop {
        let mut head = Head::load(table, &lease.release).await?;
        head.lease.renew(lease, now)?;
        let mut items = each_stage(table, &mut head, |stage| stage.renew(lease, now)).await?;
        let token = call.token();
        items.push(head.write(&token)?);
        match table.put_all(&token, items).await? {
            Written::Yes => return Ok(head.stages.into_iter().map(|(_, stage)| stage).collect()),
            unclear @ (Written::No | Written::Perhaps(_)) => call.again(table, unclear).await?,
        }
    }
}

pub(super) async fn give_up(table: &Table, lease: &Lease) -> Result<(), JournalError> {
    let mut call = Call::new();
    loop {
        let mut head = Head::load(table, &lease.release).await?;
        if call.is_again() && call.wrote(&head.token) {
            return Ok(());
        }
        head.lease.give_up(lease)?;
        let mut items = each_stage(table, &mut head, |stage| stage.free(&lease.release)).await?;
        head.stages.clear();
        let token = call.token();
        items.push(head.write(&token)?);
        match table.put_all(&token, items).await? {
            Written::Yes => return Ok(()),
            unclear @ (Written::No | Written::Perhaps(_)) => call.again(table, unclear).await?,
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
    let mut call = Call::new();
    let mut attempts: Vec<Event> = Vec::new();
    loop {
        let mut head = Head::load(table, release).await?;
        codec::known_form(head.form)?;
        for event in &attempts {
            if events::wrote_event(table, &call, release, event.seq).await? {
                return Ok(Some(event.clone()));
            }
        }
        if !head.lease.break_off(release, fence)? {
            return Ok(None);
        }
        let mut items = each_stage(table, &mut head, |stage| stage.free(release)).await?;
        head.stages.clear();
        let one = codec::link(release, &head.tip, fact, now)?;
        events::put_blobs(table, std::slice::from_ref(&one)).await?;
        head.tip = one.tip();
        head.last_at = now;
        let token = call.token();
        items.push(head.write(&token)?);
        items.extend(events::pack(release, std::slice::from_ref(&one.row), &token)?);
        match table.put_all(&token, items).await? {
            Written::Yes => return Ok(Some(one.event)),
            unclear @ (Written::No | Written::Perhaps(_)) => {
                attempts.push(one.event);
                call.again(table, unclear).await?;
            }
        }
    }
}

/// A change to every stage that the release has; those that it lost are forgotten.
async fn each_stage(
    table: &Table,
    head: &mut Head,
    mut change: impl FnMut(&mut StageLease) -> bool + Send,
) -> Result<Vec<(Item, If)>, JournalError> {
    let mut items = Vec::new();
    for (app, stage) in head.stages.clone() {
        let mut place = Place::load(table, &app, &stage).await?;
        if change(&mut place.lease) {
            items.extend(place.write()?);
        } else {
            head.stages.remove(&(app, stage));
        }
    }
    Ok(items)
}

pub(super) async fn lock_stage(
    table: &Table,
    app: &AppName,
    stage: &StageName,
    lease: &Lease,
    still: Option<Pulse>,
    now: Timestamp,
    gone: &Gone,
) -> Result<u64, JournalError> {
    let mut call = Call::new();
    loop {
        let mut head = Head::load(table, &lease.release).await?;
        head.lease.check(lease)?;
        let mut place = Place::load(table, app, stage).await?;
        let fence = place.lease.lock(stage, lease, still, now, gone)?;
        head.stages.insert((app.clone(), stage.clone()));
        let token = call.token();
        let mut items = place.write()?;
        items.push(head.write(&token)?);
        match table.put_all(&token, items).await? {
            Written::Yes => return Ok(fence),
            // Locking what is locked already is no change, so that an attempt that was written is found to be so.
            unclear @ (Written::No | Written::Perhaps(_)) => call.again(table, unclear).await?,
        }
    }
}

pub(super) async fn unlock_stage(
    table: &Table,
    app: &AppName,
    stage: &StageName,
    lease: &Lease,
) -> Result<(), JournalError> {
    let mut call = Call::new();
    loop {
        let mut head = Head::load(table, &lease.release).await?;
        head.lease.check(lease)?;
        let mut place = Place::load(table, app, stage).await?;
        if !place.lease.free(&lease.release) {
            return Ok(());
        }
        head.stages.remove(&(app.clone(), stage.clone()));
        let token = call.token();
        let mut items = place.write()?;
        items.push(head.write(&token)?);
        match table.put_all(&token, items).await? {
            Written::Yes => return Ok(()),
            unclear @ (Written::No | Written::Perhaps(_)) => call.again(table, unclear).await?,
        }
    }
}

pub(super) async fn decree(
    table: &Table,
    app: &AppName,
    stage: &StageName,
    word: &Word,
    now: Timestamp,
) -> Result<StageLedger, JournalError> {
    let mut call = Call::new();
    loop {
        let mut place = Place::load(table, app, stage).await?;
        if call.is_again() && place.ledger.has_heard(word, now) {
            return Ok(place.ledger);
        }
        lease::decree(stage, &mut place.lease, &mut place.ledger, word, now)?;
        let token = call.token();
        match table.put_all(&token, place.write()?).await? {
            Written::Yes => return Ok(place.ledger),
            unclear @ (Written::No | Written::Perhaps(_)) => call.again(table, unclear).await?,
        }
    }
}
