//! What a release's record has to hold by the time an effect is carried out or a watch reads. Where it is missing, kanmon has a defect, or
//! somebody changed the record.

use crate::model::effect::{StepRef, Workload};
use crate::model::fault::Fault;
use crate::model::fault::own::{Lack, OwnProblem};
use crate::model::ids::{ServiceName, StageName};
use crate::model::pipeline::{Account, Stage};
use crate::model::plan::WorkloadPlan;
use crate::model::release::Release;
use crate::model::rollout::Baseline;
use crate::model::step::StepState;
use crate::model::step::roll_state::{RollState, RolloutRun};
use crate::model::step::run::RunState;
use crate::ports::deployer::Cluster;

/// The fault of a record that lacks what it should hold by now.
pub fn defect(lacks: Lack) -> Fault {
    OwnProblem::Inconsistent { lacks }.into()
}

pub fn stage<'a>(release: &'a Release, name: &StageName) -> Result<&'a Stage, Fault> {
    release.started.pipeline.stage(name).ok_or_else(|| defect(Lack::Stage))
}

/// The account that a stage deploys into.
pub fn account<'a>(release: &'a Release, stage: &Stage) -> &'a Account {
    release.started.pipeline.account(&stage.account)
}

/// The cluster that a stage deploys into.
pub fn cluster<'a>(release: &'a Release, stage: &'a Stage) -> Cluster<'a> {
    Cluster::of(&release.started.pipeline, stage)
}

pub fn roll<'a>(release: &'a Release, at: &StepRef, service: &ServiceName) -> Result<&'a RollState, Fault> {
    release.roll(at, service).ok_or_else(|| defect(Lack::Service))
}

pub fn run<'a>(release: &'a Release, at: &StepRef) -> Result<&'a RunState, Fault> {
    let Some(StepState::Run(run)) = release.step(at) else { return Err(defect(Lack::Task)) };
    Ok(run)
}

/// How the service was before it was changed.
pub fn baseline(roll: &RollState) -> Result<&Baseline, Fault> {
    roll.baseline.as_ref().ok_or_else(|| defect(Lack::Baseline))
}

/// The task definition that a service is updated to.
pub fn registered(roll: &RollState) -> Result<&String, Fault> {
    roll.registered.as_ref().ok_or_else(|| defect(Lack::Registered))
}

/// The deployment of the release in a service.
pub fn forward_run(roll: &RollState) -> Result<&RolloutRun, Fault> {
    roll.forward.run.as_ref().ok_or_else(|| defect(Lack::Rolled))
}

/// What the stage's plan says of a service or task.
pub fn planned<'a>(release: &'a Release, at: &StepRef, workload: &Workload) -> Result<&'a WorkloadPlan, Fault> {
    let plan = release.stage(&at.stage).plan.as_ref();
    let found = plan.and_then(|p| match workload {
        Workload::Service(service) => p.services.get(service),
        Workload::Task(task) => p.tasks.get(task),
    });
    found.ok_or_else(|| defect(Lack::Plan))
}
