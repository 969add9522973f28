//! Stopping a running deployment, which has ECS roll it back.

use async_trait::async_trait;

use super::Execute;
use crate::model::effect::StepRef;
use crate::model::event::Fact;
use crate::model::fault::Fault;
use crate::model::fault::own::Lack;
use crate::model::fault::service::ServiceProblem;
use crate::model::ids::ServiceName;
use crate::model::release::Release;
use crate::model::step::roll::RollFact;
use crate::ports::images::Say;
use crate::runtime::ports::Ports;
use crate::runtime::recorded::{cluster, defect, forward_run, roll, stage};

pub(super) struct StopRollout<'e> {
    pub at: &'e StepRef,
    pub service: &'e ServiceName,
}

#[async_trait]
impl Execute for StopRollout<'_> {
    async fn execute(&self, ports: &Ports, release: &Release, _: Say<'_>) -> Result<Vec<Fact>, Fault> {
        let StopRollout { at, service: name } = *self;
        let stage = stage(release, &at.stage)?;
        let cluster = cluster(release, stage);
        let run = forward_run(roll(release, at, name)?)?;
        let deployment = run.progress.as_ref().and_then(|p| p.deployment.as_ref());
        let deployment = deployment.ok_or_else(|| defect(Lack::Deployment))?;
        // A record may name another service's.
        let service = ports.deployer.service(cluster, stage.service_name(name)).await?;
        let is_ours = |target: Option<&str>| target.is_none_or(|target| target == run.task_definition);
        let mut listed = service.service_deployments.iter().flatten();
        if !listed.any(|d| d.arn == *deployment && is_ours(d.target_task_definition.as_deref())) {
            let (stage, service, deployment) = (stage.name.clone(), name.clone(), deployment.clone());
            return Err(ServiceProblem::OfAnotherService { stage, service, deployment }.into());
        }
        ports.deployer.stop(cluster, deployment).await?;
        Ok(vec![Fact::step(at, RollFact::RolloutStopRequested { service: name.clone() })])
    }
}
