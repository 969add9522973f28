//! Effects, carried out. Each answers the facts that conclude it.

pub mod approval;
mod check;
pub mod definition;
mod deploy;
mod images;
mod moved_tags;
mod plan;
mod platforms;
mod restorable;
mod restore;
mod survey;
mod survey_approvals;
mod task;
mod unnamed;
mod update;

use std::sync::Arc;

use super::ports::Ports;
use crate::model::effect::{Effect, StepRef, Workload};
use crate::model::event::Fact;
use crate::model::fault::Fault;
use crate::model::fault::own::{Lack, OwnProblem};
use crate::model::ids::ServiceName;
use crate::model::pipeline::Stage;
use crate::model::release::Release;
use crate::model::step::StepState;
use crate::model::step::roll_state::RollState;
use crate::model::step::run::RunState;

pub use plan::stage_plan;
pub use restore::{before_restore, revived};
pub use survey::{survey, survey_to_look};
pub use survey_approvals::approval as survey_approval;

/// Carries out one effect whose intent is written down. Answers the warnings about it, and at last what concludes it. `say` hears what it
/// says meanwhile.
pub async fn execute(
    ports: &Ports,
    release: &Arc<Release>,
    effect: &Effect,
    say: &(dyn Fn(&str) + Send + Sync),
) -> Result<Vec<Fact>, Fault> {
    let one = match effect {
        Effect::Survey { from, until } => {
            survey(ports, release, from, until).await?;
            Ok(Fact::Surveyed { until: until.clone() })
        }
        Effect::Build { image } => return images::build(ports, release, image, say).await,
        Effect::Adopt { image } => images::adopt(ports, release, image, say).await,
        Effect::Copy { image, account } => images::copy(ports, release, image, account, say).await,
        Effect::Plan { stage } => plan::plan(ports, release, stage).await,
        Effect::RequestApproval { stage, plan } => return approval::request(ports, release, stage, plan).await,
        Effect::Baseline { at, service } => deploy::baseline(ports, release, at, service).await,
        Effect::Register { at, workload } => deploy::register(ports, release, at, workload).await,
        Effect::RunTask { at, task } => task::run(ports, release, at, task).await,
        Effect::Update { at, service, direction } => update::update(ports, release, at, service, *direction).await,
        Effect::StopRollout { at, service } => deploy::stop(ports, release, at, service).await,
        Effect::PrepareRollback { at, service } => restore::prepare(ports, release, at, service).await,
        Effect::Check { at } => check::check(ports, release, at).await,
        Effect::Confirm { stage } => deploy::confirm(ports, release, stage).await,
    };
    one.map(|fact| vec![fact])
}

/// The stage of a step.
pub fn stage<'a>(release: &'a Release, at: &StepRef) -> Result<&'a Stage, Fault> {
    release.started.pipeline.stage(&at.stage).ok_or_else(|| defect(Lack::Stage))
}

pub fn roll<'a>(release: &'a Release, at: &StepRef, service: &ServiceName) -> Result<&'a RollState, Fault> {
    release.roll(at, service).ok_or_else(|| defect(Lack::Service))
}

pub fn run<'a>(release: &'a Release, at: &StepRef) -> Result<&'a RunState, Fault> {
    let Some(StepState::Run(run)) = release.step(at) else { return Err(defect(Lack::Task)) };
    Ok(run)
}

/// The hash that the stage's plan has for a workload's task definition.
pub fn planned<'a>(
    release: &'a Release,
    at: &StepRef,
    workload: &Workload,
) -> Result<&'a crate::model::plan::WorkloadPlan, Fault> {
    let plan = release.stage(&at.stage).plan.as_ref();
    let found = plan.and_then(|p| match workload {
        Workload::Service(service) => p.services.get(service),
        Workload::Task(task) => p.tasks.get(task),
    });
    found.ok_or_else(|| defect(Lack::Plan))
}

/// What the release should have by now.
pub fn defect(lacks: Lack) -> Fault {
    OwnProblem::Inconsistent { lacks }.into()
}
