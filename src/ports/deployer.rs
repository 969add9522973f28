//! ECS, as the rollout needs it.

use std::collections::BTreeMap;

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::Value;

use crate::model::aws::ecs::TaskStatus;
use crate::model::fault::Fault;
use crate::model::pipeline::{Account, Pipeline, Stage};
use crate::model::rollout::{RolloutReading, ServiceReading, TaskDefinition};
use crate::model::step::run::TaskEnd;

/// A cluster of an account.
#[derive(Debug, Clone, Copy)]
pub struct Cluster<'a> {
    pub account: &'a Account,
    pub name: &'a str,
}

impl<'a> Cluster<'a> {
    /// The cluster that a stage deploys into.
    pub fn of(pipeline: &'a Pipeline, stage: &'a Stage) -> Cluster<'a> {
        Cluster { account: pipeline.account(&stage.account), name: &stage.cluster }
    }
}

/// A one-off task to start.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskStart {
    pub task_definition: String,
    /// `networkConfiguration`, as the service has it.
    pub network: Option<Value>,
    /// RunTask's members that say how the task is placed and tagged, as the service's tasks are.
    pub launch: Option<Value>,
    pub container: String,
    /// Empty: the container's own command.
    pub command: Vec<String>,
    /// Makes a repeated call the same task (at most 64 characters).
    pub client_token: String,
    /// Shown as the task's `startedBy` (at most 128 characters).
    pub started_by: String,
}

/// What was read of a one-off task.
#[derive(Debug, Clone, PartialEq)]
pub enum OneOff {
    Moving {
        last_status: TaskStatus,
    },
    Ended(TaskEnd),
    /// ECS does not know it (any more).
    Gone,
}

/// Whether a revision is the one that is looked for.
pub type Wanted<'a> = &'a (dyn Fn(&TaskDefinition) -> bool + Send + Sync);

#[async_trait]
pub trait Deployer: Send + Sync {
    /// # Errors
    /// `NotFound` with the nearest cluster's name.
    async fn cluster(&self, at: Cluster<'_>) -> Result<(), Fault>;

    /// The service and its deployments: those of the last days, and each that is under way.
    ///
    /// # Errors
    /// `NotFound` with the nearest service's name.
    async fn service(&self, at: Cluster<'_>, service: &str) -> Result<ServiceReading, Fault>;

    /// The service with its running and stopped tasks, and its service deployments since some days before `since`, however long ago
    /// that is; at least those not in `known` carry their task definition.
    async fn rollout(
        &self,
        at: Cluster<'_>,
        service: &str,
        known: &[String],
        since: Timestamp,
    ) -> Result<RolloutReading, Fault>;

    /// A task definition by ARN, or a family's newest ACTIVE revision; raw, with tags.
    async fn task_definition(&self, account: &Account, name: &str) -> Result<TaskDefinition, Fault>;

    /// The newest of the family's last ACTIVE revisions that is wanted.
    async fn newest(
        &self,
        account: &Account,
        family: &str,
        wanted: Wanted<'_>,
    ) -> Result<Option<TaskDefinition>, Fault>;

    /// `RegisterTaskDefinition` with a raw body; tags are added to it. Answers the revision's ARN.
    ///
    /// # Errors
    /// `Ambiguous` where it may have been registered.
    async fn register(
        &self,
        account: &Account,
        input: &Value,
        tags: &BTreeMap<String, String>,
    ) -> Result<String, Fault>;

    /// `UpdateService {cluster, service, taskDefinition}` and nothing else. Answers the PRIMARY deployment's id.
    ///
    /// # Errors
    /// `Ambiguous` where it may have taken effect.
    async fn update(&self, at: Cluster<'_>, service: &str, task_definition: &str) -> Result<String, Fault>;

    /// `StopServiceDeployment(ROLLBACK)`; safe to repeat.
    async fn stop(&self, at: Cluster<'_>, deployment: &str) -> Result<(), Fault>;

    /// `RunTask`; answers the task's ARN.
    async fn run_task(&self, at: Cluster<'_>, task: &TaskStart) -> Result<String, Fault>;

    /// A one-off task by ARN; the named container's exit code decides.
    async fn one_off(&self, at: Cluster<'_>, task: &str, container: &str) -> Result<OneOff, Fault>;
}
