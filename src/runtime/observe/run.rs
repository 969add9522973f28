//! A one-off task, until it has ended.

use super::step::ObserveStep;
use crate::model::effect::StepRef;
use crate::model::event::Fact;
use crate::model::fault::Fault;
use crate::model::fault::own::Lack;
use crate::model::fault::service::ServiceProblem;
use crate::model::release::Release;
use crate::model::step::part::StepPart;
use crate::model::step::run::{RunFact, RunState};
use crate::ports::deployer::OneOff;
use crate::runtime::ports::Ports;
use crate::runtime::recorded::{cluster, defect, stage};

impl ObserveStep for RunState {
    async fn observe(
        &self,
        ports: &Ports,
        release: &Release,
        at: &StepRef,
        _part: &StepPart,
    ) -> Result<Vec<Fact>, Fault> {
        let task = &self.task;
        let pipeline = &release.started.pipeline;
        let stage = stage(release, &at.stage)?;
        let (arn, since) = self.started.as_ref().ok_or_else(|| defect(Lack::TaskStarted))?;
        let cluster = cluster(release, stage);
        let read_at = ports.clock.now();
        let end = match ports.deployer.one_off(cluster, arn, &pipeline.task(task).container).await? {
            OneOff::Moving { .. } if read_at < *since + pipeline.task(task).timeout => return Ok(vec![]),
            OneOff::Moving { .. } => return Ok(vec![Fact::step(at, RunFact::TaskOverdue { task: task.clone() })]),
            OneOff::Ended(end) => end,
            OneOff::Gone => {
                let (stage, task, arn) = (stage.name.clone(), task.clone(), arn.clone());
                return Err(ServiceProblem::TaskGone { stage, task, arn }.into());
            }
        };
        Ok(vec![Fact::step(at, RunFact::TaskRan { task: task.clone(), end })])
    }
}
