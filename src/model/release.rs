//! A release is the fold of its events. Running and recovery use the same fold; a state is made in no other way.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::approval::{Answer, ApprovalRequest, Requester};
use super::approval_reason::ClosedReason;
use super::effect::{Effect, StepRef};
use super::ending::Ending;
use super::event::{Event, Fact, ImageCommit, ImageOrigin, MovedTag, PushedImage, Started};
use super::fault::Fault;
use super::fault::own::OwnProblem;
use super::ids::{AccountName, ImageName, ReleaseId, StageName};
use super::illegal::{Illegal, IllegalReason};
use super::scan_subject::ScanSubject;
use super::stage_state::{Approval, Compared, Shown, StageState};
use super::step::StepState;
use super::unresolved::Unresolved;
use super::warning::Warning;

pub use parts::{Abort, FailedEffect, Open, Scan};

#[derive(Debug, Clone, PartialEq)]
pub struct Release {
    pub id: ReleaseId,
    /// The last event's number and time.
    pub seq: u64,
    pub at: Timestamp,
    pub started_at: Timestamp,
    pub started: Started,
    pub until: StageName,
    /// Who requested what is being done now.
    pub requested_by: Requester,
    /// Everybody who requested, extended or resumed it, oldest first: none of them may approve it.
    pub requesters: Vec<Requester>,
    /// The last stage that was surveyed.
    pub surveyed: Option<StageName>,
    pub images: BTreeMap<ImageName, PushedImage>,
    /// Of given images, where it is known.
    pub image_commits: BTreeMap<ImageName, ImageCommit>,
    pub copies: BTreeMap<(ImageName, AccountName), PushedImage>,
    pub scans: BTreeMap<(ScanSubject, AccountName), Scan>,
    /// The last readings that no longer count by themselves: the gate reads again after an approval, and when a process takes the
    /// release up. A new reading that repeats one of this process needs no third; those of another process have 0 `readings`.
    pub earlier_scans: BTreeMap<(ScanSubject, AccountName), Scan>,
    pub stages: BTreeMap<StageName, StageState>,
    /// Intended and not concluded.
    pub open: BTreeMap<Effect, Open>,
    /// Effects that failed after they last succeeded or the release was resumed.
    pub failed: BTreeMap<Effect, FailedEffect>,
    /// Effects of which it is unknown whether they took place.
    pub unknown: BTreeMap<Effect, Fault>,
    pub abort: Option<Abort>,
    /// Why it may enter stages where its images failed before.
    pub forced: Option<String>,
    /// Why approval is requested again after a rejection.
    pub again: Option<String>,
    pub warnings: Vec<Warning>,
    /// Each is reported once.
    pub moved_tags: Vec<MovedTag>,
    /// Set while no process works on it.
    pub ending: Option<Ending>,
}

