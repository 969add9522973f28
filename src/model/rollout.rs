//! An ECS service's rollout: readings, states, and endings.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::aws::ecs::{
    DeploymentController, DeploymentRolloutState, DeploymentStatus, HealthStatus, ServiceDeploymentStatus,
    ServiceStatus, TaskDefinitionStatus, TaskStatus, TaskStopCode,
};
use super::ids::Digest;
use super::rollout_reason::{Monitor, ProofGap, RolloutFailure, StuckReason, SupersededBy, UnknownRollout};

/// A service as `DescribeServices` and `ListServiceDeployments` describe it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ServiceReading {
    pub status: ServiceStatus,
    pub controller: DeploymentController,
    pub desired: u32,
    pub running: u32,
    pub pending: u32,
    /// The task definition's ARN that the service is set to.
    pub task_definition: String,
    pub minimum_percent: u32,
    pub maximum_percent: u32,
    /// `deployments[]`, PRIMARY first.
    pub deployments: Vec<Deployment>,
    /// `None`: listing them is not allowed, or the service has none.
    pub service_deployments: Option<Vec<ServiceDeployment>>,
    /// `awsvpcConfiguration` and the like, as raw JSON, for tasks that run in the service's network.
    pub network: Option<serde_json::Value>,
    /// How tasks are placed and tagged, in the form of RunTask's input: raw JSON.
    pub launch: Option<serde_json::Value>,
    /// `deploymentConfiguration.earlySuccessCriteria`, where it is enabled.
    pub early_success: Option<EarlySuccess>,
    /// The service's own events, newest first; as many as were read.
    pub events: Vec<ServiceEvent>,
}

/// A rolling deployment that counts as successful before all of its tasks are up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct EarlySuccess {
    /// Of the desired count, rounded up.
    pub healthy_percent: u32,
    /// `DEFERRED`: old tasks may continue to run for at most two weeks. Else `BLOCKING`.
    pub deferred: bool,
}

impl EarlySuccess {
    /// How many healthy tasks ECS waits for.
    pub fn enough(self, desired: u32) -> u32 {
        let share = (u64::from(desired) * u64::from(self.healthy_percent)).div_ceil(100);
        // At least one: no task proves nothing.
        u32::try_from(share).unwrap_or(desired).clamp(desired.min(1), desired)
    }
}

/// An event of a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceEvent {
    /// By ECS's clock.
    pub at: Option<Timestamp>,
    pub text: String,
}

impl ServiceReading {
    pub fn primary(&self) -> Option<&Deployment> {
        self.deployments.iter().find(|d| d.status == DeploymentStatus::Primary)
    }
}

/// An entry of `deployments[]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Deployment {
    /// `ecs-svc/…`; the tasks' `startedBy`.
    pub id: String,
    pub status: DeploymentStatus,
    pub task_definition: String,
    /// Absent for other controllers.
    pub rollout_state: Option<DeploymentRolloutState>,
    pub rollout_state_reason: Option<String>,
    pub desired: u32,
    pub running: u32,
    pub failed: u32,
    /// By ECS's clock.
    pub created_at: Option<Timestamp>,
}

/// A service deployment, with its target revision's task definition where that was read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ServiceDeployment {
    pub arn: String,
    pub status: ServiceDeploymentStatus,
    pub status_reason: Option<String>,
    pub created_at: Timestamp,
    pub target_task_definition: Option<String>,
    /// The task definitions that ran when it started, where they were read; empty where ECS names none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub source_task_definitions: Vec<String>,
    pub monitors: Monitors,
}

/// What watches a service deployment, as far as it was read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Monitors {
    /// The circuit breaker or the alarms, where they are TRIGGERED.
    pub triggered: Option<Monitor>,
    /// The circuit breaker's count, where it is on.
    pub breaker: Option<BreakerCount>,
    /// Its hooks that wait for an answer.
    pub hooks: Vec<AwaitingHook>,
}

