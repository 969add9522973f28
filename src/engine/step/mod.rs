//! A stage's steps, in their order.

mod check;
pub mod follow;
mod kind;
pub mod roll;
mod run;

use self::kind::Walk;
use super::agenda::{Agenda, Flow, Halt};
use crate::model::effect::{Effect, StepRef};
use crate::model::ending::Ending;
use crate::model::event::{Fact, StageFailure};
use crate::model::outcome::Outcome;
use crate::model::pipeline::{OnFailure, Stage};
use crate::model::step::{StepState, each};

pub fn walk(a: &mut Agenda<'_>, stage: &Stage) -> Flow {
    let release = a.release;
    for (step, state) in release.stage(&stage.name).steps.iter().enumerate() {
        let at = StepRef { stage: stage.name.clone(), step };
        let flow = each!(state, StepState, state => state.walk(a, stage, &at));
        failing(a, stage, flow)?;
    }
    Ok(())
}

/// Whether a step ran something other than a service.
pub fn ran(state: &StepState) -> bool {
    each!(state, StepState, state => state.ran())
}

/// Whether a step ended without a result about what runs.
pub fn is_unknown(state: &StepState) -> bool {
    each!(state, StepState, state => state.is_unknown())
}

/// Reads what the services run once more before the stage is done, so that somebody else's deployment does not count as this release's success.
pub fn confirmed(a: &mut Agenda<'_>, stage: &Stage) -> Flow {
    let state = a.release.stage(&stage.name);
    if state.confirmed || state.rolls().next().is_none() {
        return Ok(());
    }
    let flow = a.effect(Effect::Confirm { stage: stage.name.clone() });
    failing(a, stage, flow)
}

/// An ending that cannot be resumed is the stage's failure.
fn failing(a: &mut Agenda<'_>, stage: &Stage, flow: Flow) -> Flow {
    match flow {
        Err(Halt::End(ending)) if !ending.outcome().is_resumable() => fail(a, stage, ending),
        flow => flow,
    }
}

/// The stage has failed: this is recorded first, and rolled back next.
pub fn fail(a: &mut Agenda<'_>, stage: &Stage, ending: Ending) -> Flow {
    // Somebody else's deployment is left alone.
    let others = [Outcome::Superseded, Outcome::Aborted].contains(&ending.outcome());
    let roll_back = !others && stage.on_failure == OnFailure::Rollback;
    a.record(Fact::StageFailed {
        stage: stage.name.clone(),
        failure: StageFailure { reason: ending.reason, roll_back },
    })
}
