//! Builds endings from what is known when a release ends.

use jiff::SignedDuration;

use crate::model::approval::ApprovalAnswer;
use crate::model::approval_reason::{ApprovalMismatch, ClosedReason, ExpiryReason};
use crate::model::check_result::CheckResult;
use crate::model::effect::Effect;
use crate::model::ending::Ending;
use crate::model::fault::Fault;
use crate::model::freeze::Frozen;
use crate::model::gate::GateJudgement;
use crate::model::ids::{ReleaseId, ServiceName, StageName, TaskName};
use crate::model::ledger::{Failed, Rejected};
use crate::model::reason::{Blocked, Reason};
use crate::model::release;
use crate::model::rollout::{RolloutEnd, RolloutProgress};
use crate::model::stage_state::EarlierDecision;
use crate::model::step::run::TaskEnd;
use crate::model::verdict::Verdict;

/// An effect that failed finally.
pub fn effect_failed(effect: &Effect, failed: &release::FailedEffect) -> Ending {
    let (effect, fault) = (effect.clone(), failed.fault.clone());
    Ending::of(Reason::EffectFailed { effect, attempts: failed.attempts, fault })
}

/// It is unknown whether the effect took place.
pub fn effect_unknown(effect: &Effect, fault: &Fault) -> Ending {
    Ending::of(Reason::EffectUnknown { effect: effect.clone(), fault: fault.clone() })
}

/// A gate that passed when the stage was entered, and no longer passes.
pub fn gate_no_longer_passes(stage: &StageName, judgement: &GateJudgement) -> Ending {
    Ending::of(Reason::GateNoLongerPasses { stage: stage.clone(), blocked: Blocked::by(judgement) })
}

/// A stage was entered with something other than what was approved: not by this kanmon.
pub fn not_what_was_approved(stage: &StageName, mismatch: ApprovalMismatch) -> Ending {
    Ending::of(Reason::NotWhatWasApproved { stage: stage.clone(), mismatch })
}

/// The record has an approval that CodePipeline does not have.
pub fn not_approved_in_codepipeline(stage: &StageName, mismatch: ApprovalMismatch) -> Ending {
    Ending::of(Reason::NotApprovedInCodePipeline { stage: stage.clone(), mismatch })
}

/// The gate does not pass for a container that the file does not name.
pub fn unnamed_blocked(stage: &StageName, judgement: &GateJudgement) -> Ending {
    Ending::of(Reason::UnnamedBlocked { stage: stage.clone(), blocked: Blocked::by(judgement) })
}

pub fn gate_blocked(stage: &StageName, judgement: &GateJudgement) -> Ending {
    Ending::of(Reason::GateBlocked { stage: stage.clone(), blocked: Blocked::by(judgement) })
}

/// `carried`: the release runs in the execution whose action was answered, so it continues only in a new execution.
pub fn rejected(stage: &StageName, answer: &ApprovalAnswer, carried: bool) -> Ending {
    let (stage, by, comment) = (stage.clone(), answer.by.clone(), answer.comment.clone());
    Ending::of(Reason::Rejected { stage, by, comment, carried })
}

/// Exactly this plan was rejected before.
pub fn plan_rejected_before(stage: &StageName, no: &EarlierDecision, carried: bool) -> Ending {
    let (stage, by, comment) = (stage.clone(), no.by.clone(), no.comment.clone());
    Ending::of(Reason::PlanRejectedBefore { stage, by, comment, at: no.at, carried })
}

/// The same images were rejected before, in this release or another.
pub fn images_rejected_before(stage: &StageName, no: &Rejected, carried: bool) -> Ending {
    let Rejected { at, release, images: _, by, comment } = no.clone();
    Ending::of(Reason::ImagesRejectedBefore { stage: stage.clone(), by, comment, at, release, carried })
}

pub fn expired(stage: &StageName, why: Option<&ExpiryReason>, carried: bool) -> Ending {
    Ending::of(Reason::ApprovalExpired { stage: stage.clone(), why: why.cloned(), carried })
}

/// `carried`: the release runs in the execution whose action was answered, and the answer is final.
pub fn approval_closed(stage: &StageName, why: &ClosedReason, carried: bool) -> Ending {
    Ending::of(Reason::ApprovalClosed { stage: stage.clone(), why: why.clone(), carried })
}

/// A release may not enter a frozen stage, or continue in it.
pub fn frozen(stage: &StageName, frozen: &Frozen) -> Ending {
    let Frozen { at, by } = frozen.clone();
    Ending::of(Reason::Frozen { stage: stage.clone(), by, at })
}

/// The same images failed here before.
pub fn failed_before(stage: &StageName, failed: &Failed) -> Ending {
    let Failed { at: _, release, images, reason } = failed.clone();
    Ending::of(Reason::FailedBefore { stage: stage.clone(), release, images, why: Box::new(reason) })
}

pub fn locked(stage: &StageName) -> Ending {
    Ending::of(Reason::Locked { stage: stage.clone() })
}

pub fn newer_release(stage: &StageName, newer: &ReleaseId) -> Ending {
    Ending::of(Reason::NewerRelease { stage: stage.clone(), newer: newer.clone() })
}

/// A newer release entered the stage that this one was working in, while it was suspended.
pub fn overtaken(stage: &StageName, newer: &ReleaseId) -> Ending {
    Ending::of(Reason::Overtaken { stage: stage.clone(), newer: newer.clone() })
}

pub fn task_failed(stage: &StageName, task: &TaskName, end: &TaskEnd) -> Ending {
    Ending::of(Reason::TaskFailed { stage: stage.clone(), task: task.clone(), end: end.clone() })
}

pub fn task_timed_out(stage: &StageName, task: &TaskName, arn: &str, timeout: SignedDuration) -> Ending {
    let (stage, task, arn) = (stage.clone(), task.clone(), arn.to_owned());
    Ending::of(Reason::TaskTimedOut { stage, task, arn, timeout })
}

pub fn check_failed(stage: &StageName, verdict: Verdict, result: &CheckResult) -> Ending {
    Ending::of(Reason::CheckFailed { stage: stage.clone(), verdict, result: result.clone() })
}

/// A rollout that did not succeed.
pub fn rollout_ended(
    stage: &StageName,
    service: &ServiceName,
    end: &RolloutEnd,
    progress: Option<&RolloutProgress>,
) -> Ending {
    Ending::of(Reason::RolloutEnded {
        stage: stage.clone(),
        service: service.clone(),
        end: end.clone(),
        task_stop: progress.and_then(|p| p.task_stops.first()).cloned(),
        held_up: progress.and_then(|p| p.circumstances.held_up.clone()),
    })
}

/// Somebody deployed between the plan and its execution.
pub fn changed_meanwhile(stage: &StageName, service: &ServiceName, planned: &str, found: &str) -> Ending {
    let (planned, found) = (planned.to_owned(), found.to_owned());
    Ending::of(Reason::ChangedMeanwhile { stage: stage.clone(), service: service.clone(), planned, found })
}

pub fn aborted(comment: &str) -> Ending {
    Ending::of(Reason::Aborted { comment: comment.to_owned() })
}

/// Everything requested is done. `unchanged`: it ran already.
pub fn done(release: &release::Release, unchanged: bool, unverified: bool) -> Ending {
    let until = release.until.clone();
    Ending::of(match unchanged {
        true => Reason::Unchanged { until },
        false => Reason::Deployed { app: release.started.pipeline.app.clone(), until, unverified },
    })
}