/// How close the circuit breaker is to acting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BreakerCount {
    pub failures: u32,
    pub threshold: u32,
}

/// A lifecycle hook in the status AWAITING_ACTION.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AwaitingHook {
    pub id: String,
    /// By ECS's clock; then ECS itself answers.
    pub expires: Option<Timestamp>,
}

/// A running task of a service.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TaskReading {
    pub arn: String,
    pub started_by: Option<String>,
    pub task_definition: String,
    pub last_status: TaskStatus,
    pub health: HealthStatus,
    /// The digest that each container runs, where ECS reports it.
    pub digests: BTreeMap<String, Option<String>>,
}

/// A task that stopped, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoppedTask {
    pub arn: String,
    pub started_by: Option<String>,
    pub task_definition: String,
    /// By ECS's clock.
    pub created_at: Option<Timestamp>,
    pub stop_code: Option<TaskStopCode>,
    pub stopped_reason: Option<String>,
    pub containers: Vec<StoppedContainer>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoppedContainer {
    pub name: String,
    /// `None`: it never ran.
    pub exit_code: Option<i32>,
    pub reason: Option<String>,
}

/// Everything read of one rollout in one poll.
#[derive(Debug, Clone, PartialEq)]
pub struct RolloutReading {
    pub service: ServiceReading,
    pub running: Vec<TaskReading>,
    pub stopped: Vec<StoppedTask>,
}

/// The service as it was before anything was changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Baseline {
    pub primary: String,
    pub task_definition: String,
    /// The service deployments that existed before ours.
    pub service_deployments: Vec<String>,
    /// The ids of `deployments[]`: one that failed stays listed for a while, and may be of the revision that is reused.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deployments: Vec<String>,
    pub desired: u32,
}

/// What a service can be rolled back to, and its deployments right before that: only one that is not in these lists can be the rollback.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RollbackTarget {
    /// ACTIVE: what ran before, or, where that was deregistered, its content registered again.
    pub task_definition: String,
    pub service_deployments: Vec<String>,
    /// The ids of `deployments[]`. While a failed rollout is PRIMARY, what ran before is still among them.
    pub deployments: Vec<String>,
}

/// A rollout counts as proven after this many consecutive readings: a container that fails at start fails between two of them.
pub const PROOFS: u32 = 3;

/// The state of a rollout.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum RolloutState {
    /// The deployment was missing in this many consecutive readings.
    Looking {
        readings: u32,
    },
    InProgress,
    /// ECS reports success; the proof is not complete.
    Proving {
        missing: ProofGap,
    },
    /// Everything proven, in this many consecutive readings.
    Proven {
        readings: u32,
    },
    /// `said` here and below: ECS's own words, where it gives any.
    RollingBack {
        said: Option<String>,
    },
    RolledBack {
        said: Option<String>,
    },
    RollbackFailed {
        said: Option<String>,
    },
    /// Failed without a rollback by ECS: the circuit breaker does not roll back, or has nothing to roll back to.
    Failed {
        said: Option<String>,
        /// What made ECS give it up, where ECS shows that.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        monitor: Option<Monitor>,
    },
    Stopped {
        said: Option<String>,
    },
    /// By this deployment: its id or ARN.
    Superseded {
        by: String,
    },
    /// Several deployments of the task definition started after the baseline. By ARN.
    Ambiguous {
        deployments: Vec<String>,
    },
}

/// What one reading shows of a rollout.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RolloutProgress {
    #[serde(flatten)]
    pub rollout: RolloutState,
    /// Our service deployment's ARN, once found.
    pub deployment: Option<String>,
    pub desired: u32,
    pub running: u32,
    pub failed: u32,
    /// Why our tasks stopped, one entry for each cause, with the first such task.
    pub task_stops: Vec<TaskStop>,
    #[serde(default, skip_serializing_if = "Circumstances::are_none")]
    pub circumstances: Circumstances,
}

