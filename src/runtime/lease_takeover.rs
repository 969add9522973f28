//! Taking over a release's lease: from a holder that is gone, and only once that is certain.

use jiff::SignedDuration;

use crate::model::ids::ReleaseId;
use crate::ports::clock::Clock;
use crate::ports::journal::{Holder, Journal, JournalError, LEASE, Lease, Pulse};

/// Sees whether a hold lives: remembers a pulse, and since when it stands still.
#[derive(Debug, Default)]
pub struct PulseObserver {
    seen: Option<(Pulse, SignedDuration)>,
}

impl PulseObserver {
    /// The pulse that has stood still for as long as a lease lasts, if one has; `uptime` is of before it was asked for.
    pub fn still(&self, uptime: SignedDuration) -> Option<Pulse> {
        self.seen.filter(|(_, since)| uptime - *since >= LEASE).map(|(pulse, _)| pulse)
    }

    /// Takes in a pulse that was just read. Says whether it moved since the last one.
    pub fn saw(&mut self, pulse: Pulse, uptime: SignedDuration) -> bool {
        match self.seen {
            Some((last, _)) if last == pulse => false,
            last => {
                self.seen = Some((pulse, uptime));
                last.is_some()
            }
        }
    }

    /// How long until a pulse that stands still from now on has done so for long enough.
    pub fn left(&self, uptime: SignedDuration) -> SignedDuration {
        self.seen.map_or(LEASE, |(_, since)| LEASE - (uptime - since))
    }
}

/// Between two looks at another process's pulse: it beats every third of a lease.
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
    let mut observer = PulseObserver::default();
    loop {
        let asked = clock.uptime();
        match journal.take(release, holder, observer.still(asked), clock.now()).await {
            Err(JournalError::Held { what, holder: theirs, pulse, renewed_at }) => {
                // Clocks may differ: one that seems fresh is left alone, one that seems stale is looked at before it counts as such.
                let seems_alive = clock.now().duration_since(renewed_at).abs() < LEASE;
                let first = observer.seen.is_none();
                let moved = observer.saw(pulse, clock.uptime());
                if moved || (first && seems_alive) {
                    return Err(JournalError::Held { what, holder: theirs, pulse, renewed_at });
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
