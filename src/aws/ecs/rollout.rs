//! Starting, watching and stopping a rollout.

use aws_sdk_ecs::types::StopServiceDeploymentStopType;
use jiff::Timestamp;

use super::service_deployments::Wanted;
use super::{service, tasks};
use crate::aws::op::Op;
use crate::aws::session::Session;
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

/// `UpdateService` with the task definition alone: whatever else were echoed back would undo what others own, auto scaling's
/// desired count first.
pub(super) async fn update(
    session: &Session,
    cluster: &str,
    name: &str,
    task_definition: &str,
) -> Result<String, Fault> {
    let op = Op::write("ecs:UpdateService", format!("service {name} of cluster {cluster}"));
    let request = session.ecs_once().update_service().cluster(cluster).service(name).task_definition(task_definition);
    let answer = match session.call(&op, request.customize().interceptor(session.fence()).send()).await {
        Ok(answer) => answer,
        Err(r) if r.is("ServiceNotFoundException") => return Err(service::missing(session, cluster, name).await),
        Err(r) => return Err(service::explain(session, cluster, r).await),
    };
    let deployments = answer.service().map(|s| s.deployments()).unwrap_or_default();
    let primary = deployments.iter().find(|d| d.status() == Some("PRIMARY")).and_then(|d| d.id());
    primary.map(str::to_owned).ok_or_else(|| {
        Fault::new(FaultKind::Ambiguous, format!("{} was updated, and the answer names no PRIMARY deployment", op.on))
    })
}

/// `StopServiceDeployment(ROLLBACK)`. Asked again for one that is being stopped or has been, it is content.
pub(super) async fn stop(session: &Session, deployment: &str) -> Result<(), Fault> {
    let op = Op::write("ecs:StopServiceDeployment", format!("service deployment {deployment}"));
    let request = session
        .ecs()
        .stop_service_deployment()
        .service_deployment_arn(deployment)
        .stop_type(StopServiceDeploymentStopType::Rollback);
    match session.call(&op, request.customize().interceptor(session.fence()).send()).await {
        Ok(_) => Ok(()),
        Err(r) if r.is("ConflictException") || r.fault.kind() == FaultKind::Invalid => {
            let status = status(session, deployment).await?;
            match status.as_deref() {
                Some(s) if s.starts_with("ROLLBACK_") || s.starts_with("STOP") => Ok(()),
                Some(s) => Err(r.fault.hint(format!("the deployment is {s}"))),
                None => Err(r.fault),
            }
        }
        Err(r) => Err(r.fault),
    }
}

async fn status(session: &Session, deployment: &str) -> Result<Option<String>, Fault> {
    let op = Op::read("ecs:DescribeServiceDeployments", format!("service deployment {deployment}"));
    let request = session.ecs().describe_service_deployments().service_deployment_arns(deployment);
    let answer = session.call(&op, request.send()).await?;
    Ok(answer.service_deployments().first().and_then(|d| d.status()).map(|s| s.as_str().to_owned()))
}
