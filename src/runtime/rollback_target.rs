//! What a service is rolled back to.

use std::collections::BTreeMap;

use serde_json::Value;

use super::ports::Ports;
use super::recorded::{account, baseline, forward_run, roll, stage};
use super::task_definition::tags;
use crate::engine::rollout::Before;
use crate::engine::taskdef::{compose, content_hash};
use crate::model::aws::ecs::TaskDefinitionStatus;
use crate::model::effect::{StepRef, Workload};
use crate::model::fault::Fault;
use crate::model::ids::{ContentHash, ServiceName};
use crate::model::release::Release;
use crate::model::step::part::Direction;
use crate::model::step::roll_state::{RollState, RolloutRun};

/// A deregistered revision, as it is registered again.
pub struct Reregistration {
    pub definition: Value,
    pub content: ContentHash,
    pub tags: BTreeMap<String, String>,
}

/// What ran before, as it has to be registered again; `None` where it is ACTIVE. ECS describes a deregistered revision until it is
/// deleted.
pub async fn reregistration(
    ports: &Ports,
    release: &Release,
    at: &StepRef,
    name: &ServiceName,
) -> Result<Option<Reregistration>, Fault> {
    let (account, workload) = (account(release, stage(release, &at.stage)?), Workload::Service(name.clone()));
    let baseline = baseline(roll(release, at, name)?)?;
    let before = ports.deployer.task_definition(account, &baseline.task_definition).await?;
    if before.status == TaskDefinitionStatus::Active {
        return Ok(None);
    }
    let definition = compose(&at.stage, &workload, &before.raw, &BTreeMap::new())?;
    let content = content_hash(&definition);
    let tags = tags::with_ours_if_room(&before.tags, &content, &release.id);
    Ok(Some(Reregistration { definition, content, tags }))
}

/// What was there before a service was updated, forward or back.
///
/// # Errors
/// A defect of kanmon's where the record lacks it.
pub fn before(state: &RollState, direction: Direction) -> Result<Before, Fault> {
    match direction {
        Direction::Forward => Ok(Before::from(baseline(state)?)),
        Direction::Back => {
            let run = forward_run(state)?;
            let (deployments, service_deployments) = known_before_rollback(state, run);
            let (primary, task_definition) = (run.primary.clone(), run.task_definition.clone());
            Ok(Before { primary, task_definition, deployments, service_deployments })
        }
    }
}

/// What is known to have been there before the rollback began: ids of `deployments[]`, and ARNs of service deployments.
pub fn known_before_rollback(state: &RollState, run: &RolloutRun) -> (Vec<String>, Vec<String>) {
    let baseline = state.baseline.iter();
    let mut deployments: Vec<String> = baseline
        .clone()
        .flat_map(|b| b.deployments.iter().chain([&b.primary]).cloned())
        .chain(run.primary.clone())
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
