//! One virtual clock for kanmon, the SDK and the sandbox: tokio's paused one, which jumps when every task waits.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use aws_smithy_async::rt::sleep::{AsyncSleep, Sleep};
use aws_smithy_async::time::TimeSource;
use jiff::{SignedDuration, Timestamp};
use kanmon::ports::clock::Clock;
use tokio::time::Instant;

/// When every story begins.
pub const BEGINNING: &str = "2026-01-31T09:45:00Z";

#[derive(Debug)]
pub struct Time {
    began: Instant,
    base: Timestamp,
    /// The time that had passed when this clock was started.
    before: SignedDuration,
    drawn: AtomicU64,
}

/// What a clock showed, and how many tokens were drawn from it.
#[derive(Debug, Clone, Copy)]
pub struct SavedTime {
    passed: SignedDuration,
    drawn: u64,
}

impl Time {
    pub fn new() -> Time {
        Time::at(&SavedTime { passed: SignedDuration::ZERO, drawn: 0 })
    }

    /// A clock that continues from there.
    pub fn at(saved: &SavedTime) -> Time {
        let base = BEGINNING.parse().expect("a timestamp");
        Time { began: Instant::now(), base, before: saved.passed, drawn: AtomicU64::new(saved.drawn) }
    }

    pub fn save(&self) -> SavedTime {
        SavedTime { passed: self.passed(), drawn: self.drawn.load(Ordering::Relaxed) }
    }

    pub fn timestamp(&self) -> Timestamp {
        let passed = SignedDuration::try_from(self.began.elapsed()).expect("stories are short");
        self.base + self.before + passed
    }

    pub fn passed(&self) -> SignedDuration {
        self.timestamp().duration_since(self.base)
    }
}

#[async_trait]
impl Clock for Time {
    fn now(&self) -> Timestamp {
        self.timestamp()
    }

    fn uptime(&self) -> SignedDuration {
        self.passed()
    }

    async fn sleep(&self, duration: SignedDuration) {
        if let Ok(duration) = Duration::try_from(duration) {
            tokio::time::sleep(duration).await;
        }
    }

    /// Not random: the same story draws the same tokens, and later ones sort later.
    fn token(&self, digits: usize) -> String {
        let drawn = self.drawn.fetch_add(1, Ordering::Relaxed) + 1;
        format!("{drawn:0digits$x}")
    }
}

/// The SDK's and the sandbox's view of the same clock.
#[derive(Debug, Clone)]
pub struct SdkTime(pub Arc<Time>);

impl TimeSource for SdkTime {
    fn now(&self) -> SystemTime {
        self.0.timestamp().try_into().expect("after 1970")
    }
}

impl AsyncSleep for SdkTime {
    fn sleep(&self, duration: Duration) -> Sleep {
        Sleep::new(tokio::time::sleep(duration))
    }
}

/// The machine that kanmon runs on: its clock may be set.
#[derive(Debug)]
pub struct Machine {
    pub time: Arc<Time>,
    off: AtomicI64,
}

impl Machine {
    pub fn new(time: Arc<Time>) -> Machine {
        Machine { time, off: AtomicI64::new(0) }
    }

    /// Sets its clock to this much after the true time.
    pub fn set(&self, off: SignedDuration) {
        self.off.store(off.as_secs(), Ordering::Relaxed);
    }

    pub fn off(&self) -> SignedDuration {
        SignedDuration::from_secs(self.off.load(Ordering::Relaxed))
    }
}

#[async_trait]
impl Clock for Machine {
    fn now(&self) -> Timestamp {
        self.time.timestamp() + self.off()
    }

    fn uptime(&self) -> SignedDuration {
        self.time.passed()
    }

    async fn sleep(&self, duration: SignedDuration) {
        self.time.sleep(duration).await;
    }

    fn token(&self, digits: usize) -> String {
        self.time.token(digits)
    }
}

/// The SDK's view of a machine's clock.
#[derive(Debug, Clone)]
pub struct MachineTime(pub Arc<Machine>);

impl TimeSource for MachineTime {
    fn now(&self) -> SystemTime {
        Clock::now(self.0.as_ref()).try_into().expect("after 1970")
    }
}
