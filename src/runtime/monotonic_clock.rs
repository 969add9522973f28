//! A process's own time: the machine's time when it began, and what has passed since by the clock that nobody can set. So a clock that is
//! set while a process works neither ends a deadline nor puts one off.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};

use crate::ports::clock::Clock;

pub struct MonotonicClock {
    clock: Arc<dyn Clock>,
    began: Timestamp,
    uptime: SignedDuration,
}

impl MonotonicClock {
    pub fn new(clock: Arc<dyn Clock>) -> MonotonicClock {
        MonotonicClock { began: clock.now(), uptime: clock.uptime(), clock }
    }
}

#[async_trait]
impl Clock for MonotonicClock {
    fn now(&self) -> Timestamp {
        self.began + (self.clock.uptime() - self.uptime)
    }

    fn uptime(&self) -> SignedDuration {
        self.clock.uptime()
    }

    async fn sleep(&self, duration: SignedDuration) {
        self.clock.sleep(duration).await;
    }

    fn token(&self, digits: usize) -> String {
        self.clock.token(digits)
    }
}
