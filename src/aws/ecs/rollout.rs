//! Starting, watching and stopping a rollout.

use aws_sdk_ecs::types::StopServiceDeploymentStopType;
use jiff::Timestamp;

use super::service_deployments::Wanted;
use super::{of_cluster, service, tasks};
use crate::aws::errors;
use crate::aws::operations::Operation;
use crate::aws::session::Session;
use crate::model::aws::ecs::{DeploymentStatus, Phase, ServiceDeploymentStatus};
use crate::model::fault::aws::AwsProblem;
use crate::model::fault::call::Target;
use crate::model::fault::{Fault, FaultKind};
use crate::model::rollout::RolloutReading;

pub(super) async fn read(
    session: &Session,
    cluster: &str,
    name: &str,
    known: &[String],
    since: Timestamp,
) -> Result<RolloutReading, Fault> {
    // The service first: tasks that are read after it cannot be older than what it says.
    let service = service::read(session, cluster, name, Wanted::NotIn { known, since }).await?;
    let (running, stopped) =
        tokio::try_join!(tasks::running(session, cluster, name), tasks::stopped(session, cluster, name))?;
    Ok(RolloutReading { service, running, stopped })
}

/// `UpdateService` with the task definition alone: any other member would undo what others own, first of all auto scaling's desired
/// count.
pub(super) async fn update(
    session: &Session,
    cluster: &str,
    name: &str,
    task_definition: &str,
) -> Result<String, Fault> {
    let call = session.update_service(of_cluster(cluster, name));
    let answer = call.send(|r| r.cluster(cluster).service(name).task_definition(task_definition).send()).await;
    let answer = match answer {
        Ok(answer) => answer,
        Err(r) if r.is("ServiceNotFoundException") => return Err(service::missing(session, cluster, name).await),
        Err(r) => return Err(service::explain(session, cluster, r).await),
    };
    let deployments = answer.service().map(|s| s.deployments()).unwrap_or_default();
    let primary = deployments
        .iter()
        .find(|d| d.status().map(DeploymentStatus::from) == Some(DeploymentStatus::Primary))
        .and_then(|d| d.id());
    primary.map(str::to_owned).ok_or_else(|| {
        errors::incomplete(
            Operation::UpdateService.on(of_cluster(cluster, name)),
            &session.account.name,
            "service.deployments",
        )
    })
}

/// `StopServiceDeployment(ROLLBACK)`; repeating it for one that is being stopped or was stopped succeeds.
pub(super) async fn stop(session: &Session, deployment: &str) -> Result<(), Fault> {
    let call = session.stop_service_deployment(Target::ServiceDeployment { arn: deployment.to_owned() });
    let stop = StopServiceDeploymentStopType::Rollback;
    match call.send(|r| r.service_deployment_arn(deployment).stop_type(stop).send()).await {
        Ok(_) => Ok(()),
        Err(r) if r.is("ConflictException") || r.fault.kind() == FaultKind::Invalid => {
            let status = status(session, deployment).await?;
            match status.map(|status| (status.phase(), status)) {
                Some((Phase::Ending | Phase::Undone, _)) => Ok(()),
                Some((Phase::Forward | Phase::Succeeded | Phase::Unknown, status)) => {
                    let (deployment, status) = (deployment.to_owned(), status);
                    Err(Fault { said: r.fault.said, ..AwsProblem::StopRefused { deployment, status }.into() })
                }
                None => Err(r.fault),
            }
        }
        Err(r) => Err(r.fault),
    }
}

async fn status(session: &Session, deployment: &str) -> Result<Option<ServiceDeploymentStatus>, Fault> {
    let call = session.describe_service_deployments(Target::ServiceDeployment { arn: deployment.to_owned() });
    let answer = call.send(|r| r.service_deployment_arns(deployment).send()).await?;
    Ok(answer.service_deployments().first().and_then(|d| d.status()).map(|s| s.as_str().into()))
}
