//! Who may write what, as pure rules: a store reads a lease, lets it judge, and writes it back in one transaction.
//!
//! A lease that has run out is not yet lost: its fence stays its holder's own until somebody else takes it, and takers and
//! writers are one after the other in the store. So a holder that stalled and was not replaced may go on.
//!
//! Whether it has run out, no store can tell: it has no clock, and the clocks of two machines differ. Who wants it watches its
//! heartbeat for as long as a lease lasts, and names the heartbeat that he saw stand still.

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::model::effect_properties::Needs;
use crate::model::event::{Event, Fact};
use crate::model::ids::{ReleaseId, StageName};
use crate::model::ledger::{Said, StageLedger, Word};
use crate::ports::journal::{Heartbeat, Holder, JournalError, Lease, Listed};

/// Whether a process is known to be no more; a process of another machine never is.
pub(super) type HasEnded = dyn Fn(&Holder) -> bool + Send + Sync;

/// A release's lease as stored.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct ReleaseLease {
    /// Of the last holder; 0 before the first.
    pub fence: u64,
    pub claim: Option<Claim>,
}

/// A process's hold on a release.
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

/// A release's hold on a stage, through the process that holds the release.
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

    fn held(&self, what: String, holder: String, fence: u64) -> JournalError {
        JournalError::Held { what, holder, heartbeat: self.heartbeat(fence), renewed_at: self.renewed_at }
    }
}

impl ReleaseLease {
    /// A process that already holds it takes it anew, so that nothing it left running earlier can still write.
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
            return Err(claim.held(format!("release {release}"), claim.holder.who.clone(), self.fence));
        }
        self.fence += 1;
        self.claim = Some(Claim::new(holder, now));
        Ok(Lease { release: release.clone(), holder: holder.clone(), fence: self.fence })
    }

    /// Whether this lease is still the one that counts.
    pub fn check(&self, lease: &Lease) -> Result<(), JournalError> {
        match &self.claim {
            Some(claim) if claim.holder.id == lease.holder.id && self.fence == lease.fence => Ok(()),
            Some(_) | None => Err(JournalError::LostLease { what: format!("release {}", lease.release) }),
        }
    }

    /// Who has it, ; one whose lease ran out is still named.
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

    /// Ends the hold that was seen with this fence; says whether there was one. Its beat goes on while somebody decides: it is the
    /// holder that is named, not the moment.
    pub fn break_lock(&mut self, release: &ReleaseId, fence: u64) -> Result<bool, JournalError> {
        match self.claim.take() {
            Some(claim) if self.fence != fence => {
                let held = claim.held(format!("release {release}"), claim.holder.who.clone(), self.fence);
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

    /// Prolongs it where this very lease took it; says whether anything changed.
    pub fn renew(&mut self, lease: &Lease, now: Timestamp) -> bool {
        match &mut self.claim {
            Some(held) if held.is_of(lease) => {
                held.claim.renew(now);
                true
            }
            Some(_) | None => false,
        }
    }

    /// Frees it where this release has it, by whatever process; says whether anything changed.
    pub fn unlock(&mut self, release: &ReleaseId) -> bool {
        let ours = self.claim.as_ref().is_some_and(|held| &held.release == release);
        if ours {
            self.claim = None;
        }
        ours
    }

    /// Whether this lease may begin to change the stage: it has taken it, and nobody has taken or broken it since. Here too one that
    /// ran out counts until then.
    pub fn check(&self, stage: &StageName, lease: &Lease) -> Result<(), JournalError> {
        match &self.claim {
            Some(held) if held.is_of(lease) => Ok(()),
            Some(_) | None => Err(JournalError::LostLease { what: format!("stage {stage}") }),
        }
    }

    /// Who has it, and the heartbeat to watch; nobody where its process is known to be gone.
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
        let holder = format!("release {} ({})", self.release, self.claim.holder.who);
        self.claim.held(format!("stage {stage}"), holder, fence)
    }
}

/// A person's word about a stage, done and written down.
///
/// # Errors
/// `Held` where a lock that is to be broken is not the one that was seen any more.
pub(super) fn intervene(
    stage: &StageName,
    lease: &mut StageLease,
    ledger: &mut StageLedger,
    word: &Word,
    now: Timestamp,
) -> Result<(), JournalError> {
    if let Said::BreakLock { release, fence, .. } = &word.said {
        // Its beat goes on while somebody decides: it is the holder that is named, not the moment.
        match &lease.claim {
            Some(held) if held.release == *release && lease.fence == *fence => lease.claim = None,
            Some(held) => return Err(held.held(stage, lease.fence)),
            None => {}
        }
    }
    ledger.hear(word, now);
    Ok(())
}

/// What a fact needs of the stage that it announces a change in.
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

/// Whether a fact announces that a stage goes on to something new; the way back is never closed.
fn goes_forward(fact: &Fact) -> bool {
    if let Fact::Intended { effect, .. } = fact {
        return effect.row().forward;
    }
    matches!(fact, Fact::StageEntered { .. })
}

/// The stage that a fact announces a change in, or calls done. Such a fact may only be written by who has the stage; what came of
/// earlier changes always may, for it is true whoever holds the stage now.
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
pub(super) fn absorbed(facts: &[Fact]) -> impl Iterator<Item = u64> {
    facts.iter().filter_map(|fact| if let Fact::Absorbed { message } = fact { Some(*message) } else { None })
}

/// The last message that came to a release before its record was carried here: later ones are numbered on from it.
pub(super) fn imported_messages(events: &[Event]) -> u64 {
    events.iter().filter_map(|e| absorbed(std::slice::from_ref(&e.fact)).next()).max().unwrap_or(0)
}

/// The stages that these facts leave.
pub(super) fn stages_left(facts: &[Fact]) -> impl Iterator<Item = &StageName> {
    facts.iter().filter_map(|fact| if let Fact::StageLeft { stage, .. } = fact { Some(stage) } else { None })
}

/// A hold as stores keep it, in the row of what is held.
///
/// # Errors
/// `Corrupt`, naming what is held.
pub(super) fn from_json<T: DeserializeOwned>(claim: Option<&str>, of: &str) -> Result<Option<T>, JournalError> {
    claim
        .map(serde_json::from_str)
        .transpose()
        .map_err(|e| JournalError::Corrupt(format!("the lease of {of} cannot be read: {e}")))
}

pub(super) fn to_json<T: Serialize>(claim: Option<&T>) -> Result<Option<String>, JournalError> {
    claim.map(serde_json::to_string).transpose().map_err(|e| JournalError::Store(format!("a lease has no JSON: {e}")))
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
