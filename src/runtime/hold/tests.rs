use crate::model::fault::FaultKind;
use std::sync::atomic::{AtomicI64, Ordering};

use async_trait::async_trait;

use super::*;
use crate::journal::MemoryJournal;
use crate::model::ids::AppName;
use crate::model::release::samples::{at, id, started};

/// Clocks that are set by hand: the wall's, and the one that nobody sets.
#[derive(Default)]
struct Hands {
    wall: AtomicI64,
    uptime: AtomicI64,
}

impl Hands {
    fn pass(&self, seconds: i64) {
        self.wall.fetch_add(seconds, Ordering::Relaxed);
        self.uptime.fetch_add(seconds, Ordering::Relaxed);
    }
}

#[async_trait]
impl Clock for Hands {
    fn now(&self) -> Timestamp {
        at(self.wall.load(Ordering::Relaxed))
    }

    fn uptime(&self) -> SignedDuration {
        SignedDuration::from_secs(self.uptime.load(Ordering::Relaxed))
    }

    async fn sleep(&self, duration: SignedDuration) {
        self.pass(duration.as_secs().max(1));
        tokio::task::yield_now().await;
    }

    fn token(&self, digits: usize) -> String {
        "0".repeat(digits)
    }
}

fn holder(name: &str) -> Holder {
    Holder { id: name.into(), who: name.into(), host: "host".into(), pid: 1 }
}

fn app() -> AppName {
    id("shop")
}

/// A release that `a` holds, with its stage `dev`.
async fn held() -> (Arc<MemoryJournal>, Arc<Hands>, Hold) {
    let (journal, hands) = (Arc::new(MemoryJournal::new()), Arc::new(Hands::default()));
    let (lease, _) = journal.begin(&app(), &id("r1"), started(), &holder("a"), at(0)).await.unwrap();
    journal.lock_stage(&app(), &id("dev"), &lease, None, at(0)).await.unwrap();
    let hold = Hold::new(journal.clone(), hands.clone(), lease);
    hold.renew().await.unwrap();
    (journal, hands, hold)
}

/// `b` takes the release without asking how long it was left.
async fn robbed(journal: &MemoryJournal) {
    let Err(JournalError::Held { pulse, .. }) = journal.take(&id("r1"), &holder("b"), None, at(0)).await else {
        panic!("it is held")
    };
    journal.take(&id("r1"), &holder("b"), Some(pulse), at(0)).await.unwrap();
}

#[tokio::test]
async fn a_young_lease_is_trusted_and_an_old_one_asked_for() {
    let (journal, hands, hold) = held().await;
    robbed(&journal).await;
    assert_eq!(hold.check(None).await, Ok(()), "nobody may have taken it yet");
    hands.pass(TRUSTED.as_secs());
    let refused = hold.check(None).await.unwrap_err();
    assert_eq!(refused.kind(), FaultKind::Unreachable);
    assert_eq!(refused.code(), "process-stood-still");
}

#[tokio::test]
async fn an_old_lease_that_nobody_took_is_good_again() {
    let (journal, hands, hold) = held().await;
    hands.pass(1000);
    assert_eq!(hold.check(Some(&id("dev"))).await, Ok(()));
    robbed(&journal).await;
    assert_eq!(hold.check(Some(&id("dev"))).await, Ok(()), "it is young again");
}

#[tokio::test]
async fn each_clock_alone_can_tell_that_time_has_passed() {
    let (journal, hands, hold) = held().await;
    robbed(&journal).await;
    hands.wall.fetch_add(-5000, Ordering::Relaxed);
    hands.uptime.fetch_add(TRUSTED.as_secs(), Ordering::Relaxed);
    assert!(hold.check(None).await.is_err(), "the wall's clock was set back");
    let (journal, hands, hold) = held().await;
    robbed(&journal).await;
    hands.wall.fetch_add(TRUSTED.as_secs(), Ordering::Relaxed);
    assert!(hold.check(None).await.is_err(), "the machine was frozen with its uptime");
}

#[tokio::test]
async fn a_stage_that_was_lost_is_not_changed() {
    let (journal, hands, hold) = held().await;
    let (other, _) = journal.begin(&app(), &id("r2"), started(), &holder("b"), at(0)).await.unwrap();
    let Some((_, _, pulse)) = journal.holder(&app(), &id("dev")).await.unwrap() else { panic!("it is held") };
    journal.lock_stage(&app(), &id("dev"), &other, Some(pulse), at(0)).await.unwrap();
    hands.pass(TRUSTED.as_secs());
    assert!(hold.check(Some(&id("dev"))).await.is_err());
    assert_eq!(hold.check(None).await, Ok(()), "the release is still its own");
}

