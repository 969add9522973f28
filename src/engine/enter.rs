//! The conditions for entering a stage: scans, gate, copies, approval, lease, plan.

use super::admission;
use super::agenda::{Agenda, Flow, Halt, join};
use super::approval::conflict;
use super::decision::Watch;
use super::ending;
use super::gate::{self, Scanned};
use super::plan;
use super::plan_diff;
use super::scan_keys::{self, Key};
use super::unnamed;
use crate::model::approval::ApprovalWay;
use crate::model::approval_reason::{ApprovalMismatch, VoidReason};
use crate::model::effect::Effect;
use crate::model::event::Fact;
use crate::model::finding::ScanState;
use crate::model::gate::GateJudgement;
use crate::model::ids::{PlanHash, ReleaseId};
use crate::model::ledger::StageLedger;
use crate::model::pipeline::Stage;
use crate::model::release::Release;
use crate::model::scan_subject::ScanSubject;
use crate::model::stage_state::{Approval, Compared};
use crate::model::waiting::{ScanPending, Wait, Waiting};

/// How many identical readings a scan needs: findings can appear after "complete".
pub const SCAN_READINGS: u32 = 2;

pub fn walk(a: &mut Agenda<'_>, stage: &Stage, ledger: Option<&StageLedger>) -> Flow {
    no_newer_release(a, stage, ledger)?;
    admission::walk(a, stage, ledger)?;
    judged(a, stage)?;
    if stage.approval.is_some() {
        approved(a, stage)?;
    }
    locked(a, stage)?;
    let hash = planned(a, stage)?;
    if let Approval::Given(answer, _) = &a.release.stage(&stage.name).approval
        && answer.plan != hash
    {
        let differences = plan_diff::differences(a.release, &stage.name, &answer.plan);
        let reason = VoidReason::PlanChanged { was: answer.plan.clone(), now: hash, approved: true, differences };
        return a.record(Fact::ApprovalVoided { stage: stage.name.clone(), reason });
    }
    a.record(Fact::StageEntered { stage: stage.name.clone() })
}

fn no_newer_release(a: &Agenda<'_>, stage: &Stage, ledger: Option<&StageLedger>) -> Flow {
    match newer(a, ledger) {
        Some(newer) => Err(Halt::End(ending::newer_release(&stage.name, newer))),
        None => Ok(()),
    }
}

/// The newer release that has entered the stage, which makes this one stale; release ids sort by time.
pub fn newer<'l>(a: &Agenda<'_>, ledger: Option<&'l StageLedger>) -> Option<&'l ReleaseId> {
    ledger.and_then(|l| l.last_entered.as_ref()).filter(|last| **last > a.release.id)
}

/// Checks, before anything more is changed in an entered stage, that the conditions still hold. A record may be forged, so the process that
/// changes something judges the gate itself, and compares the plan with the approved one.
pub fn still_valid(a: &mut Agenda<'_>, stage: &Stage) -> Flow {
    let state = a.release.stage(&stage.name);
    if stage.approval.is_some()
        && let (Some(plan), Some(gate)) = (&state.plan, &state.gate)
    {
        let Approval::Given(answer, _) = &state.approval else {
            return Err(Halt::End(ending::not_what_was_approved(&stage.name, ApprovalMismatch::NoApproval)));
        };
        let hash = plan::hash(a.release, stage, plan, gate);
        // A changed judgement is reported below with its own reason.
        if hash != answer.plan && gate.verdict.passes() && unnamed::blocking(plan).is_none() {
            let mismatch = ApprovalMismatch::AnotherPlan { approved: answer.plan.clone(), now: hash };
            return Err(Halt::End(ending::not_what_was_approved(&stage.name, mismatch)));
        }
        compared(a, stage)?;
    }
    judged(a, stage)
}

/// The gate: first by the scans in the images' own accounts, then, after a copy, also by those in the stage's account.
pub fn judged(a: &mut Agenda<'_>, stage: &Stage) -> Flow {
    let release = a.release;
    let state = release.stage(&stage.name);
    if let Some(judgement) = state.gate.as_ref().filter(|_| !state.gate_is_old) {
        let unnamed = state.plan.as_ref().filter(|_| state.entered.is_some()).and_then(unnamed::blocking);
        return match judgement.verdict.passes() {
            true => match unnamed {
                Some(judgement) => Err(Halt::End(ending::gate_no_longer_passes(&stage.name, &judgement))),
                None => Ok(()),
            },
            false if state.entered.is_some() => Err(Halt::End(ending::gate_no_longer_passes(&stage.name, judgement))),
            false => Err(Halt::End(ending::gate_blocked(&stage.name, judgement))),
        };
    }
    let mut keys = scan_keys::own(release, stage);
    scanned(a, stage, &keys)?;
    let copies = scan_keys::copied(release, stage);
    if !copies.is_empty() && judge(a, stage, &keys).verdict.passes() {
        let missing = copies.iter().filter_map(|(subject, account)| match subject {
            ScanSubject::Image(image) => Some((image.clone(), account.clone())),
            ScanSubject::Unnamed { .. } => None,
        });
        let missing = missing.filter(|key| !release.copies.contains_key(key));
        let flows: Vec<Flow> = missing.map(|(image, account)| a.effect(Effect::Copy { image, account })).collect();
        join(flows)?;
        scanned(a, stage, &copies)?;
        keys.extend(copies);
    }
    let judgement = judge(a, stage, &keys);
    if let Some(plan) = state.plan.as_ref().filter(|_| state.entered.is_some()) {
        // The containers that the file does not name are judged again, too.
        scanned(a, stage, &unnamed::keys(release, stage, plan))?;
        let plan = unnamed::judged(release, stage, plan, a.now);
        if state.plan.as_ref() != Some(&plan) {
            a.record(Fact::StagePlanned { stage: stage.name.clone(), plan }).ok();
        }
    }
    a.record(Fact::GateJudged { stage: stage.name.clone(), judgement })
}

