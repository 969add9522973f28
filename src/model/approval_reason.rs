//! Why an approval, an answer or a question does not count or no longer counts.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::aws::codepipeline::{ActionStatus, ExecutionStatus, TriggerType};
use super::ids::{PlanHash, StageName};
use super::machine::Machine;
use super::outcome::Outcome;
use super::verdict::Verdict;

/// Why an answer does not count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "kebab-case")]
pub enum AnswerReason {
    /// It is about another plan than would be carried out now.
    AnotherPlan { answered: PlanHash, asked: PlanHash, differences: Vec<PlanDifference> },
    /// No pattern of the approvers matches who answered.
    NotAnApprover { arn: String, approvers: Vec<String> },
    /// Who approved is or may be one of those who asked.
    Requester { conflict: Conflict },
    /// Only an action of CodePipeline decides.
    DecidedInCodePipeline { stage: StageName, pipeline: String, action: String },
    /// It came after the question had expired.
    TooLate { expired_at: Timestamp },
    /// Nothing is left to be decided.
    Settled { settled: Settled },
    /// The message of CodePipeline's action names no plan, or more than one.
    PlanNotShown { action: String },
    /// It was given before the question was asked.
    GivenBefore { at: Timestamp },
    /// The release has ended.
    ReleaseEnded { outcome: Outcome },
}

/// How a principal is, or may be, one of those who asked for a release. Principals by their ARNs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "kebab-case")]
pub enum Conflict {
    /// It is unknown who approved.
    ApproverUnknown,
    /// The approver does not name a person.
    ApproverIsMachine {
        arn: String,
        machine: Machine,
    },
    /// `by`: the ARN that asked, where the same person used another one.
    Asked {
        arn: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<String>,
    },
    StartedPipeline {
        arn: String,
    },
    /// It is unknown who asked.
    RequesterUnknown {
        requester: UnknownRequester,
    },
}

/// Who asked, where that names no person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "kebab-case")]
pub enum UnknownRequester {
    /// By what CodePipeline says started the execution; both empty where it does not say.
    Execution {
        execution: String,
        pipeline: String,
        kind: TriggerType,
        detail: String,
    },
    Machine {
        arn: String,
        machine: Machine,
    },
}

/// Why a stage's approval can no longer be decided. Principals by their ARNs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "kebab-case")]
pub enum Settled {
    /// The stage was entered on it.
    Used {
        entered_at: Timestamp,
    },
    NotAsked,
    Approved {
        by: String,
    },
    Rejected {
        by: String,
    },
    Expired {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        why: Option<ExpiryReason>,
    },
    Closed {
        why: Box<ClosedReason>,
    },
}

/// Why a question cannot be answered again where it was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "kebab-case")]
pub enum ClosedReason {
    /// The approval was withdrawn, and its execution cannot be asked again.
    Withdrawn,
    /// The answer that was given does not count.
    Refused { refusal: Box<AnswerReason> },
}

/// Why nobody can decide any more, for another reason than the time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "kebab-case")]
pub enum ExpiryReason {
    /// CodePipeline does not know the execution.
    NoExecution { execution: String },
    /// The execution ended before the action was reached.
    ExecutionEnded { execution: String, status: ExecutionStatus },
    /// The action ended undecided. `said`: CodePipeline's own message.
    ActionEnded {
        execution: String,
        status: ActionStatus,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        said: Option<String>,
    },
    /// CodePipeline does not say when it was approved, so it may have been too late.
    Untimed { execution: String },
}

/// Why an approval or a question is void.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "kebab-case")]
pub enum VoidReason {
    /// What would be carried out is another plan by now. `approved`: it had been approved, else only asked about.
    PlanChanged { was: PlanHash, now: PlanHash, approved: bool, differences: Vec<PlanDifference> },
    /// It was not used in time.
    TooOld { approved_at: Timestamp, lives: SignedDuration },
    /// Who approved has asked for the release since.
    Requester { conflict: Conflict },
    /// CodePipeline no longer says who approved the execution.
    ApproverGone { execution: String },
}

/// How an approval of the record differs from what is approved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "kebab-case")]
pub enum ApprovalMismatch {
    /// No approval was given.
    NoApproval,
    /// The plan that would be carried out is another one.
    AnotherPlan { approved: PlanHash, now: PlanHash },
    /// The record names no execution that was approved.
    NoExecution { pipeline: String },
    /// Who approved may not.
    NotAnApprover { arn: String, approvers: Vec<String> },
    /// The action was approved by somebody else than the record says. `by`: as far as CodePipeline names anybody.
    AnotherApprover { pipeline: String, action: String, execution: String, by: Option<String>, recorded: String },
    /// The action shows no approval of the plan.
    NotApproved { pipeline: String, action: String, execution: String, plan: PlanHash },
}

/// Why a withdrawal does not count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "kebab-case")]
pub enum WithdrawalRefusal {
    Settled {
        settled: Settled,
    },
    NotAnApprover {
        arn: String,
        approvers: Vec<String>,
    },
    /// There is no approval yet.
    NotApproved,
}

/// One thing in which a plan differs from one that was shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "kebab-case")]
pub enum PlanDifference {
    /// A service or task that was not there.
    New {
        name: String,
    },
    Gone {
        name: String,
    },
    /// The running task definition is another one. By ARN; `None`: nothing runs.
    Running {
        name: String,
        was: Option<String>,
        now: Option<String>,
    },
    /// A container would run another image.
    Image {
        name: String,
        container: String,
        image: String,
    },
    /// Another task definition would be registered.
    Definition {
        name: String,
    },
    Verdict {
        was: Verdict,
        now: Verdict,
    },
    /// Other findings block, by their ids; none any more where it is empty.
    Blocking {
        findings: Vec<String>,
    },
}
