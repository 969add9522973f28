//! Looking whether a stage still runs what was deployed there: somebody may have deployed over it while the stage's later steps took their
//! time.

use async_trait::async_trait;

use super::Execute;
use crate::model::event::Fact;
use crate::model::fault::Fault;
use crate::model::fault::service::ServiceProblem;
use crate::model::ids::StageName;
use crate::model::release::Release;
use crate::ports::images::Say;
use crate::runtime::moved_tags;
use crate::runtime::ports::Ports;
use crate::runtime::recorded::{self, cluster};

pub(super) struct Confirm<'e> {
    pub stage: &'e StageName,
}

#[async_trait]
impl Execute for Confirm<'_> {
    async fn execute(&self, ports: &Ports, release: &Release, _: Say<'_>) -> Result<Vec<Fact>, Fault> {
        let name = self.stage;
        let stage = recorded::stage(release, name)?;
        for (_, service, state) in release.stage(name).rolls() {
            let Some(run) = &state.forward.run else { continue };
            let found = ports.deployer.service(cluster(release, stage), stage.service_name(service)).await?;
            let set_to = found.primary().map(|d| d.task_definition.clone());
            if set_to.as_ref() != Some(&run.task_definition) {
                return Err(ServiceProblem::DeployedOver {
                    stage: name.clone(),
                    service: service.clone(),
                    ours: run.task_definition.clone(),
                    found: set_to,
                }
                .into());
            }
        }
        let moved = moved_tags::moved(ports, release, stage).await;
        Ok(vec![Fact::StageConfirmed { stage: name.clone(), moved }])
    }
}
