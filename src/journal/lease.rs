//! Who may write what, as pure rules: a store reads a lease, applies a rule, and writes it back in one transaction.
//!
//! A lease that has expired is not lost yet: its fence stays valid until somebody else takes the lease, and the store puts takers and
//! writers into an order. So a holder that stalled and was not replaced may continue.
//!
//! No store can know whether a lease has expired: it has no clock, and the clocks of two machines differ. Whoever wants the lease watches
//! its heartbeat for as long as a lease lasts, and names the heartbeat that did not change.

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::codec;
use crate::model::effect_properties::Needs;
use crate::model::event::{Event, Fact};
use crate::model::fault::state::{Conflict, Flaw, Leased, Part, StoreProblem};
use crate::model::ids::{ReleaseId, StageName};
use crate::model::ledger::{StageAction, StageCommand, StageLedger};
use crate::ports::journal::{Heartbeat, Holder, JournalError, Lease, Listed};

/// Whether a process is known to have ended; one of another machine never is.
pub(super) type HasEnded = dyn Fn(&Holder) -> bool + Send + Sync;

/// A release's lease as stored.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct ReleaseLease {
    /// Of the last holder; 0 before the first.
    pub fence: u64,
    pub claim: Option<Claim>,
}

/// A process's claim on a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Claim {
    pub holder: Holder,
    /// Grows with every renewal.
    pub beat: u64,
    /// By the holder's own clock.
    pub renewed_at: Timestamp,
}

/// A stage's lease as stored.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct StageLease {
    pub fence: u64,
    pub claim: Option<StageClaim>,
}

/// A release's claim on a stage, through the process that holds the release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct StageClaim {
    pub release: ReleaseId,
    /// The fence of the release's lease that took it.
    pub lease: u64,
    #[serde(flatten)]
    pub claim: Claim,
}

impl Claim {
    fn new(holder: &Holder, now: Timestamp) -> Claim {
        Claim { holder: holder.clone(), beat: 0, renewed_at: now }
    }

    fn has_expired(&self, fence: u64, stale: Option<Heartbeat>, has_ended: &HasEnded) -> bool {
        stale == Some(self.heartbeat(fence)) || has_ended(&self.holder)
    }

    fn heartbeat(&self, fence: u64) -> Heartbeat {
        Heartbeat { fence, beat: self.beat }
    }

    fn renew(&mut self, now: Timestamp) {
        self.beat += 1;
        self.renewed_at = now;
    }

    fn held(&self, what: Leased, holder_release: Option<ReleaseId>, fence: u64) -> JournalError {
        let (holder, heartbeat) = (self.holder.who.clone(), self.heartbeat(fence));
        JournalError::Held { what, holder, holder_release, heartbeat, renewed_at: self.renewed_at }
    }
}

impl ReleaseLease {
    /// A process that holds it already gets a new fence, so that nothing it left running earlier can still write.
    pub fn take(
        &mut self,
        release: &ReleaseId,
        holder: &Holder,
        stale: Option<Heartbeat>,
        now: Timestamp,
        has_ended: &HasEnded,
    ) -> Result<Lease, JournalError> {
        if let Some(claim) = &self.claim
            && claim.holder.id != holder.id
            && !claim.has_expired(self.fence, stale, has_ended)
        {
            return Err(claim.held(Leased::Release(release.clone()), None, self.fence));
        }
        self.fence += 1;
        self.claim = Some(Claim::new(holder, now));
        Ok(Lease { release: release.clone(), holder: holder.clone(), fence: self.fence })
    }

    /// Whether this lease is still the one that counts.
    pub fn check(&self, lease: &Lease) -> Result<(), JournalError> {
        match &self.claim {
            Some(claim) if claim.holder.id == lease.holder.id && self.fence == lease.fence => Ok(()),
            Some(_) | None => Err(lost(Leased::Release(lease.release.clone()))),
        }
    }

    /// Its holder, unless that process is known to have ended; one whose lease has expired is still named.
    pub fn holder(&self, has_ended: &HasEnded) -> Option<Holder> {
        self.claim.as_ref().map(|claim| &claim.holder).filter(|holder| !has_ended(holder)).cloned()
    }

