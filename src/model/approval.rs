//! A person's decision about exactly one plan.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::ids::{AccountId, AccountName, PlanHash, StageName};

/// Who somebody is, as `sts:GetCallerIdentity` tells it. Session names are self-chosen: the ARN proves the role, not always the person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    pub arn: String,
    pub account: AccountId,
    pub user_id: String,
}

/// Who asked for a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Requester {
    Person {
        identity: Identity,
    },
    /// A CodePipeline execution; `trigger` is what started it, where that is known.
    Pipeline {
        execution: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        trigger: Option<String>,
    },
    Unknown,
}

/// Where a stage's approval is asked and answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "lowercase")]
pub enum ApprovalWay {
    /// kanmon's own inbox.
    Kanmon,
    /// A manual approval action of CodePipeline, in this account.
    CodePipeline { pipeline: String, action: String, account: AccountName },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApprovalPolicy {
    #[serde(flatten)]
    pub way: ApprovalWay,
    /// ARN patterns (`*` and `?` in the principal's name) of those who may decide; empty: anybody but the requester.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub approvers: Vec<String>,
    pub expires: SignedDuration,
    /// Whether the one who asked may also approve.
    pub self_approval: bool,
}

/// What was asked, of whom it waits for an answer, and until when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApprovalRequest {
    pub plan: PlanHash,
    pub summary: String,
    /// The CodePipeline execution that carries the question, where one does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub execution: Option<String>,
    pub asked_at: Timestamp,
    pub expires_at: Timestamp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    Approved,
    Rejected,
}

/// A decision as it arrives, before kanmon has checked whether it counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApprovalAnswer {
    pub stage: StageName,
    /// The plan that the person saw.
    pub plan: PlanHash,
    pub answer: Answer,
    pub by: Identity,
    #[serde(default)]
    pub comment: String,
}
