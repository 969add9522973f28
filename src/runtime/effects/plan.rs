//! Working out what a stage would change.

use async_trait::async_trait;

use super::Execute;
use crate::model::event::Fact;
use crate::model::fault::Fault;
use crate::model::ids::StageName;
use crate::model::release::Release;
use crate::ports::images::Say;
use crate::runtime::ports::Ports;
use crate::runtime::recorded;
use crate::runtime::stage_plan::stage_plan;

pub(super) struct Plan<'e> {
    pub stage: &'e StageName,
}

#[async_trait]
impl Execute for Plan<'_> {
    async fn execute(&self, ports: &Ports, release: &Release, _: Say<'_>) -> Result<Vec<Fact>, Fault> {
        let plan = stage_plan(ports, release, recorded::stage(release, self.stage)?).await?;
        Ok(vec![Fact::StagePlanned { stage: self.stage.clone(), plan }])
    }
}