    pub fn renew(&mut self, lease: &Lease, now: Timestamp) -> Result<(), JournalError> {
        self.check(lease)?;
        if let Some(claim) = &mut self.claim {
            claim.renew(now);
        }
        Ok(())
    }

    pub fn give_up(&mut self, lease: &Lease) -> Result<(), JournalError> {
        self.check(lease)?;
        self.claim = None;
        Ok(())
    }

    /// Ends the claim that was seen with this fence; says whether there was one. Its beat goes on while somebody decides, so the fence
    /// names the holder, not a moment.
    pub fn break_lock(&mut self, release: &ReleaseId, fence: u64) -> Result<bool, JournalError> {
        match self.claim.take() {
            Some(claim) if self.fence != fence => {
                let held = claim.held(Leased::Release(release.clone()), None, self.fence);
                self.claim = Some(claim);
                Err(held)
            }
            claim => Ok(claim.is_some()),
        }
    }
}

impl StageLease {
    /// Takes the stage for a release whose lease has been checked. A later process of the same release takes over at once:
    /// having the release's lease, it knows that the earlier one may not write any more.
    pub fn lock(
        &mut self,
        stage: &StageName,
        lease: &Lease,
        stale: Option<Heartbeat>,
        now: Timestamp,
        has_ended: &HasEnded,
    ) -> Result<u64, JournalError> {
        match &mut self.claim {
            Some(held) if held.is_of(lease) => {
                held.claim.renew(now);
                return Ok(self.fence);
            }
            Some(held) if held.release != lease.release && !held.claim.has_expired(self.fence, stale, has_ended) => {
                return Err(held.held(stage, self.fence));
            }
            Some(_) | None => {}
        }
        self.fence += 1;
        let claim = Claim::new(&lease.holder, now);
        self.claim = Some(StageClaim { release: lease.release.clone(), lease: lease.fence, claim });
        Ok(self.fence)
    }

    /// Renews it if this very lease took it; says whether anything changed.
    pub fn renew(&mut self, lease: &Lease, now: Timestamp) -> bool {
        match &mut self.claim {
            Some(held) if held.is_of(lease) => {
                held.claim.renew(now);
                true
            }
            Some(_) | None => false,
        }
    }

    /// Unlocks it if this release has it, through whatever process; says whether anything changed.
    pub fn unlock(&mut self, release: &ReleaseId) -> bool {
        let ours = self.claim.as_ref().is_some_and(|held| &held.release == release);
        if ours {
            self.claim = None;
        }
        ours
    }

    /// Whether this lease may begin to change the stage: it has taken it, and nobody has taken or broken it since. One that has expired
    /// counts until then, too.
    pub fn check(&self, stage: &StageName, lease: &Lease) -> Result<(), JournalError> {
        match &self.claim {
            Some(held) if held.is_of(lease) => Ok(()),
            Some(_) | None => Err(lost(Leased::Stage(stage.clone()))),
        }
    }

    /// Who has it, and the heartbeat to watch; nobody if its process is known to have ended.
    pub fn holder(&self, has_ended: &HasEnded) -> Option<(ReleaseId, Holder, Heartbeat)> {
        let held = self.claim.as_ref().filter(|held| !has_ended(&held.claim.holder))?;
        Some((held.release.clone(), held.claim.holder.clone(), held.claim.heartbeat(self.fence)))
    }
}

impl StageClaim {
    /// Whether this very lease took it, and not an earlier process of the same release.
    fn is_of(&self, lease: &Lease) -> bool {
        self.release == lease.release && self.lease == lease.fence
    }

    fn held(&self, stage: &StageName, fence: u64) -> JournalError {
        self.claim.held(Leased::Stage(stage.clone()), Some(self.release.clone()), fence)
    }
}

/// A person's intervention in a stage: carried out and written down.
///
/// # Errors
/// `Held` where a lock that is to be broken is not the one that was seen any more.
pub(super) fn intervene(
    stage: &StageName,
    lease: &mut StageLease,
    ledger: &mut StageLedger,
    command: &StageCommand,
    now: Timestamp,
) -> Result<(), JournalError> {
    if let StageAction::BreakLock { release, fence, .. } = &command.action {
        // Its beat goes on while somebody decides, so the fence names the holder, not a moment.
        match &lease.claim {
            Some(held) if held.release == *release && lease.fence == *fence => lease.claim = None,
            Some(held) => return Err(held.held(stage, lease.fence)),
            None => {}
        }
    }
    ledger.record_command(command, now);
    Ok(())
}

