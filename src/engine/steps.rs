//! A stage's steps, in their order.

use super::agenda::{Agenda, Flow, Halt, join};
use super::decision::{Waiting, Watch};
use super::{ending, enter, roll};
use crate::model::effect::{Effect, StepRef, Workload};
use crate::model::event::{Fact, StageFailure};
use crate::model::ids::TaskName;
use crate::model::outcome::Ending;
use crate::model::pipeline::{OnFailure, Stage, Step};
use crate::model::stage_state::{RunState, StepState};

pub fn walk(a: &mut Agenda<'_>, stage: &Stage) -> Flow {
    let release = a.release;
    for (step, state) in release.stage(&stage.name).steps.iter().enumerate() {
        let at = StepRef { stage: stage.name.clone(), step };
        let flow = match state {
            StepState::Run(run) => match &stage.steps[step] {
                Step::Run { task } => walk_run(a, stage, at, task, run),
                Step::Roll { .. } | Step::Check(_) => Ok(()),
            },
            StepState::Roll(services) => {
                // Asked once for all of them; what rolls already is followed whatever comes of it.
                let stands = match services.iter().any(|(service, state)| roll::is_to_come(a, stage, service, state)) {
                    true => enter::still_stands(a, stage),
                    false => Ok(()),
                };
                let flows: Vec<Flow> = services
                    .iter()
                    .map(|(service, state)| roll::walk(a, stage, &at, service, state, &stands))
                    .collect();
                join(flows)
            }
            StepState::Check(None) => a.effect(Effect::Check { at }),
            StepState::Check(Some((verdict, detail))) => match verdict.is_open() {
                true => Ok(()),
                false => Err(Halt::End(ending::check_failed(&stage.name, *verdict, detail))),
            },
        };
        failing(a, stage, flow)?;
    }
    Ok(())
}

/// What the services were brought to is looked at once more before the stage is called done: nobody else's deployment is called
/// a success of this release.
pub fn confirmed(a: &mut Agenda<'_>, stage: &Stage) -> Flow {
    let state = a.release.stage(&stage.name);
    if state.confirmed || state.rolls().next().is_none() {
        return Ok(());
    }
    let flow = a.effect(Effect::Confirm { stage: stage.name.clone() });
    failing(a, stage, flow)
}

/// An end that nobody can go on from is the stage's failure.
fn failing(a: &mut Agenda<'_>, stage: &Stage, flow: Flow) -> Flow {
    match flow {
        Err(Halt::End(ending)) if !ending.outcome.is_resumable() => fail(a, stage, ending),
        flow => flow,
    }
}

/// The stage has failed: written down first, put in order next.
pub fn fail(a: &mut Agenda<'_>, stage: &Stage, ending: Ending) -> Flow {
    use crate::model::outcome::Outcome;
    let roll_back = match ending.outcome {
        // Somebody else's doing is neither fought nor rolled back over.
        Outcome::Superseded | Outcome::Aborted => false,
        _ => stage.on_failure == OnFailure::Rollback,
    };
    a.record(Fact::StageFailed { stage: stage.name.clone(), failure: StageFailure { ending, roll_back } })
}

fn walk_run(a: &mut Agenda<'_>, stage: &Stage, at: StepRef, task: &TaskName, run: &RunState) -> Flow {
    let pipeline = &a.release.started.pipeline;
    if let Some(end) = &run.ended {
        return match end.exit_code {
            Some(0) => Ok(()),
            _ => Err(Halt::End(ending::task_failed(&at.stage, task, end))),
        };
    }
    if run.started.is_none() {
        enter::still_stands(a, stage)?;
    }
    if run.registered.is_none() {
        let workload = Workload::Task(task.clone());
        return a.effect(Effect::Register { at, workload });
    }
    let Some((arn, _)) = &run.started else {
        return a.effect(Effect::RunTask { at, task: task.clone() });
    };
    // Not by the clock alone: it may have ended while it could not be looked at.
    if run.overdue {
        return Err(Halt::End(ending::task_late(&at.stage, task, arn, pipeline.task(task).timeout)));
    }
    let why = Waiting::Task { at: at.clone(), task: task.clone() };
    a.watch(Watch::Task { at, task: task.clone() }, pipeline.poll, why)
}
