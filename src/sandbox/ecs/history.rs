//! What reads see while they lag behind: the service as it was.

use jiff::{SignedDuration, Timestamp};

use super::service::Service;

/// A service as it was until a change, and until when reads see it so.
#[derive(Debug, Clone)]
pub struct Snapshot {
    until: Timestamp,
    service: Box<Service>,
}

impl Service {
    /// Keeps the service as it is before a change at `now`, for reads that lag by `lag`.
    pub fn remember(&mut self, now: Timestamp, lag: SignedDuration) {
        if lag <= SignedDuration::ZERO {
            return;
        }
        // Taken away first: a snapshot has no history of its own.
        let mut history = std::mem::take(&mut self.history);
        while history.front().is_some_and(|s| s.until <= now) {
            history.pop_front();
        }
        let until = now + lag;
        if history.back().is_none_or(|s| s.until < until) {
            history.push_back(Snapshot { until, service: Box::new(self.clone()) });
        }
        self.history = history;
    }

    /// The service as a read at `now` sees it: what was true one lag ago. Its tasks are counted as they are.
    pub fn as_read(&self, now: Timestamp) -> &Service {
        self.history.iter().find(|s| now < s.until).map_or(self, |s| &s.service)
    }
}
