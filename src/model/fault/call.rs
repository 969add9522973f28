//! Calls to AWS that were refused, or had no usable answer.

use serde::{Deserialize, Serialize};

use crate::model::ids::{AccountName, Digest};

/// A call: its IAM action, the resource, and the account's name in the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    pub action: String,
    pub on: Target,
    pub account: AccountName,
}

/// What a call is about, by AWS's names and ARNs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Target {
    /// Whoever makes the call.
    Caller,
    Role {
        arn: String,
    },
    /// The account's ECR registry.
    Registry,
    Repositories,
    Repository {
        repository: String,
    },
    Image {
        repository: String,
        digest: Digest,
    },
    /// Inspector in the account.
    Inspector,
    Clusters,
    Cluster {
        cluster: String,
    },
    Service {
        cluster: String,
        service: String,
    },
    /// Deployments of one service, by their ARNs.
    ServiceDeployments,
    ServiceDeployment {
        arn: String,
    },
    /// Revisions of one service, by their ARNs.
    ServiceRevisions,
    TaskDefinition {
        name: String,
    },
    TaskDefinitionFamily {
        family: String,
    },
    /// A task to be started.
    Task {
        cluster: String,
        task_definition: String,
    },
    Tasks {
        cluster: String,
    },
    Pipelines,
    Pipeline {
        pipeline: String,
    },
    Execution {
        pipeline: String,
        execution: String,
    },
    Action {
        pipeline: String,
        action: String,
    },
    /// A DynamoDB table.
    Table {
        table: String,
    },
}

/// An answer that is not taken for AWS's: a proxy, a captive portal or a gateway answered. `said` of the fault is its body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForeignAnswer {
    /// The HTTP status.
    pub status: u16,
    #[serde(flatten)]
    pub why: NotFromAws,
}

/// Why an answer is not taken for AWS's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "why", rename_all = "kebab-case")]
pub enum NotFromAws {
    /// Neither XML nor JSON; empty where it names no type.
    ContentType {
        content_type: String,
    },
    BodyNotAnObject,
    /// It is not in the form that its operation has.
    Unreadable,
    OtherOperation,
    /// It has none of the members of which every answer of AWS's has one.
    NoMember {
        members: Vec<String>,
    },
    NoRequestId,
    ErrorWithoutCode,
    ErrorWithoutRequestId,
    Redirect,
}

problems! {
    /// What is wrong with a call to AWS.
    Call => CallProblem {
        /// `denied` may be another action than the call's, such as `iam:PassRole` for a registration. `principal`: who was denied, where known.
        NotAllowed {
            call: Call,
            #[serde(default, skip_serializing_if = "Option::is_none")]
            principal: Option<String>,
            denied: String,
            #[serde(default, skip_serializing_if = "Option::is_none")]
            resource: Option<String>,
            /// An explicit deny in a policy, so that no additional statement would allow it.
            #[serde(default, skip_serializing_if = "std::ops::Not::not")]
            explicit: bool,
        } = "call-not-allowed", AccessDenied;
        CredentialsRejected { account: AccountName } = "credentials-rejected", CredentialsRefused;
        TargetMissing { call: Call } = "call-target-missing", NotFound;
        Throttled { call: Call } = "call-throttled", Throttled;
        /// `foreign`: what answered, if it was not AWS.
        NoAnswer {
            call: Call,
            #[serde(default, skip_serializing_if = "Option::is_none")]
            foreign: Option<ForeignAnswer>,
        } = "call-not-answered", Unreachable;
        /// The same for a write, which may have happened.
        NoClearAnswer {
            call: Call,
            #[serde(default, skip_serializing_if = "Option::is_none")]
            foreign: Option<ForeignAnswer>,
        } = "write-not-answered", Ambiguous;
        Refused { call: Call } = "call-refused", Invalid;
        /// `lacks`: the missing member.
        Incomplete { call: Call, lacks: String } = "answer-incomplete", Unreachable;
        /// The same for a write, which happened.
        WriteIncomplete { call: Call, lacks: String } = "write-answer-incomplete", Ambiguous;
    }
}
