//! Time and randomness, as inputs.

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};

#[async_trait]
pub trait Clock: Send + Sync {
    fn now(&self) -> Timestamp;

    /// Time since some moment, by a clock that nobody can set and that goes on while the machine sleeps. Only differences have a
    /// meaning, and only on this machine.
    fn uptime(&self) -> SignedDuration;

    /// Waits; a duration of zero or less returns at once.
    async fn sleep(&self, duration: SignedDuration);

    /// A fresh random token in lower-case hex, of this many digits.
    fn token(&self, digits: usize) -> String;
}
