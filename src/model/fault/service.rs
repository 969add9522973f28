//! Faults of ECS services and their deployments, and of what a record names.

use crate::model::aws::ecs::{DeploymentController, ServiceStatus};
use crate::model::effect::Workload;
use crate::model::ids::{AccountId, AccountName, ImageName, ServiceName, StageName, TaskName};

/// How it is known what ran before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Witness {
    Ecs,
    Plan,
    Record,
}

problems! {
    /// What is wrong with a service, a deployment or a task. Services and tasks by their names in the file.
    Service => ServiceProblem {
        NotActive { stage: StageName, service: ServiceName, status: ServiceStatus } = "service-not-active", Invalid;
        OtherController {
            stage: StageName,
            service: ServiceName,
            controller: DeploymentController,
        } = "service-not-deployed-by-ecs", Invalid;
        NoPrimary { stage: StageName, service: ServiceName } = "service-without-primary", Invalid;
        BeingDeployed {
            stage: StageName,
            service: ServiceName,
            deployment: String,
        } = "service-being-deployed", Invalid;
        /// Of `desired` tasks.
        CannotRoll {
            stage: StageName,
            service: ServiceName,
            desired: u64,
            least: u64,
            most: u64,
        } = "service-cannot-roll", Invalid;
        /// Somebody else deployed between the decision and its execution.
        Replaced {
            stage: StageName,
            service: ServiceName,
            /// The deployment of the record; none where ECS no longer listed it.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            was: Option<String>,
            #[serde(default, skip_serializing_if = "Option::is_none")]
            is: Option<String>,
        } = "service-changed-by-somebody-else", Changed;
        /// Somebody else deployed after the rollout, before the stage was done.
        DeployedOver {
            stage: StageName,
            service: ServiceName,
            ours: String,
            #[serde(default, skip_serializing_if = "Option::is_none")]
            found: Option<String>,
        } = "service-deployed-over", Changed;
        TaskGone { stage: StageName, task: TaskName, arn: String } = "task-gone", NotFound;
        /// The start is too long ago to be repeated with its client token.
        TaskStartUnknown { stage: StageName, task: TaskName } = "task-start-unknown", Invalid;
        /// ECS started it, but does not show it yet.
        DeploymentNotShown { deployment: String } = "deployment-not-shown", Unreachable;
        /// The deployment to be rolled back is not listed.
        DeploymentNotListed {
            stage: StageName,
            service: ServiceName,
            primary: String,
            task_definition: String,
        } = "deployment-not-listed", Unreachable;
        /// The record names a deployment that ECS does not list for the service.
        OfAnotherService {
            stage: StageName,
            service: ServiceName,
            deployment: String,
        } = "deployment-of-another-service", Invalid;
        /// The record names a revision that did not run there. `ran`: what ran, by this witness.
        NeverRan {
            stage: StageName,
            service: ServiceName,
            revision: String,
            ran: Vec<String>,
            witness: Witness,
        } = "revision-never-ran", Invalid;
        /// The recorded baseline is not what this revision runs.
        NotTheBaseline {
            stage: StageName,
            service: ServiceName,
            revision: String,
            baseline: String,
        } = "revision-not-the-baseline", Invalid;
        /// The recorded revision does not run what was planned.
        NotTheRegistered { stage: StageName, workload: Workload, arn: String } = "revision-not-as-planned", Invalid;
        /// The record names a repository that is not the account's. `own`: the account's.
        ForeignRepository {
            image: ImageName,
            named: String,
            account: AccountName,
            id: AccountId,
            repository: String,
            own: String,
        } = "record-names-foreign-repository", Invalid;
    }
}
