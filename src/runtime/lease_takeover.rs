//! Taking over a release's lease: from a holder that is gone, and only once that is certain.

use jiff::SignedDuration;

use crate::model::ids::ReleaseId;
use crate::ports::clock::Clock;
use crate::ports::journal::{Heartbeat, Holder, Journal, JournalError, LEASE, Lease};

/// Sees whether a hold lives: remembers a heartbeat, and since when it stands still.
#[derive(Debug, Default)]
pub struct HeartbeatObserver {
    seen: Option<(Heartbeat, SignedDuration)>,
}

impl HeartbeatObserver {
    /// The heartbeat that has stood still for as long as a lease lasts, if one has; `uptime` is of before it was asked for.
    pub fn still(&self, uptime: SignedDuration) -> Option<Heartbeat> {
        self.seen.filter(|(_, since)| uptime - *since >= LEASE).map(|(heartbeat, _)| heartbeat)
    }

    /// Takes in a heartbeat that was just read. Says whether it moved since the last one.
    pub fn saw(&mut self, heartbeat: Heartbeat, uptime: SignedDuration) -> bool {
        match self.seen {
            Some((last, _)) if last == heartbeat => false,
            last => {
                self.seen = Some((heartbeat, uptime));
                last.is_some()
            }
        }
    }

    /// How long until a heartbeat that stands still from now on has done so for long enough.
    pub fn left(&self, uptime: SignedDuration) -> SignedDuration {
        self.seen.map_or(LEASE, |(_, since)| LEASE - (uptime - since))
    }
}

/// Between two looks at another process's heartbeat: it beats every third of a lease.
const LOOK: SignedDuration = SignedDuration::from_secs(5);

/// Takes a release's lease; of a holder that seems to be gone, once that is certain. `watching` hears whom, and for how long.
///
/// # Errors
/// `Held` by one that lives, or was heard of within the last minute.
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
        match journal.take(release, holder, observer.still(asked), clock.now()).await {
            Err(JournalError::Held { what, holder: theirs, holder_release, heartbeat, renewed_at }) => {
                // Clocks may differ: one that seems fresh is left alone, one that seems stale is looked at before it counts as such.
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
