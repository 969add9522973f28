//! Why a release ended or a stage failed: a code and its values. `report` writes the words.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::approval::Identity;
use super::approval_reason::{ApprovalMismatch, ClosedReason, ExpiryReason};
use super::check_result::CheckResult;
use super::effect::Effect;
use super::effect_properties::FailureScope;
use super::fault::{Fault, FaultKind};
use super::finding::{Finding, worst_first};
use super::freeze::FrozenBy;
use super::gate::GateJudgement;
use super::gate_reason::GateReason;
use super::ids::{AccountName, AppName, Digest, ImageName, ReleaseId, ServiceName, StageName, TaskName};
use super::outcome::Outcome;
use super::rollout::{HeldUp, RolloutEnd, TaskStop};
use super::scan_subject::ScanSubject;
use super::step::run::TaskEnd;
use super::verdict::Verdict;

/// Why a release ended, or why a process stopped working on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "kebab-case")]
pub enum Reason {
    /// Everything was deployed and proven. `unverified`: a service with desired count 0 ran nothing that could be proven.
    Deployed {
        app: AppName,
        until: StageName,
        unverified: bool,
    },
    /// Everything ran already, and that was proven.
    Unchanged {
        until: StageName,
    },
    /// Stopped by a signal.
    Stopped,
    /// The effect failed after this many attempts.
    EffectFailed {
        effect: Effect,
        attempts: u32,
        fault: Fault,
    },
    /// It is unknown whether the effect took place.
    EffectUnknown {
        effect: Effect,
        fault: Fault,
    },
    /// The resource that kanmon waits for can no longer be read.
    Unreadable {
        what: Watched,
        fault: Fault,
    },
    /// The gate blocks before the stage is entered.
    GateBlocked {
        stage: StageName,
        blocked: Blocked,
    },
    /// The gate passed when the stage was entered, but no longer passes.
    GateNoLongerPasses {
        stage: StageName,
        blocked: Blocked,
    },
    /// The gate blocks a container that the file does not name.
    UnnamedBlocked {
        stage: StageName,
        blocked: Blocked,
    },
    /// The stage was entered with something other than what was approved.
    NotWhatWasApproved {
        stage: StageName,
        mismatch: ApprovalMismatch,
    },
    /// The record has an approval that CodePipeline does not have.
    #[serde(rename = "not-approved-in-codepipeline")]
    NotApprovedInCodePipeline {
        stage: StageName,
        mismatch: ApprovalMismatch,
    },
    /// An approver rejected it. `by`: who, where CodePipeline shows it. `carried`: the release runs in the CodePipeline execution whose action is answered.
    Rejected {
        stage: StageName,
        by: Option<Identity>,
        comment: String,
        carried: bool,
    },
    /// Exactly this plan was rejected before.
    PlanRejectedBefore {
        stage: StageName,
        by: Option<Identity>,
        comment: String,
        at: Timestamp,
        carried: bool,
    },
    /// The same images were rejected before, in this release or another.
    ImagesRejectedBefore {
        stage: StageName,
        by: Option<Identity>,
        comment: String,
        at: Timestamp,
        release: ReleaseId,
        carried: bool,
    },
    /// Nobody decided. `why`: why nobody can any more, other than that the time is over.
    ApprovalExpired {
        stage: StageName,
        why: Option<ExpiryReason>,
        carried: bool,
    },
    /// An answer does not count, and no other can be given.
    ApprovalClosed {
        stage: StageName,
        why: ClosedReason,
        carried: bool,
    },
    /// The stage is frozen.
    Frozen {
        stage: StageName,
        by: FrozenBy,
        at: Timestamp,
    },
    /// The same images failed in the stage with an earlier release, for this reason, and were rolled back.
    FailedBefore {
        stage: StageName,
        release: ReleaseId,
        images: BTreeMap<ImageName, Digest>,
        why: Box<Reason>,
    },
    /// Another release had the stage's lease until the deadline.
    Locked {
        stage: StageName,
    },
    /// A newer release has entered the stage before this one.
    NewerRelease {
        stage: StageName,
        newer: ReleaseId,
    },
    /// A newer release entered the stage while this one was in it.
    Overtaken {
        stage: StageName,
        newer: ReleaseId,
    },
    TaskFailed {
        stage: StageName,
        task: TaskName,
        end: TaskEnd,
    },
    TaskTimedOut {
        stage: StageName,
        task: TaskName,
        arn: String,
        timeout: SignedDuration,
    },
    CheckFailed {
        stage: StageName,
        verdict: Verdict,
        result: CheckResult,
    },
    /// A rollout that did not succeed, and why its tasks stopped.
    RolloutEnded {
        stage: StageName,
        service: ServiceName,
        end: RolloutEnd,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        task_stop: Option<TaskStop>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        held_up: Option<HeldUp>,
    },
    /// Somebody deployed between the plan and its execution. Task definitions by their ARNs.
    ChangedMeanwhile {
        stage: StageName,
        service: ServiceName,
        planned: String,
        found: String,
    },
    /// Somebody aborted it, with this comment.
    Aborted {
        comment: String,
    },
}

