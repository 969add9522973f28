//! A service as ECS describes it.

use aws_sdk_ecs::types::{self, ServiceField, ServiceRevisionCleanup};
use serde_json::Value;

use super::service_deployments::{self, Wanted};
use super::{cluster, launch, of_cluster};
use crate::aws::errors;
use crate::aws::errors::Refusal;
use crate::aws::nearest::{not_found_in, within};
use crate::aws::operations::Operation;
use crate::aws::pages::Pages;
use crate::aws::raw::KeepRaw;
use crate::aws::session::Session;
use crate::aws::time::timestamp;
use crate::model::arn;
use crate::model::aws::ecs::{DeploymentController, DeploymentStatus};
use crate::model::fault::Fault;
use crate::model::fault::aws::{Kind, Within};
use crate::model::fault::call::Target;
use crate::model::rollout::{Deployment, EarlySuccess, ServiceEvent, ServiceReading};

pub(super) async fn read(
    session: &Session,
    cluster: &str,
    name: &str,
    wanted: Wanted<'_>,
) -> Result<ServiceReading, Fault> {
    let (raw, call) = (KeepRaw::default(), session.describe_services(of_cluster(cluster, name)));
    let kept = raw.clone();
    let answer = call
        .send(|r| r.cluster(cluster).services(name).include(ServiceField::Tags).customize().interceptor(kept).send());
    let answer = match answer.await {
        Ok(answer) => answer,
        Err(refusal) => return Err(explain(session, cluster, refusal).await),
    };
    let Some(service) = answer.services().first() else {
        return Err(missing(session, cluster, name).await);
    };
    let op = || Operation::DescribeServices.on(of_cluster(cluster, name));
    let raw = raw.json().ok_or_else(|| errors::incomplete(op(), &session.account.name, "services"))?;
    let raw = &raw["services"][0];
    let service_deployments = match controller(service) {
        DeploymentController::Ecs => service_deployments::read(session, cluster, name, wanted).await?,
        // Other controllers have none, and ECS refuses the question.
        DeploymentController::CodeDeploy | DeploymentController::External | DeploymentController::Unknown(_) => None,
    };
    Ok(reading(service, raw, service_deployments))
}

fn reading(
    service: &types::Service,
    raw: &Value,
    service_deployments: Option<Vec<crate::model::rollout::ServiceDeployment>>,
) -> ServiceReading {
    let percents = service.deployment_configuration();
    let mut deployments: Vec<Deployment> = service.deployments().iter().map(deployment).collect();
    deployments.sort_by_key(|d| d.status != DeploymentStatus::Primary);
    ServiceReading {
        status: service.status().unwrap_or_default().into(),
        controller: controller(service),
        desired: count(service.desired_count()),
        running: count(service.running_count()),
        pending: count(service.pending_count()),
        task_definition: service.task_definition().unwrap_or_default().to_owned(),
        // ECS's defaults for a rolling deployment of replicas.
        minimum_percent: percents.and_then(|p| p.minimum_healthy_percent()).map_or(100, count),
        maximum_percent: percents.and_then(|p| p.maximum_percent()).map_or(200, count),
        deployments,
        service_deployments,
        network: raw.get("networkConfiguration").filter(|n| !n.is_null()).cloned(),
        launch: launch::of_service(raw),
        early_success: percents.and_then(|p| p.early_success_criteria()).filter(|e| e.enable()).map(early_success),
        events: service.events().iter().take(EVENTS).map(event).collect(),
    }
}

fn controller(service: &types::Service) -> DeploymentController {
    service.deployment_controller().map_or(DeploymentController::Ecs, |c| c.r#type().as_str().into())
}

/// How many of a service's events are read: the newest ones say what holds up a deployment that is under way.
const EVENTS: usize = 20;

fn event(e: &types::ServiceEvent) -> ServiceEvent {
    ServiceEvent { at: e.created_at().and_then(timestamp), text: e.message().unwrap_or_default().to_owned() }
}

fn early_success(criteria: &types::DeploymentEarlySuccessCriteria) -> EarlySuccess {
    EarlySuccess {
        // Required where it is enabled; ECS without it waits for all.
        healthy_percent: criteria.healthy_percent().map_or(100, count),
        deferred: criteria.source_service_revision_cleanup() == Some(&ServiceRevisionCleanup::Deferred),
    }
}

fn deployment(d: &types::Deployment) -> Deployment {
    Deployment {
        id: d.id().unwrap_or_default().to_owned(),
        status: d.status().unwrap_or_default().into(),
        task_definition: d.task_definition().unwrap_or_default().to_owned(),
        rollout_state: d.rollout_state().map(|s| s.as_str().into()),
        rollout_state_reason: d.rollout_state_reason().map(str::to_owned),
        desired: count(d.desired_count()),
        running: count(d.running_count()),
        failed: count(d.failed_tasks()),
        created_at: d.created_at().and_then(timestamp),
    }
}

fn count(n: i32) -> u32 {
    u32::try_from(n).unwrap_or(0)
}

/// A missing cluster or service gets its neighbour's name; the rest is the refusal's own fault.
pub(super) async fn explain(session: &Session, cluster: &str, refusal: Refusal) -> Fault {
    if refusal.is("ClusterNotFoundException") { cluster::missing(session, cluster).await } else { refusal.fault }
}

/// `NotFound` with the nearest service's name.
pub(super) async fn missing(session: &Session, cluster: &str, name: &str) -> Fault {
    let names = names(session, cluster).await.ok();
    let within = Within { cluster: Some(cluster.to_owned()), ..within(&session.account) };
    not_found_in(within, Kind::Service, name, names.as_deref())
}

async fn names(session: &Session, cluster: &str) -> Result<Vec<String>, Fault> {
    let mut names = Vec::new();
    let mut pages = Pages::new();
    while let Some(next) = pages.next() {
        let call = session.list_services(Target::Cluster { cluster: cluster.to_owned() });
        let page = call.send(|r| r.cluster(cluster).max_results(100).set_next_token(next).send()).await?;
        names.extend(page.service_arns().iter().map(|arn| arn::last(arn).to_owned()));
        pages.read(page.next_token());
    }
    Ok(names)
}