fn scans<'r>(release: &'r Release, keys: &[Key]) -> Vec<Scanned<'r>> {
    let found = keys.iter().filter_map(|key| release.scans.get_key_value(key));
    found.map(|((image, account), scan)| Scanned { image, account, reading: &scan.reading }).collect()
}

fn judge(a: &Agenda<'_>, stage: &Stage, keys: &[Key]) -> GateJudgement {
    gate::judge(&stage.gate, &scans(a.release, keys), a.now)
}

/// Waits until each scan has a result, or there will be none.
fn scanned(a: &mut Agenda<'_>, stage: &Stage, keys: &[Key]) -> Flow {
    let mut flows = Vec::new();
    for (image, account) in keys {
        let poll = a.release.started.pipeline.poll;
        let (every, pending) = match a.release.scans.get(&(image.clone(), account.clone())) {
            None => (poll, ScanPending::NotRead),
            Some(scan) => match &scan.reading.state {
                ScanState::Unscannable { .. } => continue,
                ScanState::Waiting { waits } => {
                    let late = scan.first_at + stage.gate.timeout;
                    if a.now >= late {
                        continue;
                    }
                    a.wake(late);
                    (poll, ScanPending::Waits(waits.clone()))
                }
                ScanState::Scanned { .. } if scan.readings >= SCAN_READINGS => continue,
                ScanState::Scanned { .. } => (stage.gate.settle, ScanPending::ReadAgain),
            },
        };
        let what = Waiting::Scan { image: image.clone(), account: account.clone(), pending };
        let scan = a.release.scans.get(&(image.clone(), account.clone()));
        let why = match scan {
            // Only a scan that is waited for has a limit: an answer that does not come is asked for again.
            Some(scan) if matches!(scan.reading.state, ScanState::Waiting { .. }) => {
                Wait::at_most(what, scan.first_at, stage.gate.timeout)
            }
            other => Wait::unlimited(what, other.map(|scan| scan.first_at)),
        };
        flows.push(a.watch(Watch::Scan { image: image.clone(), account: account.clone() }, every, why));
    }
    join(flows)
}

/// Waits for the plan; the hash of plan and judgement.
fn planned(a: &mut Agenda<'_>, stage: &Stage) -> Result<PlanHash, Halt> {
    let state = a.release.stage(&stage.name);
    match (&state.plan, &state.gate) {
        (Some(plan), Some(gate)) => {
            if plan.awaits_scans() {
                scanned(a, stage, &unnamed::keys(a.release, stage, plan))?;
                let plan = unnamed::judged(a.release, stage, plan, a.now);
                return match a.record(Fact::StagePlanned { stage: stage.name.clone(), plan }) {
                    Err(halt) => Err(halt),
                    Ok(()) => Err(Halt::Wait),
                };
            }
            match unnamed::blocking(plan) {
                Some(judgement) => Err(Halt::End(ending::unnamed_blocked(&stage.name, &judgement))),
                None => Ok(plan::hash(a.release, stage, plan, gate)),
            }
        }
        _ => match a.effect(Effect::Plan { stage: stage.name.clone() }) {
            Err(halt) => Err(halt),
            Ok(()) => Err(Halt::Wait),
        },
    }
}

/// Requests approval, and waits for the answer.
pub fn approved(a: &mut Agenda<'_>, stage: &Stage) -> Flow {
    let name = &stage.name;
    match &a.release.stage(name).approval {
        Approval::Given(..) => match too_old(a, stage).or_else(|| approver_is_requester(a, stage)) {
            Some(reason) => a.record(Fact::ApprovalVoided { stage: name.clone(), reason }),
            None => compared(a, stage),
        },
        Approval::Rejected(answer) => Err(Halt::End(ending::rejected(name, answer, carried(a, stage)))),
        Approval::Expired(why) => Err(Halt::End(ending::expired(name, why.as_ref(), carried(a, stage)))),
        Approval::Closed { why } => Err(Halt::End(ending::approval_closed(name, why, carried(a, stage)))),
        Approval::NotRequested => {
            let plan = planned(a, stage)?;
            if a.release.again.is_none() {
                not_rejected_before(a, stage, &plan)?;
            }
            a.effect(Effect::RequestApproval { stage: name.clone(), plan })
        }
        Approval::Requested(request) => {
            // An answer in kanmon's inbox has been read by now. CodePipeline is read once more, because its answer may be in time.
            let expired = a.now >= request.expires_at;
            if expired && request.execution.is_none() {
                return a.record(Fact::ApprovalExpired { stage: name.clone(), reason: None });
            }
            planned(a, stage)?;
            if request.execution.is_none()
                && let Some(reason) = void_reason(a.release, stage)
            {
                return a.record(Fact::ApprovalVoided { stage: name.clone(), reason });
            }
            if !expired {
                a.wake(request.expires_at);
            }
            let what = Waiting::Approval { stage: name.clone() };
            let why = Wait { what, since: Some(request.requested_at), until: Some(request.expires_at) };
            a.watch(Watch::Approval { stage: name.clone() }, a.release.started.pipeline.poll, why)
        }
    }
}

