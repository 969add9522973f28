//! Why a rollout did not succeed, is not proven yet, or is unknown.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::fault::Fault;

/// What watches a deployment for ECS, and makes ECS give it up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Monitor {
    CircuitBreaker,
    /// The names of the alarms that fired.
    Alarms {
        names: Vec<String>,
    },
}

/// Why a rollout failed and was left standing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "kebab-case")]
pub enum RolloutFailure {
    /// ECS gave it up, in ECS's own words where it gives any; `monitor`: what made it do so, where ECS shows that.
    Ecs {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        said: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        monitor: Option<Monitor>,
    },
    /// So many of its tasks stopped for the same reason.
    TasksStopped { tasks: u32 },
    /// It was not done within the stage's deadline.
    TimedOut { deadline: SignedDuration },
    /// ECS calls it done, and it was not proven in time.
    NotProven,
}

/// Why a service does not run what ran before, and will not by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "kebab-case")]
pub enum StuckReason {
    /// ECS's own rollback failed, in ECS's own words where it gives any.
    Ecs {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        said: Option<String>,
    },
    /// It was still changing at the deadline.
    StillChanging,
    /// What ran before did not run again at the deadline.
    NotRestored,
    /// Putting back what ran before was refused.
    Refused { fault: Fault },
}

/// Who deployed over a rollout.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "kebab-case")]
pub enum SupersededBy {
    /// A deployment, by its id or ARN.
    Deployment { id: String },
    /// It was found out by a call that was refused for it.
    Found { fault: Fault },
}

/// Why the state of a rollout is unknown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "kebab-case")]
pub enum UnknownRollout {
    /// More than one deployment of the task definition began since. By ARN.
    Ambiguous { deployments: Vec<String> },
    /// Nothing had to change, and what runs was not proven in time.
    NotProven {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        missing: Option<ProofGap>,
    },
}

/// The first thing that is missing for the proof that a rollout succeeded. Tasks by their ids.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "kebab-case")]
pub enum ProofGap {
    NoPrimary,
    /// PRIMARY is another deployment.
    OtherPrimary,
    /// PRIMARY has another task definition.
    OtherDefinition,
    /// Too few tasks of the new revision can be seen running for ECS's early success.
    TooFewOfOurs {
        running: u32,
        enough: u32,
    },
    /// Too few tasks run, by the service's own count.
    TooFewRunning {
        running: u32,
        desired: u32,
    },
    /// Too few tasks can be seen running.
    TooFewSeen {
        seen: u32,
        desired: u32,
    },
    /// A task that is still of another deployment.
    OtherDeploymentsTask {
        task: String,
    },
    /// A task that still runs another task definition.
    OtherDefinitionsTask {
        task: String,
    },
    Unhealthy {
        task: String,
    },
    /// A container runs an image that was not approved.
    NotApproved {
        task: String,
        container: String,
        digest: String,
    },
    /// ECS does not yet report what a container runs.
    DigestUnknown {
        task: String,
        container: String,
    },
}
