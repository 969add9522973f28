//! The update of a service: forward to what is released, or back to what ran before.

use super::deploy::{runs_what_was_planned, still};
use super::{defect, restorable, roll, stage};
use crate::model::effect::{StepRef, Workload};
use crate::model::event::Fact;
use crate::model::fault::Fault;
use crate::model::fault::own::Lack;
use crate::model::ids::ServiceName;
use crate::model::release::Release;
use crate::model::step::part::Direction;
use crate::model::step::roll::RollFact;
use crate::ports::deployer::Cluster;
use crate::runtime::ports::Ports;

/// Brings it there, unless somebody else has deployed since.
pub async fn update(
    ports: &Ports,
    release: &Release,
    at: &StepRef,
    name: &ServiceName,
    direction: Direction,
) -> Result<Fact, Fault> {
    let stage = stage(release, at)?;
    let cluster = Cluster { account: release.started.pipeline.account(&stage.account), name: &stage.cluster };
    let state = roll(release, at, name)?;
    let (primary, task_definition) = match direction {
        Direction::Forward => {
            let arn = state.registered.as_ref().ok_or_else(|| defect(Lack::Registered))?;
            let baseline = state.baseline.as_ref().ok_or_else(|| defect(Lack::Baseline))?;
            (&baseline.primary, arn)
        }
        Direction::Back => {
            let run = state.forward.run.as_ref().ok_or_else(|| defect(Lack::Rolled))?;
            let target = state.target.as_ref().ok_or_else(|| defect(Lack::RollbackTarget))?;
            (&run.primary, &target.task_definition)
        }
    };
    let service = ports.deployer.service(cluster, stage.service_name(name)).await?;
    still(&format!("{}/{name}", stage.name), &service, primary)?;
    match direction {
        Direction::Forward => {
            let workload = Workload::Service(name.clone());
            runs_what_was_planned(ports, release, at, &workload, task_definition).await?;
        }
        Direction::Back => {
            restorable::ran_before(ports, release, at, name, &service).await?;
            restorable::is_the_baseline(ports, release, at, name, task_definition).await?;
        }
    }
    let primary = ports.deployer.update(cluster, stage.service_name(name), task_definition).await?;
    let (service, task_definition) = (name.clone(), task_definition.clone());
    Ok(Fact::step(at, RollFact::RolloutStarted { service, direction, primary, task_definition }))
}
