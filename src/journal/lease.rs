//! Who may write what, as pure rules: a store reads a lease, lets it judge, and writes it back in one transaction.
//!
//! A lease that has run out is not yet lost: its fence stays its holder's own until somebody else takes it, and takers and
//! writers are one after the other in the store. So a holder that stalled and was not replaced may go on.

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::model::effect::Effect;
use crate::model::event::Fact;
use crate::model::ids::{ReleaseId, StageName};
use crate::ports::journal::{Holder, JournalError, LEASE, Lease, Listed};

/// Whether a process is known to be no more; a process of another machine never is.
pub(super) type Gone = dyn Fn(&Holder) -> bool + Send + Sync;

/// A release's lease as stored.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct ReleaseLease {
    /// Of the last holder; 0 before the first.
    pub fence: u64,
    pub hold: Option<Hold>,
}

/// A process's hold on a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Hold {
    pub holder: Holder,
    pub until: Timestamp,
}

/// A stage's lease as stored.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct StageLease {
    pub fence: u64,
    pub hold: Option<StageHold>,
}

/// A release's hold on a stage, through the process that holds the release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct StageHold {
    pub release: ReleaseId,
    /// The fence of the release's lease that took it.
    pub lease: u64,
    #[serde(flatten)]
    pub hold: Hold,
}

impl Hold {
    fn new(holder: &Holder, now: Timestamp) -> Hold {
        Hold { holder: holder.clone(), until: until(now) }
    }

    fn is_over(&self, now: Timestamp, gone: &Gone) -> bool {
        now >= self.until || gone(&self.holder)
    }
}

fn until(now: Timestamp) -> Timestamp {
    now.checked_add(LEASE).unwrap_or(Timestamp::MAX)
}

impl ReleaseLease {
    /// A process that already holds it takes it anew, so that nothing it left running earlier can still write.
    pub fn take(
        &mut self,
        release: &ReleaseId,
        holder: &Holder,
        now: Timestamp,
        gone: &Gone,
    ) -> Result<Lease, JournalError> {
        if let Some(hold) = &self.hold
            && hold.holder.id != holder.id
            && !hold.is_over(now, gone)
        {
            return Err(JournalError::Held { what: format!("release {release}"), holder: hold.holder.who.clone() });
        }
        self.fence += 1;
        self.hold = Some(Hold::new(holder, now));
        Ok(Lease { release: release.clone(), holder: holder.clone(), fence: self.fence })
    }

    /// Whether this lease is still the one that counts.
    pub fn check(&self, lease: &Lease) -> Result<(), JournalError> {
        match &self.hold {
            Some(hold) if hold.holder.id == lease.holder.id && self.fence == lease.fence => Ok(()),
            Some(_) | None => Err(JournalError::LostLease { what: format!("release {}", lease.release) }),
        }
    }

    /// Who has it, as far as he is not known to be gone; one whose lease ran out is still named.
    pub fn holder(&self, gone: &Gone) -> Option<Holder> {
        self.hold.as_ref().map(|hold| &hold.holder).filter(|holder| !gone(holder)).cloned()
    }

    pub fn renew(&mut self, lease: &Lease, now: Timestamp) -> Result<(), JournalError> {
        self.check(lease)?;
        self.hold = Some(Hold::new(&lease.holder, now));
        Ok(())
    }

    pub fn give_up(&mut self, lease: &Lease) -> Result<(), JournalError> {
        self.check(lease)?;
        self.hold = None;
        Ok(())
    }
}

impl StageLease {
    /// Takes the stage for a release whose lease has been checked. A later process of the same release takes over at once:
    /// having the release's lease, it knows that the earlier one may not write any more.
    pub fn lock(&mut self, stage: &StageName, lease: &Lease, now: Timestamp, gone: &Gone) -> Result<u64, JournalError> {
        let again = match &self.hold {
            Some(held) if held.release == lease.release => held.lease == lease.fence,
            Some(held) if !held.hold.is_over(now, gone) => {
                let holder = format!("release {} ({})", held.release, held.hold.holder.who);
                return Err(JournalError::Held { what: format!("stage {stage}"), holder });
            }
            Some(_) | None => false,
        };
        if !again {
            self.fence += 1;
        }
        let hold = Hold::new(&lease.holder, now);
        self.hold = Some(StageHold { release: lease.release.clone(), lease: lease.fence, hold });
        Ok(self.fence)
    }

