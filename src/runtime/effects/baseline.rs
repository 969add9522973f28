//! Reading a service as it is before it is changed, and refusing one that cannot be rolled now.

use async_trait::async_trait;

use super::Execute;
use crate::model::aws::ecs::{DeploymentRolloutState, ServiceStatus};
use crate::model::effect::StepRef;
use crate::model::event::Fact;
use crate::model::fault::Fault;
use crate::model::fault::service::ServiceProblem;
use crate::model::ids::{ServiceName, StageName};
use crate::model::release::Release;
use crate::model::rollout::{Baseline, ServiceReading};
use crate::model::step::roll::RollFact;
use crate::ports::images::Say;
use crate::runtime::ports::Ports;
use crate::runtime::recorded::{cluster, stage};

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
        can_be_rolled(&stage.name, name, &service)?;
        let primary = service.primary().ok_or_else(|| {
            Fault::from(ServiceProblem::NoPrimary { stage: stage.name.clone(), service: name.clone() })
        })?;
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

fn can_be_rolled(stage: &StageName, name: &ServiceName, reading: &ServiceReading) -> Result<(), Fault> {
    let (stage, service) = (stage.clone(), name.clone());
    if reading.status != ServiceStatus::Active {
        return Err(ServiceProblem::NotActive { stage, service, status: reading.status.clone() }.into());
    }
    let busy = reading.service_deployments.iter().flatten().find(|d| d.status.is_under_way());
    let rolling = reading.deployments.iter().find(|d| d.rollout_state == Some(DeploymentRolloutState::InProgress));
    if let Some(theirs) = busy.map(|d| &d.arn).or(rolling.map(|d| &d.id)) {
        return Err(ServiceProblem::BeingDeployed { stage, service, deployment: theirs.clone() }.into());
    }
    let desired = u64::from(reading.desired);
    let most = desired * u64::from(reading.maximum_percent) / 100;
    let least = (desired * u64::from(reading.minimum_percent)).div_ceil(100);
    if desired > 0 && most <= desired && least >= desired {
        return Err(ServiceProblem::CannotRoll { stage, service, desired, least, most }.into());
    }
    Ok(())
}