/// Whether a fact that announces a change in a stage may be written.
///
/// # Errors
/// `LostLease` where the stage is not held, `Frozen` where a freeze forbids the change.
pub(super) fn may_write(
    fact: &Fact,
    stage: &StageName,
    held: &StageLease,
    ledger: &StageLedger,
    lease: &Lease,
) -> Result<(), JournalError> {
    held.check(stage, lease)?;
    match ledger.frozen.is_some() && goes_forward(fact) {
        true => Err(JournalError::Frozen(stage.clone())),
        false => Ok(()),
    }
}

/// Whether a fact announces that something new happens in a stage; rollback is always allowed.
fn goes_forward(fact: &Fact) -> bool {
    if let Fact::Intended { effect, .. } = fact {
        return effect.row().forward;
    }
    matches!(fact, Fact::StageEntered { .. })
}

/// The stage in which a fact announces a change, or says that it is done. Only the holder of the stage may write such a fact; what
/// earlier changes came to may always be written, because it is true whoever holds the stage now.
pub(super) fn stage_needed(fact: &Fact) -> Option<&StageName> {
    if let Fact::StageEntered { stage } | Fact::StageLeft { stage, .. } = fact {
        return Some(stage);
    }
    let Fact::Intended { effect, .. } = fact else { return None };
    match effect.row().lease {
        Needs::Stage => effect.stage(),
        Needs::Release => None,
    }
}

/// The messages that these facts absorb.
pub(super) fn absorbed<'f>(facts: impl IntoIterator<Item = &'f Fact>) -> impl Iterator<Item = u64> {
    facts.into_iter().filter_map(|fact| if let Fact::Absorbed { message } = fact { Some(*message) } else { None })
}

/// How many messages came to a release before its record was imported: later ones are numbered on from there.
pub(super) fn imported_messages(events: &[Event]) -> u64 {
    absorbed(events.iter().map(|e| &e.fact)).max().unwrap_or(0)
}

/// The stages that these facts leave.
pub(super) fn stages_left(facts: &[Fact]) -> impl Iterator<Item = &StageName> {
    facts.iter().filter_map(|fact| if let Fact::StageLeft { stage, .. } = fact { Some(stage) } else { None })
}

/// A value that a store keeps as JSON in the row of `of`, where there is one.
///
/// # Errors
/// `Corrupt`, naming the row.
pub(super) fn from_json<T: DeserializeOwned>(
    text: Option<&str>,
    of: impl FnOnce() -> Part,
) -> Result<Option<T>, JournalError> {
    text.map(serde_json::from_str).transpose().map_err(|e| of().is(Flaw::Unreadable { error: e.to_string() }))
}

pub(super) fn to_json<T: Serialize>(value: Option<&T>) -> Result<Option<String>, JournalError> {
    value.map(serde_json::to_string).transpose().map_err(|e| codec::not_encodable(&e))
}

/// The order of listings.
pub(super) fn newest_first(listed: &mut [Listed]) {
    listed.sort_by(|a, b| (b.started_at, &b.release).cmp(&(a.started_at, &a.release)));
}

/// Somebody else has written since, so the lease cannot be what its holder believes.
pub(super) fn not_last(release: &ReleaseId, after: u64, last: u64) -> JournalError {
    JournalError::LostLease { what: Leased::Release(release.clone()), last_event: Some((after, last)) }
}

fn lost(what: Leased) -> JournalError {
    JournalError::LostLease { what, last_event: None }
}

pub(super) fn not_waiting(release: &ReleaseId, message: u64) -> JournalError {
    JournalError::Store(StoreProblem::NotWaiting { release: release.clone(), message })
}

pub(super) fn recorded_already(release: &ReleaseId) -> JournalError {
    JournalError::Conflict(Conflict::Recorded { release: release.clone() })
}
