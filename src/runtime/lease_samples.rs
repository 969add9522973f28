//! What the tests of leases share: a clock that they set, and a release that a process holds.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};

use super::lease_guard::LeaseGuard;
use crate::journal::MemoryJournal;
use crate::model::ids::AppName;
use crate::model::release::samples::{at, id, started};
use crate::ports::clock::Clock;
use crate::ports::journal::{Holder, Journal};

/// A clock that the test sets: its wall time and its monotonic time, separately.
#[derive(Default)]
pub struct ManualClock {
    pub wall: AtomicI64,
    pub uptime: AtomicI64,
}

impl ManualClock {
    pub fn pass(&self, seconds: i64) {
        self.wall.fetch_add(seconds, Ordering::Relaxed);
        self.uptime.fetch_add(seconds, Ordering::Relaxed);
    }
}

#[async_trait]
impl Clock for ManualClock {
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

pub fn holder(name: &str) -> Holder {
    Holder { id: name.into(), who: name.into(), host: "host".into(), pid: 1 }
}

pub fn app() -> AppName {
    id("shop")
}

/// A release that `a` holds, with its stage `dev`.
pub async fn held() -> (Arc<MemoryJournal>, Arc<ManualClock>, LeaseGuard) {
    let (journal, clock) = (Arc::new(MemoryJournal::new()), Arc::new(ManualClock::default()));
    let (lease, _) = journal.begin(&app(), &id("r1"), started(), &holder("a"), at(0)).await.unwrap();
    journal.lock_stage(&app(), &id("dev"), &lease, None, at(0)).await.unwrap();
    let guard = LeaseGuard::new(journal.clone(), clock.clone(), lease);
    guard.renew().await.unwrap();
    (journal, clock, guard)
}
