//! Why an approval, an answer or a request does not count or no longer counts.

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
    /// It is about another plan than the one that would be carried out now.
    AnotherPlan { answered: PlanHash, requested: PlanHash, differences: Vec<PlanDifference> },
    /// No approver pattern matches the ARN of who answered; `None`: CodePipeline does not show it.
    NotAnApprover { arn: Option<String>, approvers: Vec<String> },
    /// Who approved is or may be a requester.
    Requester { conflict: Conflict },
    /// Only CodePipeline's action can decide.
    #[serde(rename = "decided-in-codepipeline")]
    DecidedInCodePipeline { stage: StageName, pipeline: String, action: String },
    /// It came after the request had expired.
    TooLate { expired_at: Timestamp },
    /// Nothing is left to decide.
    Settled { settled: Settled },
    /// The message of CodePipeline's action names no plan, or several.
    PlanNotShown { action: String },
    /// It was given before approval was requested.
    GivenBefore { at: Timestamp },
    /// The release has ended.
    ReleaseEnded { outcome: Outcome },
}

/// How an approver is, or may be, a requester of the release. Principals by their ARNs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "kebab-case")]
pub enum Conflict {
    /// It is unknown who approved.
    ApproverUnknown,
    /// The approver's ARN does not identify a person.
    ApproverIsMachine {
        arn: String,
        machine: Machine,
    },
    /// `by`: the requester's ARN, where the same person used another one.
    IsRequester {
        arn: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<String>,
    },
    StartedPipeline {
        arn: String,
    },
    /// It is unknown who requested the release.
    RequesterUnknown {
        requester: UnknownRequester,
    },
}

/// A requester that does not identify a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "kebab-case")]
pub enum UnknownRequester {
    /// `kind` and `detail`: CodePipeline's trigger, if it reports one.
    Execution {
        execution: String,
        pipeline: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        kind: Option<TriggerType>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        detail: Option<String>,
    },
    Machine {
        arn: String,
        machine: Machine,
    },
}

/// Why a stage's approval can no longer be decided. Principals by their ARNs; `None`: CodePipeline does not show who.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "kebab-case")]
pub enum Settled {
    /// The stage was entered with it.
    Used {
        entered_at: Timestamp,
    },
    NotRequested,
    Approved {
        by: Option<String>,
    },
    Rejected {
        by: Option<String>,
    },
    Expired {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        why: Option<ExpiryReason>,
    },
    Closed {
        why: Box<ClosedReason>,
    },
}

/// Why a request cannot be answered again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "kebab-case")]
pub enum ClosedReason {
    /// The approval was withdrawn, and its execution cannot be answered again.
    Withdrawn,
    /// The answer does not count.
    Refused { refusal: Box<AnswerReason> },
}

/// Why nobody can decide any more, other than that the time is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "kebab-case")]
pub enum ExpiryReason {
    /// CodePipeline does not know the execution.
    NoExecution { execution: String },
    /// The execution ended before the action was reached.
    ExecutionEnded { execution: String, status: ExecutionStatus },
    /// The action ended without a decision. `said`: CodePipeline's own message.
    ActionEnded {
        execution: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        status: Option<ActionStatus>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        said: Option<String>,
    },
    /// CodePipeline does not report when it was approved, so it may have been too late.
    Untimed { execution: String },
}

/// Why an approval or a request is void.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "kebab-case")]
pub enum VoidReason {
    /// Another plan would be carried out now. `approved`: the old one was approved, else only requested.
    PlanChanged { was: PlanHash, now: PlanHash, approved: bool, differences: Vec<PlanDifference> },
    /// It was not used in time.
    TooOld { approved_at: Timestamp, lives: SignedDuration },
    /// Who approved has become a requester.
    Requester { conflict: Conflict },
    /// CodePipeline no longer reports who approved the execution.
    ApproverGone { execution: String },
}

/// How the recorded approval differs from what is really approved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "kebab-case")]
pub enum ApprovalMismatch {
    /// No approval was given.
    NoApproval,
    /// Another plan would be carried out.
    AnotherPlan { approved: PlanHash, now: PlanHash },
    /// The record names no approved execution.
    NoExecution { pipeline: String },
    /// Who approved is not an approver.
    NotAnApprover { arn: String, approvers: Vec<String> },
    /// Somebody other than the recorded approver approved the action. `by` and `recorded`: who, where CodePipeline reports it.
    AnotherApprover {
        pipeline: String,
        action: String,
        execution: String,
        by: Option<String>,
        recorded: Option<String>,
    },
    /// CodePipeline's action does not show an approval of the plan.
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

/// One difference between a plan and the one that was shown.
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
    /// Other findings block, by their ids; empty: none blocks any more.
    Blocking {
        findings: Vec<String>,
    },
}
