//! Services and their deployments in ECS, and what a record says of them.

use crate::model::aws::ecs::{DeploymentController, ServiceStatus};
use crate::model::ids::{AccountId, AccountName, ImageName, StageName};

/// Who says what ran before.
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
        /// Between a decision and its execution.
        Replaced {
            place: String,
            was: String,
            #[serde(default, skip_serializing_if = "Option::is_none")]
            is: Option<String>,
        } = "service-changed-by-somebody-else", Changed;
        /// After the rollout, before the stage was done.
        DeployedOver {
            place: String,
            stage: StageName,
            ours: String,
            #[serde(default, skip_serializing_if = "Option::is_none")]
            found: Option<String>,
        } = "service-deployed-over", Changed;
        TaskGone { place: String, arn: String } = "task-gone", NotFound;
        /// It is too long ago to find out with AWS's client token.
        TaskStartUnknown { place: String } = "task-start-unknown", Invalid;
        /// ECS began it, and does not show it yet.
        DeploymentNotShown { deployment: String } = "deployment-not-shown", Unreachable;
        /// The deployment that would be undone.
        DeploymentNotListed { place: String, primary: String, task_definition: String } = "deployment-not-listed", Unreachable;
        /// The record names a deployment that ECS does not list for the service.
        OfAnotherService { place: String, deployment: String } = "deployment-of-another-service", Invalid;
        /// The record names a revision that is not what ran there; `ran`: what did, by this witness.
        NeverRan { place: String, revision: String, ran: Vec<String>, witness: Witness } = "revision-never-ran", Invalid;
        /// The record names a revision as that of before, and it runs something else.
        NotTheBaseline { place: String, revision: String, baseline: String } = "revision-not-the-baseline", Invalid;
        /// The record names a revision as registered, and it runs something else.
        NotTheRegistered { place: String, arn: String } = "revision-not-as-planned", Invalid;
        /// The record names a repository that is not the account's; `own` is.
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
