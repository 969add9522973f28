//! Taking over a release's lease from a holder that has ended, and only once that is certain.

use jiff::SignedDuration;

use crate::model::ids::ReleaseId;
use crate::ports::clock::Clock;
use crate::ports::journal::{Heartbeat, Holder, Journal, JournalError, LEASE, Lease};

/// Observes whether a holder is alive: remembers its last heartbeat, and since when it has not changed.
#[derive(Debug, Default)]
pub struct HeartbeatObserver {
    seen: Option<(Heartbeat, SignedDuration)>,
}

impl HeartbeatObserver {
    /// The heartbeat that has not changed for as long as a lease lasts, if there is one; `uptime`: before it was read.
    pub fn stale(&self, uptime: SignedDuration) -> Option<Heartbeat> {
        self.seen.filter(|(_, since)| uptime - *since >= LEASE).map(|(heartbeat, _)| heartbeat)
    }

    /// Takes in a heartbeat that was just read; answers whether it has changed since the last one.
    pub fn saw(&mut self, heartbeat: Heartbeat, uptime: SignedDuration) -> bool {
        match self.seen {
            Some((last, _)) if last == heartbeat => false,
            last => {
                self.seen = Some((heartbeat, uptime));
                last.is_some()
            }
        }
    }

    /// How long until the heartbeat is stale, if it does not change any more.
    pub fn left(&self, uptime: SignedDuration) -> SignedDuration {
        self.seen.map_or(LEASE, |(_, since)| LEASE - (uptime - since))
    }
}

/// Between two looks at another process's heartbeat: it beats every third of a lease.
const LOOK: SignedDuration = SignedDuration::from_secs(5);

/// Takes a release's lease; from a holder that seems to have ended, once that is certain. `watching` is called with that holder and for
/// how long it is watched.
///
/// # Errors
/// `Held` by one that is alive, or has renewed its lease within the last minute.
pub async fn take(
    journal: &dyn Journal,
    clock: &dyn Clock,
    release: &ReleaseId,
    holder: &Holder,
    watching: &(dyn Fn(&str, SignedDuration) + Send + Sync),
) -> Result<Lease, JournalError> {
    let mut observer = HeartbeatObserver::default();
    loop {
        let asked = clock.uptime();
        match journal.take(release, holder, observer.stale(asked), clock.now()).await {
            Err(JournalError::Held { what, holder: theirs, holder_release, heartbeat, renewed_at }) => {
                // Clocks may differ: one that seems recent is left alone, one that seems old is watched before it counts as such.
                let seems_alive = clock.now().duration_since(renewed_at).abs() < LEASE;
                let first = observer.seen.is_none();
                let moved = observer.saw(heartbeat, clock.uptime());
                if moved || (first && seems_alive) {
                    let held = JournalError::Held { what, holder: theirs, holder_release, heartbeat, renewed_at };
                    return Err(held);
                }
                if first {
                    watching(&theirs, LEASE);
                }
                clock.sleep(LOOK.min(observer.left(clock.uptime()))).await;
            }
            done => return done,
        }
    }
}

#[cfg(test)]
mod tests;
