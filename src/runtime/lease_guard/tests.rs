use std::sync::atomic::Ordering;

use super::*;
use crate::journal::MemoryJournal;
use crate::model::fault::FaultKind;
use crate::model::release::samples::{at, id, started};
use crate::runtime::lease_samples::{app, held, holder};

/// `b` takes the release without asking how long it was left.
async fn robbed(journal: &MemoryJournal) {
    let Err(JournalError::Held { heartbeat, .. }) = journal.take(&id("r1"), &holder("b"), None, at(0)).await else {
        panic!("it is held")
    };
    journal.take(&id("r1"), &holder("b"), Some(heartbeat), at(0)).await.unwrap();
}

#[tokio::test]
async fn a_young_lease_is_trusted_and_an_old_one_asked_for() {
    let (journal, clock, guard) = held().await;
    robbed(&journal).await;
    assert_eq!(guard.check(None).await, Ok(()), "nobody may have taken it yet");
    clock.pass(TRUSTED.as_secs());
    let refused = guard.check(None).await.unwrap_err();
    assert_eq!(refused.kind(), FaultKind::Unreachable);
    assert_eq!(refused.code(), "process-stood-still");
}

#[tokio::test]
async fn an_old_lease_that_nobody_took_is_good_again() {
    let (journal, clock, guard) = held().await;
    clock.pass(1000);
    assert_eq!(guard.check(Some(&id("dev"))).await, Ok(()));
    robbed(&journal).await;
    assert_eq!(guard.check(Some(&id("dev"))).await, Ok(()), "it is young again");
}

#[tokio::test]
async fn each_clock_alone_can_tell_that_time_has_passed() {
    let (journal, clock, guard) = held().await;
    robbed(&journal).await;
    clock.wall.fetch_add(-5000, Ordering::Relaxed);
    clock.uptime.fetch_add(TRUSTED.as_secs(), Ordering::Relaxed);
    assert!(guard.check(None).await.is_err(), "the wall's clock was set back");
    let (journal, clock, guard) = held().await;
    robbed(&journal).await;
    clock.wall.fetch_add(TRUSTED.as_secs(), Ordering::Relaxed);
    assert!(guard.check(None).await.is_err(), "the machine was frozen with its uptime");
}

#[tokio::test]
async fn a_stage_that_was_lost_is_not_changed() {
    let (journal, clock, guard) = held().await;
    let (other, _) = journal.begin(&app(), &id("r2"), started(), &holder("b"), at(0)).await.unwrap();
    let Some((_, _, heartbeat)) = journal.holder(&app(), &id("dev")).await.unwrap() else { panic!("it is held") };
    journal.lock_stage(&app(), &id("dev"), &other, Some(heartbeat), at(0)).await.unwrap();
    clock.pass(TRUSTED.as_secs());
    assert!(guard.check(Some(&id("dev"))).await.is_err());
    assert_eq!(guard.check(None).await, Ok(()), "the release is still its own");
}

#[tokio::test]
async fn a_stage_that_was_lost_is_not_changed_though_the_release_was_renewed_since() {
    let (journal, clock, guard) = held().await;
    let (other, _) = journal.begin(&app(), &id("r2"), started(), &holder("b"), at(0)).await.unwrap();
    let Some((_, _, heartbeat)) = journal.holder(&app(), &id("dev")).await.unwrap() else { panic!("it is held") };
    clock.pass(300);
    journal.lock_stage(&app(), &id("dev"), &other, Some(heartbeat), at(0)).await.unwrap();
    guard.renew().await.unwrap();
    let call = |stage| {
        let may_send = guard.may_send();
        guard.call(stage, async move { may_send })
    };
    let dev = id("dev");
    assert!(call(Some(&dev)).await.is_err());
    assert_eq!(call(None).await, Ok(()));
}

#[tokio::test]
async fn the_last_word_knows_which_stage_the_call_is_for() {
    let (journal, clock, guard) = held().await;
    let dev = id("dev");
    let lost_on_its_way = guard.call(Some(&dev), async {
        // Between the asking and the sending the process sleeps; who wakes first is the loop, which renews the release.
        clock.pass(300);
        assert!(guard.may_send().is_err(), "it is too old");
        let Some((_, _, heartbeat)) = journal.holder(&app(), &dev).await.unwrap() else { panic!("it is held") };
        let (other, _) = journal.begin(&app(), &id("r2"), started(), &holder("b"), at(0)).await.unwrap();
        journal.lock_stage(&app(), &dev, &other, Some(heartbeat), at(0)).await.unwrap();
        guard.renew().await.unwrap();
        guard.may_send()
    });
    assert!(lost_on_its_way.await.is_err());
    assert_eq!(guard.may_send(), Ok(()), "what is no stage's may be sent");
}

#[tokio::test]
async fn a_lease_that_was_just_taken_is_of_unknown_age() {
    let (journal, clock, guard) = held().await;
    let guard = LeaseGuard::new(journal.clone(), clock, guard.lease().clone());
    robbed(&journal).await;
    assert!(guard.check(None).await.is_err());
}
