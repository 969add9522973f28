//! Holding a lease: how this process knows that it may still act.
//!
//! AWS does not check fences: a call that arrives after its sender has lost the lease takes effect. So before each call that changes
//! something the age of the lease is checked, by clocks of this process alone; a process that was asleep in between finds it too old
//! and asks the store first.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

use crate::model::fault::Fault;
use crate::model::fault::own::{NotSent, OwnProblem, Part};
use crate::model::ids::StageName;
use crate::ports::clock::Clock;
use crate::ports::journal::{Journal, JournalError, LEASE, Lease};

/// A lease that was confirmed more recently than this is trusted. What is left of it covers the call's own time (an attempt is given up
/// after 35 s, but a late one arrives within a few), and clocks of two machines that run at different rates.
pub const TRUSTED: SignedDuration = SignedDuration::from_secs(40);

/// When the lease was last known to be held, before the call was made that said so, and which stages with it.
#[derive(Debug, Clone)]
struct Known {
    uptime: SignedDuration,
    now: Timestamp,
    stages: Vec<StageName>,
}

impl Known {
    fn of(clock: &dyn Clock) -> Known {
        Known { uptime: clock.uptime(), now: clock.now(), stages: Vec::new() }
    }
}

tokio::task_local! {
    /// Set while a checked call is under way: the stage that it changes, if it changes one.
    static CHANGES: Option<StageName>;
}

/// A lease that this process holds, and since when it knows that.
pub struct LeaseGuard {
    journal: Arc<dyn Journal>,
    clock: Arc<dyn Clock>,
    lease: Lease,
    known: Mutex<Known>,
}

impl LeaseGuard {
    /// Of a lease that was taken some time ago: its age is unknown, so the store is asked first.
    pub fn new(journal: Arc<dyn Journal>, clock: Arc<dyn Clock>, lease: Lease) -> LeaseGuard {
        let mut known = Known::of(clock.as_ref());
        known.uptime -= LEASE;
        LeaseGuard { journal, clock, lease, known: Mutex::new(known) }
    }

    pub fn lease(&self) -> &Lease {
        &self.lease
    }

    /// Whether what is known is young enough and says that the stage is held. Its age is by the clock that says more: one that was
    /// set back, or that stood still while the machine was frozen as a whole, shows in the other.
    fn is_known(&self, stage: Option<&StageName>) -> bool {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Known::of(self.clock.as_ref());
        let age = (now.uptime - known.uptime).max(now.now.duration_since(known.now));
        // The release can be renewed while a stage of it is lost.
        age < TRUSTED && stage.is_none_or(|stage| known.stages.contains(stage))
    }

    /// Renews the lease; answers which stages it holds.
    ///
    /// # Errors
    /// As `Journal::renew`.
    pub async fn renew(&self) -> Result<Vec<StageName>, JournalError> {
        let mut before = Known::of(self.clock.as_ref());
        let stages = self.journal.renew(&self.lease, before.now).await?;
        before.stages.clone_from(&stages);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        // Two renewals may overtake each other.
        if before.uptime >= known.uptime {
            *known = before;
        }
        Ok(stages)
    }

    /// Whether a call may be sent at this moment, without asking the store: for right before it is sent.
    ///
    /// # Errors
    /// `Unreachable`: it was not sent. `Defect` outside of `call`: which stage it changes is unknown, so it cannot be checked.
    pub fn may_send(&self) -> Result<(), Fault> {
        let Ok(stage) = CHANGES.try_with(Option::clone) else {
            return Err(OwnProblem::Broken { part: Part::UncheckedCall }.into());
        };
        match self.is_known(stage.as_ref()) {
            true => Ok(()),
            false => Err(not_sent(NotSent::Asleep)),
        }
    }

    /// Makes a call that changes something, unless it may not be sent.
    ///
    /// # Errors
    /// As `check` and the call itself.
    pub async fn call<T>(
        &self,
        stage: Option<&StageName>,
        call: impl Future<Output = Result<T, Fault>>,
    ) -> Result<T, Fault> {
        self.check(stage).await?;
        CHANGES.scope(stage.cloned(), call).await
    }

    /// Whether a call that changes something may be sent now; `stage`: where.
    ///
    /// # Errors
    /// `Unreachable` where it may not, or that is unknown: the call was not sent.
    pub async fn check(&self, stage: Option<&StageName>) -> Result<(), Fault> {
        // Asking may take long, and the process may be put to sleep meanwhile.
        for _ in 0..2 {
            if self.is_known(stage) {
                return Ok(());
            }
            let stages = self.renew().await.map_err(not_renewed)?;
            if let Some(stage) = stage.filter(|stage| !stages.contains(stage)) {
                return Err(
                    OwnProblem::StoodStill { why: NotSent::StageLost { stage: stage.clone() }, because: None }.into()
                );
            }
        }
        match self.is_known(stage) {
            true => Ok(()),
            false => Err(not_sent(NotSent::StateTooSlow)),
        }
    }
}

fn not_sent(why: NotSent) -> Fault {
    OwnProblem::StoodStill { why, because: None }.into()
}

fn not_renewed(error: JournalError) -> Fault {
    OwnProblem::StoodStill { why: NotSent::NotRenewed, because: Some(Box::new(error)) }.into()
}

#[cfg(test)]
mod tests;