/// What a process reads while it waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Watched {
    Scan {
        image: ScanSubject,
        account: AccountName,
    },
    Approval {
        stage: StageName,
    },
    Lease {
        stage: StageName,
    },
    Task {
        stage: StageName,
        task: TaskName,
    },
    Service {
        stage: StageName,
        service: ServiceName,
    },
    Stage {
        stage: StageName,
    },
    /// Whether an effect took place.
    Effect {
        effect: Effect,
    },
}

/// Why a gate does not pass, with the worst of the blocking findings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blocked {
    pub verdict: Verdict,
    pub reasons: Vec<GateReason>,
    /// At most five, the worst first.
    pub findings: Vec<Finding>,
    /// How many more block.
    pub more: usize,
}

/// As many findings as fit in one line; the judgement has them all.
const SHOWN: usize = 5;

impl Blocked {
    pub fn by(judgement: &GateJudgement) -> Blocked {
        let findings: Vec<Finding> = worst_first(&judgement.blocking).into_iter().take(SHOWN).cloned().collect();
        let more = judgement.blocking.len() - findings.len();
        Blocked { verdict: judgement.verdict, reasons: judgement.reasons.clone(), findings, more }
    }
}

impl Reason {
    /// Its code, as in JSON.
    pub fn code(&self) -> String {
        let value = serde_json::to_value(self).unwrap_or_default();
        value.get("code").and_then(|code| code.as_str()).unwrap_or_default().to_owned()
    }

    /// The outcome of a release that ends for this reason.
    pub fn outcome(&self) -> Outcome {
        match self {
            Reason::Deployed { .. } => Outcome::Succeeded,
            Reason::Unchanged { .. } => Outcome::Unchanged,
            Reason::Stopped => Outcome::Suspended,
            Reason::EffectFailed { effect, fault, .. } => of_failed(effect, fault.kind()),
            Reason::EffectUnknown { .. } => Outcome::Unknown,
            Reason::Unreadable { fault, .. } => of_unreadable(fault.kind()),
            Reason::GateBlocked { .. }
            | Reason::GateNoLongerPasses { .. }
            | Reason::UnnamedBlocked { .. }
            | Reason::ApprovalClosed { .. }
            | Reason::FailedBefore { .. }
            | Reason::NewerRelease { .. } => Outcome::Blocked,
            Reason::NotApprovedInCodePipeline { .. } => Outcome::Access,
            Reason::Rejected { .. } | Reason::PlanRejectedBefore { .. } | Reason::ImagesRejectedBefore { .. } => {
                Outcome::Rejected
            }
            Reason::ApprovalExpired { .. } => Outcome::Expired,
            Reason::Frozen { .. } | Reason::Locked { .. } => Outcome::Locked,
            Reason::Overtaken { .. } | Reason::ChangedMeanwhile { .. } => Outcome::Superseded,
            Reason::NotWhatWasApproved { .. }
            | Reason::TaskFailed { .. }
            | Reason::TaskTimedOut { .. }
            | Reason::CheckFailed { .. } => Outcome::Failed,
            Reason::RolloutEnded { end, .. } => of_rollout(end),
            Reason::Aborted { .. } => Outcome::Aborted,
        }
    }
}

fn of_failed(effect: &Effect, kind: FaultKind) -> Outcome {
    match kind {
        FaultKind::AccessDenied
        | FaultKind::CredentialsRefused
        | FaultKind::WrongAccount
        | FaultKind::ToolMissing
        | FaultKind::NotFound => Outcome::Access,
        FaultKind::BuildFailed => Outcome::BuildFailed,
        FaultKind::Throttled | FaultKind::Unreachable | FaultKind::Ambiguous | FaultKind::Defect => Outcome::Unknown,
        FaultKind::Invalid | FaultKind::Changed => match effect.row().failure {
            FailureScope::Accounts | FailureScope::SetUp => Outcome::Access,
            FailureScope::Image => Outcome::BuildFailed,
            FailureScope::StageUnlessChanged if kind == FaultKind::Changed => Outcome::Superseded,
            FailureScope::Stage | FailureScope::StageUnlessChanged => Outcome::Failed,
        },
    }
}

fn of_unreadable(kind: FaultKind) -> Outcome {
    match kind {
        FaultKind::AccessDenied | FaultKind::CredentialsRefused | FaultKind::WrongAccount => Outcome::Access,
        FaultKind::NotFound
        | FaultKind::Invalid
        | FaultKind::Throttled
        | FaultKind::Unreachable
        | FaultKind::Ambiguous
        | FaultKind::BuildFailed
        | FaultKind::ToolMissing
        | FaultKind::Changed
        | FaultKind::Defect => Outcome::Unknown,
    }
}

fn of_rollout(end: &RolloutEnd) -> Outcome {
    match end {
        RolloutEnd::Succeeded | RolloutEnd::Unchanged | RolloutEnd::Unverified => Outcome::Succeeded,
        RolloutEnd::RolledBack { .. } => Outcome::RolledBack,
        RolloutEnd::Failed { .. } => Outcome::Failed,
        RolloutEnd::Superseded { .. } => Outcome::Superseded,
        RolloutEnd::Stopped { .. } => Outcome::Aborted,
        RolloutEnd::Stuck { .. } => Outcome::Stuck,
        RolloutEnd::StillRunning => Outcome::StillRunning,
        RolloutEnd::Unknown { .. } => Outcome::Unknown,
    }
}
