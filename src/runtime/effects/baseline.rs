//! Reading a service as it is before it is changed, and refusing one that cannot be rolled now.

use async_trait::async_trait;

use super::Execute;
use crate::model::aws::ecs::{DeploymentRolloutState, ServiceStatus};
use crate::model::effect::StepRef;
use crate::model::event::Fact;
use crate::model::fault::Fault;
use crate::model::fault::service::ServiceProblem;
use crate::model::ids::ServiceName;
use crate::model::release::Release;
use crate::model::rollout::{Baseline, ServiceReading};
use crate::model::step::roll::RollFact;
use crate::ports::images::Say;
use crate::runtime::ports::Ports;
use crate::runtime::recorded::{cluster, place, stage};

pub(super) struct ReadBaseline<'e> {
    pub at: &'e StepRef,
    pub service: &'e ServiceName,
}

#[async_trait]
impl Execute for ReadBaseline<'_> {
    async fn execute(&self, ports: &Ports, release: &Release, _: Say<'_>) -> Result<Vec<Fact>, Fault> {
        let ReadBaseline { at, service: name } = *self;
        let stage = stage(release, &at.stage)?;
        let service = ports.deployer.service(cluster(release, stage), stage.service_name(name)).await?;
        let place = place(stage, name);
        can_be_rolled(&place, &service)?;
        let primary = service.primary().ok_or_else(|| Fault::from(ServiceProblem::NoPrimary { place }))?;
        let baseline = Baseline {
            primary: primary.id.clone(),
            task_definition: primary.task_definition.clone(),
            service_deployments: service.service_deployments.iter().flatten().map(|d| d.arn.clone()).collect(),
            deployments: service.deployments.iter().map(|d| d.id.clone()).collect(),
            desired: service.desired,
        };
        Ok(vec![Fact::step(at, RollFact::BaselineTaken { service: name.clone(), baseline })])
    }
}

fn can_be_rolled(place: &str, service: &ServiceReading) -> Result<(), Fault> {
    if service.status != ServiceStatus::Active {
        let (place, status) = (place.to_owned(), service.status.clone());
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
