//! Services: baseline, task definition, update, stop.

use std::collections::BTreeMap;

use serde_json::Value;

use super::definition::{base, images};
use super::{defect, moved_tags, planned, roll, stage};
use crate::engine::taskdef::{content_hash, family, runs, sent};
use crate::model::aws::ecs::{DeploymentRolloutState, ServiceStatus};
use crate::model::effect::{StepRef, Workload};
use crate::model::event::Fact;
use crate::model::fault::Fault;
use crate::model::fault::own::Lack;
use crate::model::fault::service::ServiceProblem;
use crate::model::fault::task_definition::TaskDefinitionProblem;
use crate::model::ids::{ContentHash, ServiceName, StageName};
use crate::model::pipeline::Account;
use crate::model::release::Release;
use crate::model::rollout::{Baseline, ServiceReading, TaskDefinition};
use crate::model::step::roll::RollFact;
use crate::ports::deployer::Cluster;
use crate::runtime::ports::Ports;
use crate::runtime::tags;

/// Reads the service as it stands, and refuses one that cannot be rolled now.
pub async fn baseline(ports: &Ports, release: &Release, at: &StepRef, name: &ServiceName) -> Result<Fact, Fault> {
    let stage = stage(release, at)?;
    let cluster = Cluster { account: release.started.pipeline.account(&stage.account), name: &stage.cluster };
    let service = ports.deployer.service(cluster, stage.service_name(name)).await?;
    let place = format!("{}/{name}", stage.name);
    fit_to_roll(&place, &service)?;
    let primary = service.primary().ok_or_else(|| Fault::from(ServiceProblem::NoPrimary { place: place.clone() }))?;
    let baseline = Baseline {
        primary: primary.id.clone(),
        task_definition: primary.task_definition.clone(),
        service_deployments: service.service_deployments.iter().flatten().map(|d| d.arn.clone()).collect(),
        deployments: service.deployments.iter().map(|d| d.id.clone()).collect(),
        desired: service.desired,
    };
    Ok(Fact::step(at, RollFact::BaselineTaken { service: name.clone(), baseline }))
}

fn fit_to_roll(place: &str, service: &ServiceReading) -> Result<(), Fault> {
    if service.status != ServiceStatus::Active {
        let (place, status) = (place.to_owned(), service.status.to_string());
        return Err(ServiceProblem::NotActive { place, status }.into());
    }
    let busy = service.service_deployments.iter().flatten().find(|d| d.status.is_under_way());
    let rolling = service.deployments.iter().find(|d| d.rollout_state == Some(DeploymentRolloutState::InProgress));
    if let Some(theirs) = busy.map(|d| &d.arn).or(rolling.map(|d| &d.id)) {
        return Err(ServiceProblem::BeingDeployed { place: place.to_owned(), deployment: theirs.clone() }.into());
    }
    let desired = u64::from(service.desired);
    let most = desired * u64::from(service.maximum_percent) / 100;
    let least = (desired * u64::from(service.minimum_percent)).div_ceil(100);
    if desired > 0 && most <= desired && least >= desired {
        return Err(ServiceProblem::CannotRoll { place: place.to_owned(), desired, least, most }.into());
    }
    Ok(())
}

/// Registers the planned task definition, or finds the revision that has its content already.
pub async fn register(ports: &Ports, release: &Release, at: &StepRef, workload: &Workload) -> Result<Fact, Fault> {
    let stage = stage(release, at)?;
    let account = release.started.pipeline.account(&stage.account);
    let (definition, base_tags) = as_planned(ports, release, at, workload).await?;
    let content = content_hash(&definition);
    let tags = tags::with_ours(&base_tags, &content, &release.id);
    let (arn, reused) = find_or_register(ports, account, &definition, &content, &tags).await?;
    Ok(Fact::TaskDefinitionRegistered { at: at.clone(), workload: workload.clone(), arn, content, reused })
}

/// The task definition that was planned, made again from its base, and the base's tags.
async fn as_planned(
    ports: &Ports,
    release: &Release,
    at: &StepRef,
    workload: &Workload,
) -> Result<(Value, BTreeMap<String, String>), Fault> {
    let stage = stage(release, at)?;
    let plan = planned(release, at, workload)?;
    let base = base(ports, release, stage, workload, plan.live.as_deref()).await?;
    let definition = base.next(&images(ports, release, stage, base.containers).await?, &plan.unnamed)?;
    if content_hash(&definition) != plan.content {
        return Err(TaskDefinitionProblem::NotAsPlanned { place: format!("{}/{workload}", stage.name) }.into());
    }
    Ok((definition, base.tags))
}

