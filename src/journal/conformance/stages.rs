//! Leases of stages, and their ledgers.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{TestStore, app, heartbeat, holder, intended, is_held, is_lost, lapsed, stage, update};
use crate::model::approval::Identity;
use crate::model::effect::Effect;
use crate::model::event::Fact;
use crate::model::fault::state::Leased;
use crate::model::freeze::Frozen;
use crate::model::freeze::FrozenBy;
use crate::model::ids::Digest;
use crate::model::ledger::{LastGood, StageAction, StageCommand, StageLedger};
use crate::model::outcome::Outcome;
use crate::model::release::samples::{at, id, reason, step, warned};
use crate::model::step::part::Direction;
use crate::ports::journal::{JournalError, LEASE};

pub async fn a_stage_is_held_by_one_release(store: &TestStore) {
    let (one, two) = (store.begin("r1", "a", 0).await, store.begin("r2", "b", 0).await);
    let fence = store.lock("dev", &one, 0).await.unwrap();
    assert_eq!(store.lock("dev", &one, 1).await, Ok(fence), "twice is once");
    is_held(store.lock("dev", &two, 1).await, "r1");
    store.lock("prod", &two, 1).await.unwrap();
    store.journal.lock_stage(&id("other"), &stage("dev"), &two, None, at(1)).await.unwrap();
    store.journal.unlock_stage(&app(), &stage("dev"), &two).await.unwrap();
    is_held(store.lock("dev", &two, 1).await, "r1");
    store.journal.unlock_stage(&app(), &stage("dev"), &one).await.unwrap();
    assert!(store.lock("dev", &two, 1).await.unwrap() > fence);
}

pub async fn a_stage_is_taken_from_an_ended_or_expired_holder(store: &TestStore) {
    let (one, two) = (store.begin("r1", "a", 0).await, store.begin("r2", "b", 0).await);
    let first = store.lock("dev", &one, 0).await.unwrap();
    let second = store.lock_over("dev", &two, 0).await;
    store.is_dead("b");
    let third = store.lock("dev", &one, 1).await.unwrap();
    assert!(first < second && second < third);
}

pub async fn a_stage_is_renewed_along_with_its_release(store: &TestStore) {
    let (one, two) = (store.begin("r1", "a", 0).await, store.begin("r2", "b", 0).await);
    store.lock("dev", &one, 0).await.unwrap();
    store.lock("prod", &one, 0).await.unwrap();
    let seen = heartbeat(store.lock("dev", &two, 1).await);
    let renewed = store.journal.renew(&one, at(1)).await.unwrap();
    assert_eq!(BTreeSet::from_iter(renewed), BTreeSet::from([id("dev"), id("prod")]));
    let late = store.journal.lock_stage(&app(), &stage("dev"), &two, Some(seen), at(lapsed())).await;
    assert_eq!(heartbeat(late).fence, seen.fence, "what was seen before the renewal no longer counts");
    store.lock_over("dev", &two, lapsed()).await;
    assert_eq!(store.journal.renew(&one, at(lapsed())).await.unwrap(), [id("prod")], "the other one is lost");
    is_held(store.lock("dev", &one, 2 * LEASE.as_secs()).await, "r2");
}

pub async fn a_stage_passes_to_a_later_process_of_its_release(store: &TestStore) {
    let first = store.begin("r1", "a", 0).await;
    let fence = store.lock("dev", &first, 0).await.unwrap();
    store.is_dead("a");
    let second = store.take("r1", "b", 1).await.unwrap();
    assert!(store.lock("dev", &second, 1).await.unwrap() > fence);
    is_lost(store.lock("dev", &first, 1).await);
    is_lost(store.journal.unlock_stage(&app(), &stage("dev"), &first).await);
}

pub async fn leaving_a_stage_or_giving_up_frees_it(store: &TestStore) {
    let (one, two) = (store.begin("r1", "a", 0).await, store.begin("r2", "b", 0).await);
    store.lock("dev", &one, 0).await.unwrap();
    store.lock("prod", &one, 0).await.unwrap();
    store.append(&one, 1, Fact::StageLeft { stage: id("dev"), images: BTreeMap::new() }).await.unwrap();
    store.lock("dev", &two, 1).await.unwrap();
    is_held(store.lock("prod", &two, 1).await, "r1");
    is_lost(store.append(&one, 2, Fact::StageLeft { stage: id("dev"), images: BTreeMap::new() }).await);
    store.journal.give_up(&one).await.unwrap();
    store.lock("prod", &two, 1).await.unwrap();
    let back = store.take("r1", "a", 1).await.unwrap();
    is_held(store.lock("dev", &back, 1).await, "r2");
}

