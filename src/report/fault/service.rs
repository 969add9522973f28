//! Services, deployments and tasks in ECS.

use super::listed;
use crate::model::fault::service::{ServiceProblem, Witness};
use crate::model::ids::{ServiceName, StageName};
use crate::report::words::Words;

const WHO_WROTE_IT: &str = "find out who wrote the record, then make a new release";

pub fn words(problem: &ServiceProblem) -> Words {
    match problem {
        ServiceProblem::NotActive { stage, service, status } => {
            Words::new(format!("{stage}/{service} is {status}, not ACTIVE"))
        }
        ServiceProblem::OtherController { stage, service, controller } => {
            Words::new(format!("{stage}/{service} is deployed by the {controller} controller"))
                .hint("use a service with the ECS deployment controller: kanmon supports no other")
        }
        ServiceProblem::NoPrimary { stage, service } => {
            Words::new(format!("{stage}/{service} has no PRIMARY deployment"))
                .cause("it has never been deployed, or is being deleted")
        }
        ServiceProblem::BeingDeployed { stage, service, deployment } => {
            Words::new(format!("{stage}/{service} is being deployed by somebody else"))
                .cause(deployment.clone())
                .hint("wait until that deployment has ended, then make a new release")
        }
        ServiceProblem::CannotRoll { stage, service, desired, least, most } => Words::new(format!(
            "{stage}/{service} can never be deployed: of {desired} tasks, at least {least} must run and at most \
             {most} may run"
        ))
        .hint("lower minimumHealthyPercent or raise maximumPercent in the service's deployment configuration"),
        ServiceProblem::Replaced { stage, service, was, is } => {
            Words::new(format!("{stage}/{service} was changed by somebody else; their deployment is left alone"))
                .cause(format!(
                    "PRIMARY was {} and is now {}",
                    was.as_deref().unwrap_or("no longer listed"),
                    is.as_deref().unwrap_or("none")
                ))
                .hint("find out who deployed it before you make a new release")
        }
        ServiceProblem::DeployedOver { stage, service, ours, found } => Words::new(format!(
            "{stage}/{service} was changed by somebody else before {stage} was done; their deployment is left alone"
        ))
        .cause(format!(
            "this release deployed {ours}, but the service now uses {}",
            found.as_deref().unwrap_or("nothing")
        ))
        .hint("find out who deployed it before you make a new release"),
        ServiceProblem::TaskGone { stage, task, arn } => {
            Words::new(format!("ECS no longer knows the task of {stage}/{task}"))
                .cause(arn.clone())
                .hint("the task's log shows how it ended; ECS keeps stopped tasks for about an hour only")
        }
        ServiceProblem::TaskStartUnknown { stage, task } => {
            Words::new(format!("it is unknown whether {stage}/{task} was started, because that is too long ago"))
                .hint("look for its task in ECS")
                .hint("end this release with `kanmon abort`, and make a new release to run the task again")
        }
        ServiceProblem::DeploymentNotShown { deployment } => {
            Words::new("ECS does not yet show the deployment that it has started").cause(deployment.clone())
        }
        ServiceProblem::DeploymentNotListed { stage, service, primary, task_definition } => {
            Words::new(format!("ECS does not list the deployment of {stage}/{service} that would be rolled back"))
                .cause(format!("PRIMARY is {primary} with {task_definition}"))
        }
        ServiceProblem::OfAnotherService { stage, service, deployment } => {
            Words::new(format!("{deployment} is not a deployment of {stage}/{service}"))
                .cause("the record names it, but ECS does not list it for the service; it was not stopped")
                .hint(WHO_WROTE_IT)
        }
        ServiceProblem::NeverRan { stage, service, revision, ran, witness } => {
            let witness = match witness {
                Witness::Ecs => "ECS",
                Witness::Plan => "the stage's plan",
                Witness::Record => "the record itself",
            };
            let ran = if ran.is_empty() { "nothing".to_owned() } else { listed(ran) };
            not_rolled_back(stage, service, revision).cause(format!("{witness} says that {ran} ran there before"))
        }
        ServiceProblem::NotTheBaseline { stage, service, revision, baseline } => {
            not_rolled_back(stage, service, revision)
                .cause(format!("{baseline} ran there, and {revision} runs something else"))
        }
        ServiceProblem::NotTheRegistered { stage, workload, arn } => {
            Words::new(format!("{arn} is not the task definition that was planned for {stage}/{workload}"))
                .cause("the record names it, but it runs something else; it was not used")
                .hint(WHO_WROTE_IT)
        }
        ServiceProblem::ForeignRepository { image, named, account, id, repository, own } => Words::new(format!(
            "the record says that image {image} is in {named}, which does not belong to account {account}; \
             nothing of this record is deployed"
        ))
        .cause(format!("ECR says that repository {repository} of account {id} is {own}"))
        .hint(WHO_WROTE_IT),
    }
}

fn not_rolled_back(stage: &StageName, service: &ServiceName, revision: &str) -> Words {
    Words::new(format!("{stage}/{service} is not rolled back to {revision}: that is not what ran there before"))
        .hint("find out who wrote the record; roll back with a new release of the images that ran there before")
}
