//! The machine's own time and randomness.

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};

use crate::ports::clock::Clock;

/// The wall clock: approvals take days, and a laptop sleeps in between.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

#[async_trait]
impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    /// `CLOCK_BOOTTIME` where it exists, else `CLOCK_MONOTONIC`, which counts sleep too on the other systems.
    fn uptime(&self) -> SignedDuration {
        #[cfg(any(target_os = "linux", target_os = "android"))]
        let id = rustix::time::ClockId::Boottime;
        #[cfg(not(any(target_os = "linux", target_os = "android")))]
        let id = rustix::time::ClockId::Monotonic;
        let time = rustix::time::clock_gettime(id);
        let nanoseconds = i32::try_from(time.tv_nsec).unwrap_or_default();
        SignedDuration::new(time.tv_sec, nanoseconds)
    }

    async fn sleep(&self, duration: SignedDuration) {
        if let Ok(duration) = std::time::Duration::try_from(duration) {
            tokio::time::sleep(duration).await;
        }
    }

    fn token(&self, digits: usize) -> String {
        use rand::RngExt as _;
        let mut rng = rand::rng();
        (0..digits).map(|_| char::from_digit(rng.random_range(0..16), 16).expect("below 16")).collect()
    }
}