pub async fn nobody_changes_a_stage_that_it_does_not_hold(store: &TestStore) {
    let (one, two) = (store.begin("r1", "a", 0).await, store.begin("r2", "b", 0).await);
    is_lost(store.append(&one, 1, update("dev")).await);
    store.lock("dev", &one, 0).await.unwrap();
    store.append(&one, 1, Fact::StageEntered { stage: id("dev") }).await.unwrap();
    store.lock_over("dev", &two, 0).await;
    let late = store.append(&one, 2, update("dev")).await;
    assert_eq!(late, Err(JournalError::LostLease { what: Leased::Stage(stage("dev")), last_event: None }));
    is_lost(store.append(&one, 2, Fact::StageEntered { stage: id("dev") }).await);
    store.append(&one, 2, warned("what came of earlier changes is still recorded")).await.unwrap();
    let plan = Fact::Intended { effect: Effect::Plan { stage: id("dev") }, attempt: 1 };
    store.append(&one, 3, plan).await.unwrap();
    store.append(&two, 1, update("dev")).await.unwrap();
    // A later process of the same release has to take it again.
    let later = store.take_over("r2", "c", 0).await;
    is_lost(store.append(&later, 2, update("dev")).await);
    store.lock("dev", &later, 0).await.unwrap();
    store.append(&later, 2, update("dev")).await.unwrap();
}

fn command(reason: &str, action: StageAction) -> StageCommand {
    let by = Identity { arn: "arn:aws:iam::1:user/a".into(), account: id("012345678901"), user_id: "A".into() };
    StageCommand { by, reason: reason.into(), action }
}

pub async fn a_frozen_stage_is_not_entered_but_can_be_rolled_back(store: &TestStore) {
    let one = store.begin("r1", "a", 0).await;
    store.lock("dev", &one, 0).await.unwrap();
    store.append(&one, 1, Fact::StageEntered { stage: id("dev") }).await.unwrap();
    let freeze = command("an incident", StageAction::Freeze);
    let ledger = store.journal.intervene(&app(), &stage("dev"), &freeze, at(5)).await.unwrap();
    let by = FrozenBy::Person { identity: freeze.by.clone(), reason: "an incident".into() };
    assert_eq!(ledger.frozen, Some(Frozen { at: at(5), by }));
    assert_eq!(store.journal.ledger(&app(), &stage("dev")).await.unwrap(), ledger);
    assert_eq!(store.journal.ledger(&app(), &stage("prod")).await.unwrap().frozen, None);
    let service = id("web");
    let task = Effect::RunTask { at: step("dev", 0), task: id("migrate") };
    for forward in [Fact::StageEntered { stage: id("dev") }, update("dev"), intended(task)] {
        assert_eq!(store.append(&one, 2, forward).await, Err(JournalError::Frozen(id("dev"))));
    }
    let place = || (step("dev", 1), id("web"));
    let (at_stop, at_back) = (place(), place());
    let stop = Effect::StopRollout { at: at_stop.0, service: at_stop.1 };
    store.append(&one, 2, intended(stop)).await.unwrap();
    store
        .append(&one, 3, intended(Effect::Update { at: at_back.0, service, direction: Direction::Back }))
        .await
        .unwrap();
    let open =
        store.journal.intervene(&app(), &stage("dev"), &command("over", StageAction::Unfreeze), at(9)).await.unwrap();
    assert_eq!(open.frozen, None);
    let said: Vec<(&str, Timestamp)> = open.commands.iter().map(|c| (c.command.reason.as_str(), c.at)).collect();
    assert_eq!(said, [("an incident", at(5)), ("over", at(9))], "both are on record");
    store.append(&one, 4, update("dev")).await.unwrap();
}

pub async fn the_ledger_remembers_failed_images_and_freezes(store: &TestStore) {
    let one = store.begin("r1", "a", 0).await;
    let images = BTreeMap::from([(id("web"), Digest::of(b"web"))]);
    let failed = |outcome| Fact::ImagesFailed { stage: id("dev"), images: images.clone(), reason: reason(outcome) };
    store.append(&one, 1, failed(Outcome::RolledBack)).await.unwrap();
    store.append(&one, 2, failed(Outcome::Failed)).await.unwrap();
    store.append(&one, 3, Fact::StageFrozen { stage: id("dev") }).await.unwrap();
    let ledger = store.journal.ledger(&app(), &stage("dev")).await.unwrap();
    assert_eq!(ledger.failed.iter().map(|f| &f.reason).collect::<Vec<_>>(), [&reason(Outcome::Failed)]);
    let (same, other) = (Digest::of(b"web"), Digest::of(b"other"));
    assert!(ledger.failed_before(&|_| Some(&same)).is_some() && ledger.failed_before(&|_| Some(&other)).is_none());
    assert_eq!(ledger.frozen.unwrap().by, FrozenBy::Release { release: id("r1") });
}

