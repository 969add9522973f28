//! Registering the planned task definition, or finding the revision that has its content already.

use async_trait::async_trait;
use jiff::Timestamp;

use super::{Execute, Found, LookUp};
use crate::engine::taskdef::content_hash;
use crate::model::effect::{StepRef, Workload};
use crate::model::event::Fact;
use crate::model::fault::Fault;
use crate::model::release::Release;
use crate::ports::images::Say;
use crate::runtime::ports::Ports;
use crate::runtime::recorded::{account, planned, stage};
use crate::runtime::task_definition::revision::{as_planned, find_or_register, is_tagged};
use crate::runtime::task_definition::tags;

pub(super) struct Register<'e> {
    pub at: &'e StepRef,
    pub workload: &'e Workload,
}

#[async_trait]
impl Execute for Register<'_> {
    async fn execute(&self, ports: &Ports, release: &Release, _: Say<'_>) -> Result<Vec<Fact>, Fault> {
        let Register { at, workload } = *self;
        let account = account(release, stage(release, &at.stage)?);
        let (definition, base_tags) = as_planned(ports, release, at, workload).await?;
        let content = content_hash(&definition);
        let tags = tags::with_ours(&base_tags, &content, &release.id);
        let (arn, reused) = find_or_register(ports, account, &definition, &content, &tags).await?;
        Ok(vec![Fact::TaskDefinitionRegistered { at: at.clone(), workload: workload.clone(), arn, content, reused }])
    }
}

#[async_trait]
impl LookUp for Register<'_> {
    async fn look_up(&self, ports: &Ports, release: &Release, _: Timestamp) -> Result<Found, Fault> {
        let account = account(release, stage(release, &self.at.stage)?);
        let plan = planned(release, self.at, self.workload)?;
        Ok(match is_tagged(ports, account, &plan.family, &plan.content).await? {
            // A repetition reuses the revision that has the content.
            true => Found::Repeatable,
            false => Found::Absent,
        })
    }
}
