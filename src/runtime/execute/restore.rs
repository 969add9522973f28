//! The way back of a service: what it goes back to.

use std::collections::BTreeMap;

use serde_json::Value;

use super::deploy::{find_or_register, still};
use super::{defect, restorable, roll, stage};
use crate::engine::taskdef::{compose, content_hash};
use crate::model::aws::ecs::TaskDefinitionStatus;
use crate::model::effect::StepRef;
use crate::model::event::Fact;
use crate::model::fault::Fault;
use crate::model::fault::own::Lack;
use crate::model::ids::{ContentHash, ServiceName};
use crate::model::release::Release;
use crate::model::rollout::RollbackTarget;
use crate::model::step::roll::RollFact;
use crate::model::step::roll_state::{RollState, RolloutRun};
use crate::ports::deployer::Cluster;
use crate::runtime::ports::Ports;
use crate::runtime::tags;

/// A deregistered revision as it is registered again.
pub struct Revived {
    pub definition: Value,
    pub content: ContentHash,
    pub tags: BTreeMap<String, String>,
}

/// What ran before, as it has to be registered again; `None` where it is ACTIVE. ECS describes what is deregistered, until it is
/// deleted.
pub async fn revived(
    ports: &Ports,
    release: &Release,
    at: &StepRef,
    name: &ServiceName,
) -> Result<Option<Revived>, Fault> {
    let account = release.started.pipeline.account(&stage(release, at)?.account);
    let baseline = roll(release, at, name)?.baseline.as_ref().ok_or_else(|| defect(Lack::Baseline))?;
    let before = ports.deployer.task_definition(account, &baseline.task_definition).await?;
    if before.status == TaskDefinitionStatus::Active {
        return Ok(None);
    }
    let definition = compose(&before.raw, &BTreeMap::new())?;
    let content = content_hash(&definition);
    let tags = tags::with_ours_if_room(&before.tags, &content, &release.id);
    Ok(Some(Revived { definition, content, tags }))
}

/// Makes sure that there is something to go back to, and reads how the service stands before it does, unless somebody else has
/// deployed since.
pub async fn prepare(ports: &Ports, release: &Release, at: &StepRef, name: &ServiceName) -> Result<Fact, Fault> {
    let stage = stage(release, at)?;
    let account = release.started.pipeline.account(&stage.account);
    let cluster = Cluster { account, name: &stage.cluster };
    let state = roll(release, at, name)?;
    let run = state.forward.run.as_ref().ok_or_else(|| defect(Lack::Rolled))?;
    let baseline = state.baseline.as_ref().ok_or_else(|| defect(Lack::Baseline))?;
    let service = ports.deployer.service(cluster, stage.service_name(name)).await?;
    still(&format!("{}/{name}", stage.name), &service, &run.primary)?;
    restorable::ran_before(ports, release, at, name, &service).await?;
    let (task_definition, again) = match revived(ports, release, at, name).await? {
        None => (baseline.task_definition.clone(), false),
        Some(Revived { definition, content, tags }) => {
            (find_or_register(ports, account, &definition, &content, &tags).await?.0, true)
        }
    };
    let (mut deployments, mut service_deployments) = before_restore(state, run);
    deployments.extend(service.deployments.iter().map(|d| d.id.clone()));
    service_deployments.extend(service.service_deployments.iter().flatten().map(|d| d.arn.clone()));
    for seen in [&mut deployments, &mut service_deployments] {
        seen.sort();
        seen.dedup();
    }
    let target = RollbackTarget { task_definition, service_deployments, deployments };
    Ok(Fact::step(at, RollFact::RollbackPrepared { service: name.clone(), target, again }))
}

/// What is known to have been there before the way back was begun: ids of `deployments[]`, and ARNs of service deployments.
pub fn before_restore(state: &RollState, run: &RolloutRun) -> (Vec<String>, Vec<String>) {
    let baseline = state.baseline.iter();
    let mut deployments: Vec<String> = baseline
        .clone()
        .flat_map(|b| b.deployments.iter().chain([&b.primary]).cloned())
        .chain([run.primary.clone()])
        .collect();
    let mut service_deployments: Vec<String> = baseline
        .flat_map(|b| b.service_deployments.iter().cloned())
        .chain(run.progress.as_ref().and_then(|p| p.deployment.clone()))
        .collect();
    if let Some(target) = &state.target {
        deployments.extend(target.deployments.iter().cloned());
        service_deployments.extend(target.service_deployments.iter().cloned());
    }
    (deployments, service_deployments)
}
