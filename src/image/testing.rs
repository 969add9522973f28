//! What the tests of this room share.

use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};

use crate::ports::clock::Clock;

/// A clock that stands still; waiting takes no time.
pub struct FixedClock;

#[async_trait]
impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_second(1_800_000_000).unwrap()
    }

    fn uptime(&self) -> SignedDuration {
        SignedDuration::ZERO
    }

    async fn sleep(&self, _duration: SignedDuration) {}

    fn token(&self, digits: usize) -> String {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        format!("{:0digits$x}", NEXT.fetch_add(1, Ordering::Relaxed))
    }
}