pub async fn images_that_were_proven_no_longer_count_as_failed(store: &TestStore) {
    let one = store.begin("r1", "a", 0).await;
    let (web, admin) = (Digest::of(b"web"), Digest::of(b"admin"));
    let both = BTreeMap::from([(id("web"), web.clone()), (id("admin"), admin)]);
    let alone = BTreeMap::from([(id("web"), web)]);
    for (after, images) in [(1, &both), (2, &alone)] {
        store
            .append(
                &one,
                after,
                Fact::ImagesFailed { stage: id("dev"), images: images.clone(), reason: reason(Outcome::Failed) },
            )
            .await
            .unwrap();
    }
    store.lock("dev", &one, 0).await.unwrap();
    store.append(&one, 3, Fact::StageLeft { stage: id("dev"), images: alone }).await.unwrap();
    let left = store.journal.ledger(&app(), &stage("dev")).await.unwrap().failed;
    assert_eq!(left.iter().map(|f| &f.images).collect::<Vec<_>>(), [&both], "of the two only one was proven");
    store.lock("dev", &one, 0).await.unwrap();
    store.append(&one, 4, Fact::StageLeft { stage: id("dev"), images: both }).await.unwrap();
    assert_eq!(store.journal.ledger(&app(), &stage("dev")).await.unwrap().failed, []);
}

pub async fn a_person_breaks_a_lock_and_the_ledger_says_so(store: &TestStore) {
    let (one, two) = (store.begin("r1", "a", 0).await, store.begin("r2", "b", 0).await);
    store.lock("dev", &one, 0).await.unwrap();
    let (release, who, seen) = store.journal.holder(&app(), &stage("dev")).await.unwrap().unwrap();
    assert_eq!((release, who), (id("r1"), holder("a")));
    store.journal.renew(&one, at(1)).await.unwrap();
    let another = StageAction::BreakLock { release: id("r2"), fence: seen.fence };
    let wrong = store.journal.intervene(&app(), &stage("dev"), &command("x", another), at(2)).await;
    assert_eq!(heartbeat(wrong).fence, seen.fence, "only the holder that was seen");
    let break_it = StageAction::BreakLock { release: id("r1"), fence: seen.fence };
    let ledger =
        store.journal.intervene(&app(), &stage("dev"), &command("its machine burnt", break_it), at(3)).await.unwrap();
    assert_eq!(ledger.commands.last().unwrap().command.reason, "its machine burnt");
    assert_eq!(store.journal.holder(&app(), &stage("dev")).await.unwrap(), None);
    is_lost(store.append(&one, 1, update("dev")).await);
    assert_eq!(store.journal.renew(&one, at(4)).await.unwrap(), []);
    assert!(store.lock("dev", &two, 4).await.unwrap() > seen.fence);
}

pub async fn the_ledger_is_the_fold_of_what_happened_in_a_stage(store: &TestStore) {
    let (one, two) = (store.begin("r1", "a", 0).await, store.begin("r2", "b", 0).await);
    let entered = Fact::StageEntered { stage: id("dev") };
    store.lock("dev", &one, 0).await.unwrap();
    store.append(&one, 1, entered.clone()).await.unwrap();
    let left = store
        .journal
        .append(&one, 2, &[Fact::StageLeft { stage: id("dev"), images: BTreeMap::new() }], at(7))
        .await
        .unwrap();
    store.lock("dev", &two, 0).await.unwrap();
    store.append(&two, 1, entered).await.unwrap();
    let ledger = store.journal.ledger(&app(), &stage("dev")).await.unwrap();
    let good = LastGood { release: id("r1"), at: left[0].at };
    assert_eq!(ledger, StageLedger { last_good: Some(good), last_entered: Some(id("r2")), ..StageLedger::default() });
    assert_eq!(store.journal.ledger(&app(), &stage("prod")).await.unwrap(), StageLedger::default());
    assert_eq!(store.journal.ledger(&id("other"), &stage("dev")).await.unwrap(), StageLedger::default());
}
