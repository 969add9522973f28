//! Why a rollout did not succeed, is not proven yet, or is unknown.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::fault::Fault;

/// What monitors a deployment in ECS, and makes ECS stop it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Monitor {
    CircuitBreaker,
    /// The names of the alarms that fired.
    Alarms {
        names: Vec<String>,
    },
}

/// Why a rollout failed without a rollback by ECS.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "kebab-case")]
pub enum RolloutFailure {
    /// ECS reports failure. `said`: its own words, where it gives any. `monitor`: what made ECS stop it, where ECS shows that.
    Ecs {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        said: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        monitor: Option<Monitor>,
    },
    /// This many of its tasks stopped for the same reason.
    TasksStopped { tasks: u32 },
    /// It was not done within the stage's deadline.
    TimedOut { deadline: SignedDuration },
    /// ECS reports success, but it was not proven in time.
    NotProven,
}

/// Why a service does not run what ran before, and will not by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "kebab-case")]
pub enum StuckReason {
    /// ECS's own rollback failed. `said`: its own words, where it gives any.
    Ecs {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        said: Option<String>,
    },
    /// It was still changing at the deadline.
    StillChanging,
    /// At the deadline, what ran before did not run again.
    NotRestored,
    /// Restoring what ran before was refused.
    Refused { fault: Fault },
}

/// Who deployed over a rollout.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "kebab-case")]
pub enum SupersededBy {
    /// A deployment, by its id or ARN.
    Deployment { id: String },
    /// A call was refused because of it.
    Found { fault: Fault },
}

/// Why the state of a rollout is unknown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "kebab-case")]
pub enum UnknownRollout {
    /// Several deployments of the task definition started after the baseline. By ARN.
    Ambiguous { deployments: Vec<String> },
    /// Nothing had to change, and what runs was not proven in time.
    NotProven {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        missing: Option<ProofGap>,
    },
}

/// The first thing that is missing for the proof of a rollout. Tasks by their ids.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "kebab-case")]
pub enum ProofGap {
    NoPrimary,
    /// PRIMARY is another deployment.
    OtherPrimary,
    /// PRIMARY has another task definition.
    OtherDefinition,
    /// Fewer running tasks of the new revision than ECS's early success needs.
    TooFewOfOurs {
        running: u32,
        enough: u32,
    },
    /// Too few running tasks, by the service's own count.
    TooFewRunning {
        running: u32,
        desired: u32,
    },
    /// Too few running tasks are listed.
    TooFewSeen {
        seen: u32,
        desired: u32,
    },
    /// A task of another deployment still runs.
    OtherDeploymentsTask {
        task: String,
    },
    /// A task of another task definition still runs.
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
