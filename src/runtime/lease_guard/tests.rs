use std::sync::atomic::Ordering;

use super::*;
use crate::journal::MemoryJournal;
use crate::model::fault::FaultKind;
use crate::model::release::samples::{at, id, started};
use crate::runtime::lease_samples::{app, held, holder};

/// `b` takes the release without waiting.
async fn taken_over(journal: &MemoryJournal) {
    let Err(JournalError::Held { heartbeat, .. }) = journal.take(&id("r1"), &holder("b"), None, at(0)).await else {
        panic!("it is held")
    };
    journal.take(&id("r1"), &holder("b"), Some(heartbeat), at(0)).await.unwrap();
}

#[tokio::test]
async fn a_recent_lease_is_trusted_and_an_old_one_is_confirmed_first() {
    let (journal, clock, guard) = held().await;
    taken_over(&journal).await;
    assert_eq!(guard.check(None).await, Ok(()), "it is trusted");
    clock.pass(TRUSTED.as_secs());
    let refused = guard.check(None).await.unwrap_err();
    assert_eq!(refused.kind(), FaultKind::Unreachable);
    assert_eq!(refused.code(), "process-paused");
}

#[tokio::test]
async fn an_old_lease_that_nobody_took_is_good_again() {
    let (journal, clock, guard) = held().await;
    clock.pass(1000);
    assert_eq!(guard.check(Some(&id("dev"))).await, Ok(()));
    taken_over(&journal).await;
    assert_eq!(guard.check(Some(&id("dev"))).await, Ok(()), "it is young again");
}

#[tokio::test]
async fn each_clock_alone_shows_that_time_has_passed() {
    let (journal, clock, guard) = held().await;
    taken_over(&journal).await;
    clock.wall.fetch_add(-5000, Ordering::Relaxed);
    clock.uptime.fetch_add(TRUSTED.as_secs(), Ordering::Relaxed);
    assert!(guard.check(None).await.is_err(), "the wall's clock was set back");
    let (journal, clock, guard) = held().await;
    taken_over(&journal).await;
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
        let guard = &guard;
        guard.call(stage, async move { guard.may_send() })
    };
    let dev = id("dev");
    assert!(call(Some(&dev)).await.is_err());
    assert_eq!(call(None).await, Ok(()));
}

#[tokio::test]
async fn the_check_before_sending_knows_the_stage_of_the_call() {
    let (journal, clock, guard) = held().await;
    let dev = id("dev");
    let lost_before_sending = guard.call(Some(&dev), async {
        // The process sleeps between the check and the sending; the loop wakes first and renews the release.
        clock.pass(300);
        assert!(guard.may_send().is_err(), "it is too old");
        let Some((_, _, heartbeat)) = journal.holder(&app(), &dev).await.unwrap() else { panic!("it is held") };
        let (other, _) = journal.begin(&app(), &id("r2"), started(), &holder("b"), at(0)).await.unwrap();
        journal.lock_stage(&app(), &dev, &other, Some(heartbeat), at(0)).await.unwrap();
        guard.renew().await.unwrap();
        guard.may_send()
    });
    assert!(lost_before_sending.await.is_err());
    assert_eq!(guard.call(None, async { guard.may_send() }).await, Ok(()), "a call without a stage may be sent");
}

#[tokio::test]
async fn the_age_of_a_lease_that_was_just_taken_is_unknown() {
    let (journal, clock, guard) = held().await;
    let guard = LeaseGuard::new(journal.clone(), clock, guard.lease().clone());
    taken_over(&journal).await;
    assert!(guard.check(None).await.is_err());
}