/// Circumstances of a rollout.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Circumstances {
    /// Why it does not continue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_up: Option<HeldUp>,
    /// The circuit breaker's count, once something failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub breaker: Option<BreakerCount>,
    /// Old tasks that still run although ECS reports success (`DEFERRED`).
    #[serde(default, skip_serializing_if = "is_zero")]
    pub draining: u32,
}

impl Circumstances {
    pub fn are_none(&self) -> bool {
        *self == Circumstances::default()
    }
}

/// Why a rollout that is under way does not continue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "kebab-case")]
pub enum HeldUp {
    /// A hook pauses it until somebody answers.
    Hook { id: String, expires: Option<Timestamp> },
    /// ECS starts no task of ours. `reason`: the service's event.
    NoTask { reason: String },
    /// A stop was requested, but its state does not change.
    Stopping { said: Option<String> },
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_zero(n: &u32) -> bool {
    *n == 0
}

/// Tasks of ours that stopped with the same cause, container and exit code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskStop {
    pub cause: TaskStopCause,
    pub container: Option<String>,
    pub exit_code: Option<i32>,
    /// ECS's own words, where it gives any.
    pub said: Option<String>,
    /// How many were seen.
    pub tasks: u32,
}

/// Why a task ended, read from `stopCode`, `stoppedReason` and its containers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TaskStopCause {
    SpotInterruption,
    /// AWS replaced what the task ran on: retirement, maintenance, an unhealthy instance.
    Infrastructure,
    /// ECS (scaling, rebalancing, replacing) or a person stopped it.
    Stopped,
    NoCapacity,
    /// A quota of the account, such as Fargate's vCPUs.
    Quota,
    NetworkInterface,
    Disk,
    WrongArchitecture,
    PullRateLimit,
    PullNetwork,
    PullDenied,
    Kms,
    ImageMissing,
    /// The image could not be pulled, for any other reason.
    CannotPullContainer,
    SecretDenied,
    SecretMissing,
    /// What a start needs (registry, secrets) could not be reached.
    StartNetwork,
    Logging,
    EnvironmentFile,
    Volume,
    Role,
    TaskDefinition,
    /// Killed for using too much memory, in ECS's words.
    OutOfMemory,
    /// Killed (exit code 137), and ECS does not say why; mostly it is memory.
    Killed,
    /// The container's own health check.
    HealthCheckFailed,
    /// The load balancer's.
    TargetUnhealthy,
    CannotStart,
    RuntimeTimeout,
    /// ECS's agent or runtime.
    Platform,
    /// `dependsOn`.
    Dependency,
    ContainerExited,
    /// ECS was throttled, and retries.
    Throttled,
    Other,
}

/// How a rollout ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "end", rename_all = "kebab-case")]
pub enum RolloutEnd {
    Succeeded,
    /// Nothing had to change, and what runs was proven.
    Unchanged,
    /// Desired count 0: the service was updated, but no task runs that could be proven.
    Unverified,
    /// Rolled back by ECS. `said` here and below: its own words, where it gives any.
    RolledBack {
        said: Option<String>,
    },
    /// Failed, and ECS did not roll back.
    Failed {
        why: RolloutFailure,
    },
    Superseded {
        by: SupersededBy,
    },
    Stopped {
        said: Option<String>,
    },
    Stuck {
        why: StuckReason,
    },
    StillRunning,
    Unknown {
        why: UnknownRollout,
    },
}

/// A task definition as AWS describes it: raw JSON, because typed structures drop unknown members.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskDefinition {
    pub arn: String,
    pub status: TaskDefinitionStatus,
    pub raw: serde_json::Value,
    pub tags: BTreeMap<String, String>,
}

/// The digests that count as the approved image: the index's and its platform children's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageDigests {
    pub digest: Digest,
    pub children: Vec<Digest>,
}

impl ImageDigests {
    pub fn contains(&self, digest: &str) -> bool {
        self.digest.as_str() == digest || self.children.iter().any(|c| c.as_str() == digest)
    }
}