#[tokio::test]
async fn a_stage_that_was_lost_is_not_changed_though_the_release_was_renewed_since() {
    let (journal, hands, hold) = held().await;
    let (other, _) = journal.begin(&app(), &id("r2"), started(), &holder("b"), at(0)).await.unwrap();
    let Some((_, _, pulse)) = journal.holder(&app(), &id("dev")).await.unwrap() else { panic!("it is held") };
    hands.pass(300);
    journal.lock_stage(&app(), &id("dev"), &other, Some(pulse), at(0)).await.unwrap();
    hold.renew().await.unwrap();
    let call = |stage| {
        let may_send = hold.may_send();
        hold.call(stage, async move { may_send })
    };
    let dev = id("dev");
    assert!(call(Some(&dev)).await.is_err());
    assert_eq!(call(None).await, Ok(()));
}

#[tokio::test]
async fn the_last_word_knows_which_stage_the_call_is_for() {
    let (journal, hands, hold) = held().await;
    let dev = id("dev");
    let lost_on_its_way = hold.call(Some(&dev), async {
        // Between the asking and the sending the process sleeps; who wakes first is the loop, which renews the release.
        hands.pass(300);
        assert!(hold.may_send().is_err(), "it is too old");
        let Some((_, _, pulse)) = journal.holder(&app(), &dev).await.unwrap() else { panic!("it is held") };
        let (other, _) = journal.begin(&app(), &id("r2"), started(), &holder("b"), at(0)).await.unwrap();
        journal.lock_stage(&app(), &dev, &other, Some(pulse), at(0)).await.unwrap();
        hold.renew().await.unwrap();
        hold.may_send()
    });
    assert!(lost_on_its_way.await.is_err());
    assert_eq!(hold.may_send(), Ok(()), "what is no stage's may be sent");
}

#[tokio::test]
async fn a_lease_that_was_just_taken_is_of_unknown_age() {
    let (journal, hands, hold) = held().await;
    let hold = Hold::new(journal.clone(), hands, hold.lease().clone());
    robbed(&journal).await;
    assert!(hold.check(None).await.is_err());
}

#[tokio::test]
async fn one_that_seems_alive_is_left_alone_at_once() {
    let (journal, hands, _) = held().await;
    hands.pass(30);
    let taken = take(journal.as_ref(), hands.as_ref(), &id("r1"), &holder("b"), &|_, _| panic!("nobody waits")).await;
    assert!(matches!(taken, Err(JournalError::Held { .. })));
    assert_eq!(hands.uptime(), SignedDuration::from_secs(30));
}

#[tokio::test]
async fn one_that_seems_gone_is_watched_for_as_long_as_a_lease_lasts() {
    let (journal, hands, _) = held().await;
    hands.pass(10_000);
    let told = Mutex::new(Vec::new());
    let watching = |who: &str, lasts| told.lock().unwrap().push((who.to_owned(), lasts));
    take(journal.as_ref(), hands.as_ref(), &id("r1"), &holder("b"), &watching).await.unwrap();
    assert!(hands.uptime() - SignedDuration::from_secs(10_000) >= LEASE, "{}", hands.uptime());
    assert_eq!(*told.lock().unwrap(), [("a".to_owned(), LEASE)]);
}

#[tokio::test]
async fn one_whose_clock_is_wrong_shows_by_its_pulse_that_it_lives() {
    let (journal, hands, hold) = held().await;
    // By this clock it has not been heard of for a day; it beats on.
    hands.wall.fetch_add(86_400, Ordering::Relaxed);
    let beating = async {
        loop {
            journal.renew(hold.lease(), at(0)).await.unwrap();
            for _ in 0..4 {
                tokio::task::yield_now().await;
            }
        }
    };
    let (release, b) = (id("r1"), holder("b"));
    let taken = take(journal.as_ref(), hands.as_ref(), &release, &b, &|_, _| {});
    let taken = tokio::select! { taken = taken => taken, () = beating => unreachable!("it beats for ever") };
    assert!(matches!(taken, Err(JournalError::Held { .. })), "{taken:?}");
}