/// Reads the revision that the record calls registered, right before it is used: a record may name any.
///
/// # Errors
/// `Invalid` where it runs something other than what was planned, and so was approved.
pub(super) async fn runs_what_was_planned(
    ports: &Ports,
    release: &Release,
    at: &StepRef,
    workload: &Workload,
    arn: &str,
) -> Result<(), Fault> {
    let stage = stage(release, at)?;
    let account = release.started.pipeline.account(&stage.account);
    let (definition, _) = as_planned(ports, release, at, workload).await?;
    let found = ports.deployer.task_definition(account, arn).await?;
    match runs::runs_the_same(&found.raw, &definition) {
        true => Ok(()),
        false => {
            let place = format!("{}/{workload}", stage.name);
            Err(ServiceProblem::NotTheRegistered { place, arn: arn.to_owned() }.into())
        }
    }
}

/// The ACTIVE revision that has this content, and whether it was there already.
pub(super) async fn find_or_register(
    ports: &Ports,
    account: &Account,
    definition: &Value,
    content: &ContentHash,
    to_tag: &BTreeMap<String, String>,
) -> Result<(String, bool), Fault> {
    // A tag can be set by anybody: the content decides.
    let wanted = |found: &TaskDefinition| {
        tags::content(&found.tags).as_ref() == Some(content) && sent::holds(&found.raw, content, definition)
    };
    match ports.deployer.newest(account, &family(definition), &wanted).await? {
        Some(found) => Ok((found.arn, true)),
        None => Ok((ports.deployer.register(account, definition, to_tag).await?, false)),
    }
}

/// PRIMARY must be what it was when it was decided to replace it.
pub(super) fn still(place: &str, service: &ServiceReading, primary: &str) -> Result<(), Fault> {
    match service.primary() {
        Some(found) if found.id == primary => Ok(()),
        found => {
            let (place, was) = (place.to_owned(), primary.to_owned());
            Err(ServiceProblem::Replaced { place, was, is: found.map(|d| d.id.clone()) }.into())
        }
    }
}

/// What was proven when a service's rollout ended may have been deployed over while the stage's later steps took their time.
pub async fn confirm(ports: &Ports, release: &Release, name: &StageName) -> Result<Fact, Fault> {
    let stage = release.started.pipeline.stage(name).ok_or_else(|| defect(Lack::Stage))?;
    let cluster = Cluster { account: release.started.pipeline.account(&stage.account), name: &stage.cluster };
    for (_, service, state) in release.stage(name).rolls() {
        let Some(run) = &state.forward.run else { continue };
        let found = ports.deployer.service(cluster, stage.service_name(service)).await?;
        let set_to = found.primary().map(|d| d.task_definition.clone());
        if set_to.as_ref() != Some(&run.task_definition) {
            return Err(ServiceProblem::DeployedOver {
                place: format!("{name}/{service}"),
                stage: name.clone(),
                ours: run.task_definition.clone(),
                found: set_to,
            }
            .into());
        }
    }
    let moved = moved_tags::moved(ports, release, stage).await;
    Ok(Fact::StageConfirmed { stage: name.clone(), moved })
}

pub async fn stop(ports: &Ports, release: &Release, at: &StepRef, name: &ServiceName) -> Result<Fact, Fault> {
    let stage = stage(release, at)?;
    let cluster = Cluster { account: release.started.pipeline.account(&stage.account), name: &stage.cluster };
    let state = roll(release, at, name)?;
    let deployment = state
        .forward
        .run
        .as_ref()
        .and_then(|r| r.progress.as_ref())
        .and_then(|p| p.deployment.as_ref())
        .ok_or_else(|| defect(Lack::Deployment))?;
    // A record may name another service's.
    let service = ports.deployer.service(cluster, stage.service_name(name)).await?;
    let ours = state.forward.run.as_ref().map(|run| run.task_definition.as_str());
    let is_ours = |target: Option<&str>| target.is_none() || target == ours;
    let mut listed = service.service_deployments.iter().flatten();
    if !listed.any(|d| d.arn == *deployment && is_ours(d.target_task_definition.as_deref())) {
        let (place, deployment) = (format!("{}/{name}", stage.name), deployment.clone());
        return Err(ServiceProblem::OfAnotherService { place, deployment }.into());
    }
    ports.deployer.stop(cluster, deployment).await?;
    Ok(Fact::step(at, RollFact::RolloutStopRequested { service: name.clone() }))
}