    /// Prolongs it where this very lease took it; says whether anything changed.
    pub fn renew(&mut self, lease: &Lease, now: Timestamp) -> bool {
        match &mut self.hold {
            Some(held) if held.release == lease.release && held.lease == lease.fence => {
                held.hold.until = until(now);
                true
            }
            Some(_) | None => false,
        }
    }

    /// Frees it where this release has it, by whatever process; says whether anything changed.
    pub fn free(&mut self, release: &ReleaseId) -> bool {
        let ours = self.hold.as_ref().is_some_and(|held| &held.release == release);
        if ours {
            self.hold = None;
        }
        ours
    }

    /// Whether a release may begin to change the stage. Here too a lease that ran out counts until somebody else has it.
    pub fn check(&self, stage: &StageName, release: &ReleaseId) -> Result<(), JournalError> {
        match &self.hold {
            Some(held) if &held.release != release => Err(JournalError::LostLease { what: format!("stage {stage}") }),
            Some(_) | None => Ok(()),
        }
    }
}

/// The stage that a fact announces a change in. Such a fact may not be written once another release has the stage; what
/// came of earlier changes always may, for it is true whoever holds the stage now.
pub(super) fn about_to_change(fact: &Fact) -> Option<&StageName> {
    let effect = match fact {
        Fact::StageEntered { stage } => return Some(stage),
        Fact::Intended { effect, .. } => effect,
        _ => return None,
    };
    match effect {
        Effect::Register { at, .. }
        | Effect::RunTask { at, .. }
        | Effect::Update { at, .. }
        | Effect::StopRollout { at, .. }
        | Effect::Restore { at, .. } => Some(&at.stage),
        // These are done before the stage is taken, or change nothing in it.
        Effect::Survey { .. }
        | Effect::Build { .. }
        | Effect::Adopt { .. }
        | Effect::Copy { .. }
        | Effect::Plan { .. }
        | Effect::RequestApproval { .. }
        | Effect::Baseline { .. }
        | Effect::Check { .. } => None,
    }
}

/// The stages that these facts leave.
pub(super) fn left(facts: &[Fact]) -> impl Iterator<Item = &StageName> {
    facts.iter().filter_map(|fact| match fact {
        Fact::StageLeft { stage } => Some(stage),
        _ => None,
    })
}

/// A hold as stores keep it, in the row of what is held.
///
/// # Errors
/// `Corrupt`, naming what is held.
pub(super) fn parse_hold<T: DeserializeOwned>(hold: Option<&str>, of: &str) -> Result<Option<T>, JournalError> {
    hold.map(serde_json::from_str)
        .transpose()
        .map_err(|e| JournalError::Corrupt(format!("the lease of {of} cannot be read: {e}")))
}

pub(super) fn hold_text<T: Serialize>(hold: Option<&T>) -> Result<Option<String>, JournalError> {
    hold.map(serde_json::to_string).transpose().map_err(|e| JournalError::Store(format!("a lease has no JSON: {e}")))
}

/// The order of listings.
pub(super) fn newest_first(listed: &mut [Listed]) {
    listed.sort_by(|a, b| (b.started_at, &b.release).cmp(&(a.started_at, &a.release)));
}

/// Somebody else has written since, so the lease cannot be what its holder believes.
pub(super) fn not_last(release: &ReleaseId, after: u64, last: u64) -> JournalError {
    JournalError::LostLease { what: format!("release {release}, whose last event is {last}, not {after}") }
}

pub(super) fn not_waiting(release: &ReleaseId, message: u64) -> JournalError {
    JournalError::Store(format!("message {message} to {release} is not there, or was absorbed already"))
}

pub(super) fn recorded_already(release: &ReleaseId) -> JournalError {
    JournalError::Store(format!("release {release} is recorded already"))
}
