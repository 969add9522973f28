//! Faults of ECS services and their deployments, and of what a record names.

use crate::model::aws::ecs::{DeploymentController, ServiceStatus};
use crate::model::ids::{AccountId, AccountName, ImageName, StageName};

/// How it is known what ran before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Witness {
    Ecs,
    Plan,
    Record,
}

problems! {
    /// What is wrong with a service, a deployment or a task. `place` is `STAGE/NAME`.
    Service => ServiceProblem {
        NotActive { place: String, status: ServiceStatus } = "service-not-active", Invalid;
        OtherController { place: String, controller: DeploymentController } = "service-not-deployed-by-ecs", Invalid;
        NoPrimary { place: String } = "service-without-primary", Invalid;
        BeingDeployed { place: String, deployment: String } = "service-being-deployed", Invalid;
        /// Of `desired` tasks.
        CannotRoll { place: String, desired: u64, least: u64, most: u64 } = "service-cannot-roll", Invalid;
        /// Somebody else deployed between the decision and its execution.
        Replaced {
            place: String,
            /// The deployment of the record; none where ECS no longer listed it.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            was: Option<String>,
            #[serde(default, skip_serializing_if = "Option::is_none")]
            is: Option<String>,
        } = "service-changed-by-somebody-else", Changed;
        /// Somebody else deployed after the rollout, before the stage was done.
        DeployedOver {
            place: String,
            stage: StageName,
            ours: String,
            #[serde(default, skip_serializing_if = "Option::is_none")]
            found: Option<String>,
        } = "service-deployed-over", Changed;
        TaskGone { place: String, arn: String } = "task-gone", NotFound;
        /// The start is too long ago to be repeated with its client token.
        TaskStartUnknown { place: String } = "task-start-unknown", Invalid;
        /// ECS started it, but does not show it yet.
        DeploymentNotShown { deployment: String } = "deployment-not-shown", Unreachable;
        /// The deployment to be rolled back is not listed.
        DeploymentNotListed { place: String, primary: String, task_definition: String } = "deployment-not-listed", Unreachable;
        /// The record names a deployment that ECS does not list for the service.
        OfAnotherService { place: String, deployment: String } = "deployment-of-another-service", Invalid;
        /// The record names a revision that did not run there. `ran`: what ran, by this witness.
        NeverRan { place: String, revision: String, ran: Vec<String>, witness: Witness } = "revision-never-ran", Invalid;
        /// The recorded baseline is not what this revision runs.
        NotTheBaseline { place: String, revision: String, baseline: String } = "revision-not-the-baseline", Invalid;
        /// The recorded revision does not run what was planned.
        NotTheRegistered { place: String, arn: String } = "revision-not-as-planned", Invalid;
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
