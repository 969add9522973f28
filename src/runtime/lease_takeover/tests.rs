use std::sync::Mutex;
use std::sync::atomic::Ordering;

use super::*;
use crate::model::release::samples::{at, id};
use crate::runtime::lease_samples::{held, holder};

#[tokio::test]
async fn a_holder_that_seems_alive_is_left_alone_at_once() {
    let (journal, clock, _) = held().await;
    clock.pass(30);
    let taken = take(journal.as_ref(), clock.as_ref(), &id("r1"), &holder("b"), &|_, _| panic!("nobody waits")).await;
    assert!(matches!(taken, Err(JournalError::Held { .. })));
    assert_eq!(clock.uptime(), SignedDuration::from_secs(30));
}

#[tokio::test]
async fn a_holder_that_seems_gone_is_watched_for_as_long_as_a_lease_lasts() {
    let (journal, clock, _) = held().await;
    clock.pass(10_000);
    let reported = Mutex::new(Vec::new());
    let watching = |who: &str, lasts| reported.lock().unwrap().push((who.to_owned(), lasts));
    take(journal.as_ref(), clock.as_ref(), &id("r1"), &holder("b"), &watching).await.unwrap();
    assert!(clock.uptime() - SignedDuration::from_secs(10_000) >= LEASE, "{}", clock.uptime());
    assert_eq!(*reported.lock().unwrap(), [("a".to_owned(), LEASE)]);
}

#[tokio::test]
async fn a_holder_with_a_wrong_clock_is_seen_alive_by_its_heartbeat() {
    let (journal, clock, guard) = held().await;
    // By this clock it has not renewed its lease for a day; but its heartbeat changes.
    clock.wall.fetch_add(86_400, Ordering::Relaxed);
    let beating = async {
        loop {
            journal.renew(guard.lease(), at(0)).await.unwrap();
            for _ in 0..4 {
                tokio::task::yield_now().await;
            }
        }
    };
    let (release, b) = (id("r1"), holder("b"));
    let taken = take(journal.as_ref(), clock.as_ref(), &release, &b, &|_, _| {});
    let taken = tokio::select! { taken = taken => taken, () = beating => unreachable!("it beats for ever") };
    assert!(matches!(taken, Err(JournalError::Held { .. })), "{taken:?}");
}
