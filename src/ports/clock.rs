//! Time and chance, as inputs.

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};

#[async_trait]
pub trait Clock: Send + Sync {
    fn now(&self) -> Timestamp;

    /// Waits; a duration of zero or less returns at once.
    async fn sleep(&self, duration: SignedDuration);

    /// A fresh random token in lower-case hex, of this many digits.
    fn token(&self, digits: usize) -> String;
}