impl Release {
    /// The fold of a whole journal.
    ///
    /// # Errors
    /// The first event that cannot follow those before it.
    pub fn fold<'a>(events: impl IntoIterator<Item = &'a Event>) -> Result<Release, Illegal> {
        let mut events = events.into_iter();
        let none = || Illegal { seq: 0, kind: String::new(), why: IllegalReason::NoEvents };
        let first = events.next().ok_or_else(none)?;
        let mut release = Release::begin(first)?;
        for event in events {
            release.apply(event)?;
        }
        Ok(release)
    }

    /// A release from its first event.
    ///
    /// # Errors
    /// Where the event is not the first, does not start a release, or names something that its own pipeline does not have.
    pub fn begin(event: &Event) -> Result<Release, Illegal> {
        let Fact::Started(started) = &event.fact else {
            return Err(illegal(event, IllegalReason::NotStarted));
        };
        if event.seq != 1 {
            return Err(illegal(event, IllegalReason::WrongNumber { expected: 1 }));
        }
        references::of_start(started).map_err(|unresolved| illegal(event, unresolved.into()))?;
        Ok(Release {
            id: event.release.clone(),
            seq: 1,
            at: event.at,
            started_at: event.at,
            until: started.until.clone(),
            requested_by: started.requested_by.clone(),
            requesters: vec![started.requested_by.clone()],
            surveyed: None,
            images: BTreeMap::new(),
            image_commits: BTreeMap::new(),
            copies: BTreeMap::new(),
            scans: BTreeMap::new(),
            earlier_scans: BTreeMap::new(),
            stages: started.pipeline.stages.iter().map(|s| (s.name.clone(), StageState::new(s))).collect(),
            started: (**started).clone(),
            open: BTreeMap::new(),
            failed: BTreeMap::new(),
            unknown: BTreeMap::new(),
            abort: None,
            forced: started.forced.clone(),
            again: started.again.clone(),
            warnings: Vec::new(),
            moved_tags: Vec::new(),
            ending: None,
        })
    }

    /// Applies the next event. On an error the release is unchanged.
    ///
    /// # Errors
    /// Why the event cannot follow.
    pub fn apply(&mut self, event: &Event) -> Result<(), Illegal> {
        if event.release != self.id {
            return Err(illegal(event, IllegalReason::OtherRelease));
        }
        if event.seq != self.seq + 1 {
            return Err(illegal(event, IllegalReason::WrongNumber { expected: self.seq + 1 }));
        }
        if !self.may_follow(&event.fact) {
            return Err(illegal(event, IllegalReason::AfterEnd));
        }
        self.knows(&event.fact).map_err(|unresolved| illegal(event, unresolved.into()))?;
        self.agrees(&event.fact).map_err(|why| illegal(event, why))?;
        self.take(event).map_err(|why| illegal(event, why))?;
        self.conclude(event);
        self.seq = event.seq;
        self.at = event.at;
        Ok(())
    }

    /// Whether a fact may follow now: after the end only facts that resume the release.
    fn may_follow(&self, fact: &Fact) -> bool {
        if let Fact::Extended { .. } | Fact::LockBroken { .. } = fact {
            return true;
        }
        if let Fact::Resumed { .. } | Fact::TakenUpToAbort { .. } = fact {
            return self.ended_for_good().is_none();
        }
        // Approval that was requested in advance can still be rejected after the release has ended.
        if let Fact::ApprovalRejected { answer, .. } = fact
            && let Approval::Requested(_) = self.stage(&answer.stage).approval
        {
            return true;
        }
        self.ending.is_none()
    }

    fn conclude(&mut self, event: &Event) {
        let done: Vec<Effect> = self.open.keys().filter(|e| e.is_concluded_by(&event.fact)).cloned().collect();
        for effect in done {
            self.open.remove(&effect);
            if let Fact::EffectFailed { fault, .. } = &event.fact {
                self.fail(effect, fault.clone(), event.at);
            } else if let Fact::EffectUnknown { fault, .. } = &event.fact {
                self.unknown.insert(effect, fault.clone());
            } else if let Fact::EffectAbsent { .. } = &event.fact {
                let fault = Fault::from(OwnProblem::NoEffect);
                self.fail(effect, fault, event.at);
            } else {
                self.failed.remove(&effect);
            }
        }
    }

    fn fail(&mut self, effect: Effect, fault: Fault, at: Timestamp) {
        let failed = self.failed.entry(effect).or_insert_with(|| FailedEffect {
            fault: fault.clone(),
            attempts: 0,
            first_at: at,
            last_at: at,
        });
        failed.fault = fault;
        failed.attempts += 1;
        failed.last_at = at;
    }

    fn take(&mut self, event: &Event) -> Result<(), IllegalReason> {
        match &event.fact {
            Fact::Started(_) => return Err(IllegalReason::StartedTwice),
            Fact::Extended { until, requested_by, forced, again } => {
                self.until = until.clone();
                self.requested_by = requested_by.clone();
                self.add_requester(requested_by);
                if self.abort.take().is_some() {
                    self.stages.values_mut().for_each(StageState::reset_approval);
                }
                // Force must be given again with every extension.
                self.forced.clone_from(forced);
                self.again.clone_from(again);
                self.go_on(event.at);
            }
            Fact::Resumed { by, .. } => {
                self.add_requester(by);
                self.go_on(event.at);
            }
            Fact::TakenUpToAbort { .. } => self.go_on(event.at),
            Fact::Warned { warning } => self.warnings.push(warning.clone()),
            Fact::Intended { effect, attempt } => {
                if self.open.contains_key(effect) {
                    return Err(IllegalReason::EffectUnderWay);
                }
                self.open.insert(effect.clone(), Open { seq: event.seq, at: event.at, attempt: *attempt });
                if let Some(at) = effect.step() {
                    self.step_mut(at)?.intend(effect, event.at);
                }
            }
            Fact::EffectFailed { effect, .. } | Fact::EffectAbsent { effect } | Fact::EffectUnknown { effect, .. } => {
                if !self.open.contains_key(effect) {
                    return Err(IllegalReason::EffectNotUnderWay);
                }
            }
            Fact::Surveyed { until } => self.surveyed = Some(until.clone()),
            Fact::ImageBuilt { image, pushed, origin } => {
                self.images.insert(image.clone(), pushed.clone());
                if let ImageOrigin::Given { commit: Some(commit) } = origin {
                    self.image_commits.insert(image.clone(), commit.clone());
                }
            }
            Fact::ImageCopied { image, account, pushed } => {
                self.copies.insert((image.clone(), account.clone()), pushed.clone());
            }
            Fact::ScanObserved { image, account, reading, readings } => {
                let key = (image.clone(), account.clone());
                let first_at = self.scans.get(&key).map_or(event.at, |s| s.first_at);
                self.scans.insert(key, Scan { reading: reading.clone(), readings: *readings, first_at, at: event.at });
            }
            Fact::GateJudged { stage, judgement } => {
                let state = self.stage_mut(stage)?;
                state.gate = Some(judgement.clone());
                state.gate_is_old = false;
            }
            Fact::StagePlanned { stage, plan } => self.stage_mut(stage)?.plan = Some(plan.clone()),
            Fact::ApprovalRequested { stage, request } => {
                let own = match &self.requested_by {
                    Requester::Pipeline { execution, .. } => Some(execution.clone()),
                    Requester::Person { .. } | Requester::Unknown { .. } => None,
                };
                let state = self.stage_mut(stage)?;
                state.carried_by = request.execution.clone().filter(|e| own.as_ref() != Some(e));
                state.approval = Approval::Requested(request.clone());
                state.approval_requests += 1;
                if let (Some(plan), Some(gate)) = (state.plan.clone(), state.gate.clone()) {
                    state.shown.push(Shown { hash: request.plan.clone(), plan, gate });
                }
            }
            Fact::ApprovalRefused { answer, reason, closes } => {
                // A late answer closes nothing.
                if *closes {
                    self.open_request(&answer.stage)?;
                    self.stage_mut(&answer.stage)?.approval =
                        Approval::Closed { why: ClosedReason::Refused { refusal: Box::new(reason.clone()) } };
                }
            }
            Fact::ApprovalGiven { answer } => {
                let request = self.open_request(&answer.stage)?;
                if answer.answer != Answer::Approved || answer.plan != request.plan {
                    return Err(IllegalReason::OtherThanRequested);
                }
                let state = self.stage_mut(&answer.stage)?;
                // It may be read long after it was given, but it was given before its request expired.
                state.approved_at = Some(event.at.min(request.expires_at));
                state.approval = Approval::Given(answer.clone(), request);
                // The process that records it has read it in CodePipeline.
                state.compared = Compared::Same;
                state.look_again();
                self.read_scans_again();
            }
            Fact::ApprovalRejected { answer, .. } => self.stage_mut(&answer.stage)?.reject(answer, event.at)?,
            Fact::ApprovalWithdrawn { stage, by, comment } => {
                self.stage_mut(stage)?.withdraw(by, comment, event.at)?;
            }
            Fact::ApprovalExpired { stage, reason } => {
                self.stage_mut(stage)?.approval = Approval::Expired(reason.clone());
            }
            Fact::ApprovalVoided { stage, .. } => {
                let state = self.stage_mut(stage)?;
                state.approval = Approval::NotRequested;
                state.lock = None;
                state.look_again();
                self.read_scans_again();
            }
            Fact::ApprovalCompared { stage, mismatch } => {
                self.stage_mut(stage)?.compared = mismatch.clone().map_or(Compared::Same, Compared::Differs);
            }
            Fact::StageLocked { stage, fence } => {
                let state = self.stage_mut(stage)?;
                state.lock = Some(*fence);
                // Another release may have changed the services while this one waited for the lease.
                if state.entered.is_none() {
                    state.plan = None;
                }
            }
            Fact::Forced { stage, over, .. } => self.stage_mut(stage)?.forced_over = Some(over.clone()),
            Fact::StageEntered { stage } => {
                let needs_approval = self.started.pipeline.stage(stage).is_some_and(|s| s.approval.is_some());
                let state = self.stage_mut(stage)?;
                state.may_be_entered(needs_approval)?;
                state.entered = Some(event.at);
            }
            Fact::TaskDefinitionRegistered { at, workload, arn, .. } => {
                self.step_mut(at)?.register(workload, at, arn)?
            }
            Fact::Step { at, fact } => self.step_mut(at)?.take(fact, at, event.at)?,
            Fact::StageFailed { stage, failure } => self.stage_mut(stage)?.failure = Some(failure.clone()),
            Fact::ImagesFailed { stage, .. } => self.stage_mut(stage)?.images_failed = true,
            Fact::StageFrozen { stage, .. } => self.stage_mut(stage)?.froze = true,
            Fact::StageConfirmed { stage, moved } => {
                self.stage_mut(stage)?.confirmed = true;
                self.moved_tags.extend(moved.iter().cloned());
            }
            Fact::LockBroken { .. } | Fact::Absorbed { .. } => {}
            Fact::StageLeft { stage, .. } => {
                let state = self.stage_mut(stage)?;
                state.left = Some(event.at);
                state.lock = None;
            }
            Fact::AbortRequested { reason, roll_back, .. } => {
                self.abort = Some(Abort { reason: reason.clone(), roll_back: *roll_back });
            }
            Fact::Suspended { ending } | Fact::Finished { ending } => {
                self.ending = Some(ending.clone());
                for state in self.stages.values_mut() {
                    state.lock = None;
                }
            }
        }
        Ok(())
    }

    /// Another process continues: stages that are not entered are judged and planned again, entered ones are judged again before they are
    /// changed further, failed effects get new attempts, unknown ones are read again, and deadlines start again.
    fn go_on(&mut self, at: Timestamp) {
        self.ending = None;
        self.surveyed = None;
        self.failed.clear();
        for (effect, _) in std::mem::take(&mut self.unknown) {
            self.open.insert(effect, Open { seq: self.seq, at, attempt: 1 });
        }
        self.read_scans_again();
        // Each process judges the gate by its own readings: a record may be forged, and its times are another machine's.
        self.earlier_scans.values_mut().for_each(|scan| scan.readings = 0);
        for state in self.stages.values_mut() {
            state.lock = None;
            state.confirmed = false;
            state.compared = Compared::NotYet;
            if matches!(state.approval, Approval::Rejected(_) | Approval::Expired(_) | Approval::Closed { .. }) {
                state.approval = Approval::NotRequested;
            }
            state.look_again();
            state.gate_is_old = state.entered.is_some();
            state.steps.iter_mut().for_each(|step| step.go_on(at));
        }
    }

    /// Every scan needs a new reading.
    fn read_scans_again(&mut self) {
        self.earlier_scans.append(&mut self.scans);
    }

    /// The last reading of a scan, whether it still counts or not.
    pub fn last_scan(&self, key: &(ScanSubject, AccountName)) -> Option<&Scan> {
        self.scans.get(key).or_else(|| self.earlier_scans.get(key))
    }

    fn add_requester(&mut self, requester: &Requester) {
        if !self.requesters.contains(requester) {
            self.requesters.push(requester.clone());
        }
    }

    fn open_request(&self, stage: &StageName) -> Result<ApprovalRequest, IllegalReason> {
        let approval = self.stages.get(stage).map(|s| &s.approval);
        let Some(Approval::Requested(request)) = approval else { return Err(IllegalReason::NoOpenRequest) };
        Ok(request.clone())
    }

    fn stage_mut(&mut self, name: &StageName) -> Result<&mut StageState, Unresolved> {
        self.stages.get_mut(name).ok_or_else(|| Unresolved::Stage(name.clone()))
    }

    fn step_mut(&mut self, at: &StepRef) -> Result<&mut StepState, Unresolved> {
        self.stage_mut(&at.stage)?.steps.get_mut(at.step).ok_or_else(|| Unresolved::Step(at.clone()))
    }
}

fn illegal(event: &Event, why: IllegalReason) -> Illegal {
    let kind = serde_json::to_value(&event.fact)
        .ok()
        .and_then(|v| v.get("kind").and_then(|k| k.as_str()).map(str::to_owned))
        .unwrap_or_default();
    Illegal { seq: event.seq, kind, why }
}

mod agreement;
mod lookups;
mod parts;
mod references;
#[cfg(test)]
pub(crate) mod samples;
#[cfg(test)]
mod tests;
