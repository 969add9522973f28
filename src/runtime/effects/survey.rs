//! Looking whether everything is there, before anything is touched.

use async_trait::async_trait;

use super::Execute;
use crate::model::event::Fact;
use crate::model::fault::Fault;
use crate::model::ids::StageName;
use crate::model::release::Release;
use crate::ports::images::Say;
use crate::runtime::ports::Ports;
use crate::runtime::survey::survey;

pub(super) struct Survey<'e> {
    pub from: &'e StageName,
    pub until: &'e StageName,
}

#[async_trait]
impl Execute for Survey<'_> {
    async fn execute(&self, ports: &Ports, release: &Release, _: Say<'_>) -> Result<Vec<Fact>, Fault> {
        survey(ports, release, self.from, self.until).await?;
        Ok(vec![Fact::Surveyed { until: self.until.clone() }])
    }
}