/// Whether the release runs in the execution whose action is answered for the stage.
fn carried(a: &Agenda<'_>, stage: &Stage) -> bool {
    let way = stage.approval.as_ref().map(|policy| &policy.way);
    match way {
        Some(ApprovalWay::CodePipeline { pipeline, account, .. }) => {
            a.release.requested_by.execution_of(pipeline, account).is_some()
        }
        Some(ApprovalWay::Kanmon) | None => false,
    }
}

/// Approval is not requested again without a reason for a rejected plan, or for another release of rejected images.
fn not_rejected_before(a: &Agenda<'_>, stage: &Stage, plan: &PlanHash) -> Flow {
    let name = &stage.name;
    if let Some(rejection) = a.release.stage(name).rejection(plan) {
        return Err(Halt::End(ending::plan_rejected_before(name, rejection, carried(a, stage))));
    }
    let images = a.release.digests(stage);
    match a.ledger(name).and_then(|ledger| ledger.rejected(&images).next_back()) {
        Some(rejected) => Err(Halt::End(ending::images_rejected_before(name, rejected, carried(a, stage)))),
        None => Ok(()),
    }
}

/// Compares the recorded approval with CodePipeline. Each process that acts on an approval does so itself.
fn compared(a: &mut Agenda<'_>, stage: &Stage) -> Flow {
    match stage.approval.as_ref().map(|policy| &policy.way) {
        Some(ApprovalWay::CodePipeline { .. }) => {}
        Some(ApprovalWay::Kanmon) | None => return Ok(()),
    }
    let state = a.release.stage(&stage.name);
    match &state.compared {
        Compared::Same => Ok(()),
        Compared::Differs(mismatch) => Err(Halt::End(match state.entered {
            Some(_) => ending::not_what_was_approved(&stage.name, mismatch.clone()),
            None => ending::not_approved_in_codepipeline(&stage.name, mismatch.clone()),
        })),
        Compared::NotYet => {
            let why = Wait::unlimited(Waiting::Comparison { stage: stage.name.clone() }, None);
            a.watch(Watch::Approval { stage: stage.name.clone() }, a.release.started.pipeline.poll, why)
        }
    }
}

/// Why an approval is too old to be used: it is valid for as long as its request was.
fn too_old(a: &Agenda<'_>, stage: &Stage) -> Option<VoidReason> {
    let (given, policy) = (a.release.stage(&stage.name).approved_at?, stage.approval.as_ref()?);
    let old = a.now >= given + policy.expires;
    old.then_some(VoidReason::TooOld { approved_at: given, lives: policy.expires })
}

/// Why an approval no longer counts: the approver has extended or resumed the release.
fn approver_is_requester(a: &Agenda<'_>, stage: &Stage) -> Option<VoidReason> {
    let Approval::Given(answer, _) = &a.release.stage(&stage.name).approval else { return None };
    let conflict = conflict(stage.approval.as_ref()?, &a.release.requesters, answer.arn())?;
    Some(VoidReason::Requester { conflict })
}

/// Why an open request is void: the plan is no longer the requested one. In CodePipeline the answer is read first, because a rejection counts
/// in any case.
pub fn void_reason(release: &Release, stage: &Stage) -> Option<VoidReason> {
    let state = release.stage(&stage.name);
    let Approval::Requested(request) = &state.approval else { return None };
    let hash = plan::hash(release, stage, state.plan.as_ref()?, state.gate.as_ref()?);
    (request.plan != hash).then(|| VoidReason::PlanChanged {
        was: request.plan.clone(),
        now: hash,
        approved: false,
        differences: plan_diff::differences(release, &stage.name, &request.plan),
    })
}

/// Waits for the stage's lease, which each process takes itself.
pub fn locked(a: &mut Agenda<'_>, stage: &Stage) -> Flow {
    if a.release.stage(&stage.name).lock.is_some() {
        return Ok(());
    }
    // Nothing is recorded while it waits, so it has waited from the last event.
    let late = a.release.at + stage.deadline;
    if a.now >= late {
        return Err(Halt::End(ending::locked(&stage.name)));
    }
    a.wake(late);
    let why = Wait::at_most(Waiting::Lock { stage: stage.name.clone() }, a.release.at, stage.deadline);
    a.watch(Watch::Lock { stage: stage.name.clone() }, a.release.started.pipeline.poll, why)
}
