//! What stale reads see: an earlier value.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};

/// A value before a change, and until when reads see it.
#[derive(Debug, Clone)]
struct Snapshot<T> {
    until: Timestamp,
    value: Box<T>,
}

/// What stale reads still see, oldest first.
#[derive(Debug, Clone)]
pub struct History<T>(VecDeque<Snapshot<T>>);

impl<T> Default for History<T> {
    fn default() -> History<T> {
        History(VecDeque::new())
    }
}

impl<T> History<T> {
    /// Keeps what was true before a change at `now`, for reads that lag by `lag`.
    pub fn remember(&mut self, now: Timestamp, lag: SignedDuration, before: impl FnOnce() -> T) {
        while self.0.front().is_some_and(|s| s.until <= now) {
            self.0.pop_front();
        }
        let until = now + lag;
        if self.0.back().is_none_or(|s| s.until < until) {
            self.0.push_back(Snapshot { until, value: Box::new(before()) });
        }
    }

    /// What a read at `now` sees, where that is not the present.
    pub fn at(&self, now: Timestamp) -> Option<&T> {
        self.0.iter().find(|s| now < s.until).map(|s| &*s.value)
    }
}
