//! Making sure that there is something to roll back to: a revision that was deregistered is registered again.

use async_trait::async_trait;
use jiff::Timestamp;

use super::{Execute, Found, LookUp};
use crate::engine::taskdef::family;
use crate::model::effect::StepRef;
use crate::model::event::Fact;
use crate::model::fault::Fault;
use crate::model::ids::ServiceName;
use crate::model::release::Release;
use crate::model::rollout::RollbackTarget;
use crate::model::step::roll::RollFact;
use crate::ports::images::Say;
use crate::runtime::ports::Ports;
use crate::runtime::recorded::{account, baseline, cluster, forward_run, roll, stage};
use crate::runtime::rollback_target::{Reregistration, known_before_rollback, reregistration};
use crate::runtime::task_definition::revision::{find_or_register, is_tagged};
use crate::runtime::{rollback_check, service_check};

pub(super) struct PrepareRollback<'e> {
    pub at: &'e StepRef,
    pub service: &'e ServiceName,
}

#[async_trait]
impl Execute for PrepareRollback<'_> {
    /// Also reads which deployments there are before the rollback; refuses where somebody else has deployed since.
    async fn execute(&self, ports: &Ports, release: &Release, _: Say<'_>) -> Result<Vec<Fact>, Fault> {
        let PrepareRollback { at, service: name } = *self;
        let stage = stage(release, &at.stage)?;
        let state = roll(release, at, name)?;
        let (run, baseline) = (forward_run(state)?, baseline(state)?);
        let service = ports.deployer.service(cluster(release, stage), stage.service_name(name)).await?;
        service_check::primary_is_still(run.primary.as_deref(), &service, &stage.name, name)?;
        rollback_check::ran_before(ports, release, at, name, &service).await?;
        let (task_definition, again) = match reregistration(ports, release, at, name).await? {
            None => (baseline.task_definition.clone(), false),
            Some(Reregistration { definition, content, tags }) => {
                let account = account(release, stage);
                (find_or_register(ports, account, &definition, &content, &tags).await?.0, true)
            }
        };
        let (mut deployments, mut service_deployments) = known_before_rollback(state, run);
        deployments.extend(service.deployments.iter().map(|d| d.id.clone()));
        service_deployments.extend(service.service_deployments.iter().flatten().map(|d| d.arn.clone()));
        for seen in [&mut deployments, &mut service_deployments] {
            seen.sort();
            seen.dedup();
        }
        let target = RollbackTarget { task_definition, service_deployments, deployments };
        Ok(vec![Fact::step(at, RollFact::RollbackPrepared { service: name.clone(), target, again })])
    }
}

#[async_trait]
impl LookUp for PrepareRollback<'_> {
    /// Only a revision that had to be registered again leaves a trace.
    async fn look_up(&self, ports: &Ports, release: &Release, _: Timestamp) -> Result<Found, Fault> {
        let PrepareRollback { at, service } = *self;
        let Some(again) = reregistration(ports, release, at, service).await? else { return Ok(Found::Repeatable) };
        let account = account(release, stage(release, &at.stage)?);
        Ok(match is_tagged(ports, account, &family(&again.definition), &again.content).await? {
            true => Found::Repeatable,
            false => Found::Absent,
        })
    }
}
