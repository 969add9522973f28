//! The rollback of a failed stage: running deployments are stopped, and changed services are restored, the last change first.

use super::agenda::{Agenda, Flow, Halt, join};
use super::quarantine;
use super::step::follow::{self, Followed};
use super::step::roll;
use crate::model::effect::{Effect, StepRef};
use crate::model::ending::{Ending, Rollback, Stuck};
use crate::model::event::StageFailure;
use crate::model::fault::Fault;
use crate::model::ids::ServiceName;
use crate::model::outcome::Outcome;
use crate::model::pipeline::Stage;
use crate::model::reason::Reason;
use crate::model::rollout::RolloutEnd;
use crate::model::rollout_reason::{RolloutFailure, StuckReason, SupersededBy};
use crate::model::stage_state::StageState;
use crate::model::step::part::Direction;
use crate::model::step::roll_state::RollState;

pub fn walk(a: &mut Agenda<'_>, stage: &Stage, failure: &StageFailure) -> Flow {
    let state = a.release.stage(&stage.name);
    let at = |step| StepRef { stage: stage.name.clone(), step };
    // Running deployments are stopped in parallel; then changed services are restored one after the other.
    let moving: Vec<Flow> =
        state.rolls().map(|(step, service, roll)| settle(a, &at(step), service, roll, failure.roll_back)).collect();
    join(moving)?;
    let changed: Vec<_> = state.rolls().filter(|(_, _, roll)| failure.roll_back && roll.is_still_changed()).collect();
    for (step, service, roll) in changed.into_iter().rev() {
        restore(a, &at(step), service, roll)?;
    }
    let mut ending = conclude(state, failure);
    if ending.outcome() == Outcome::Stuck {
        quarantine::add_manual_steps(&mut ending, a.release, stage, state);
    }
    quarantine::walk(a, stage, failure, &ending)?;
    Err(Halt::End(ending))
}

/// Follows one service's own rollout to its end, stopping it where it is to be rolled back.
fn settle(a: &mut Agenda<'_>, at: &StepRef, service: &ServiceName, state: &RollState, roll_back: bool) -> Flow {
    let forward = Followed { at, service, direction: Direction::Forward };
    let update = forward.update();
    // Under way, or possibly done: its result must be known first.
    if is_pending(a, &update) {
        return a.effect(update);
    }
    let changed = state.registered.is_some();
    let (Some(run), None, true) = (&state.forward.run, &state.forward.ended, changed) else { return Ok(()) };
    let progress = run.progress.as_ref();
    let done = progress.is_some_and(follow::is_done_for_ecs);
    let moves = progress.is_some_and(|p| p.deployment.is_some() && follow::end_of(p).is_none()) && !done;
    if roll_back && moves && state.stop_requested.is_none() {
        roll::stop(a, at, service)?;
    }
    let late = match done {
        true => RolloutEnd::Failed { why: RolloutFailure::NotProven },
        false => RolloutEnd::Stuck { why: StuckReason::StillChanging },
    };
    forward.to_its_end(a, run, late)
}

/// Restores what ran before, and proves that it runs.
fn restore(a: &mut Agenda<'_>, at: &StepRef, service: &ServiceName, state: &RollState) -> Flow {
    let back = Followed { at, service, direction: Direction::Back };
    if let Some(run) = &state.back.run {
        let late = RolloutEnd::Stuck { why: StuckReason::NotRestored };
        return back.to_its_end(a, run, late);
    }
    let update = back.update();
    // It may have been started without preparation, by a kanmon that did not prepare it.
    let next = match state.target.is_none() && !is_pending(a, &update) {
        true => Effect::PrepareRollback { at: at.clone(), service: service.clone() },
        false => update,
    };
    match a.effect(next) {
        // A refusal is recorded and not repeated; an unknown result stays resumable. Somebody else's deployment is not rolled back.
        Err(Halt::End(ending)) => match refusal(&ending) {
            Some((fault, true)) => a.record(back.ended(RolloutEnd::Superseded { by: SupersededBy::Found { fault } })),
            Some((fault, false)) => a.record(back.ended(RolloutEnd::Stuck { why: StuckReason::Refused { fault } })),
            None => Err(Halt::End(ending)),
        },
        flow => flow,
    }
}

/// Whether an effect is under way, or possibly done.
fn is_pending(a: &Agenda<'_>, effect: &Effect) -> bool {
    a.release.open.contains_key(effect) || a.release.unknown.contains_key(effect)
}

/// The fault with which an effect failed finally, and whether somebody else's deployment caused it.
fn refusal(ending: &Ending) -> Option<(Fault, bool)> {
    let outcome = ending.outcome();
    let Reason::EffectFailed { fault, .. } = &ending.reason else { return None };
    (!outcome.is_resumable()).then(|| (fault.clone(), outcome == Outcome::Superseded))
}

/// The ending, when nothing is under way any more.
fn conclude(state: &StageState, failure: &StageFailure) -> Ending {
    let reason = failure.reason.clone();
    let outcome = reason.outcome();
    if outcome == Outcome::Superseded || outcome == Outcome::Stuck {
        return Ending::of(reason);
    }
    // Somebody else stopped the deployment and no rollback is wanted: that is the ending itself.
    let stopped = outcome == Outcome::Aborted && !failure.roll_back;
    let mut rollback =
        Rollback { changed: state.rolls().any(|(_, _, roll)| roll.is_still_changed()), ..Rollback::default() };
    for (_, service, roll) in state.rolls() {
        let (end, restoring) = match &roll.back.ended {
            Some(end) => (Some(end), true),
            None => (roll.forward.ended.as_ref(), false),
        };
        let Some(end) = end else { continue };
        match if restoring { rollback_result(end) } else { forward_result(end) } {
            ServiceResult::Changed | ServiceResult::Untouched => {}
            ServiceResult::Restored => rollback.restored.push(service.clone()),
            ServiceResult::Stopped if stopped => {}
            ServiceResult::Stopped | ServiceResult::Stuck => {
                rollback.stuck.push(Stuck { service: service.clone(), end: end.clone(), restoring });
            }
        }
    }
    Ending { reason, rollback: Some(rollback) }
}

/// The result for a service.
enum ServiceResult {
    Untouched,
    /// It runs the release, and no rollback was requested.
    Changed,
    Restored,
    Stopped,
    Stuck,
}

fn forward_result(ended: &RolloutEnd) -> ServiceResult {
    match ended {
        RolloutEnd::Unchanged => ServiceResult::Untouched,
        RolloutEnd::Succeeded | RolloutEnd::Unverified | RolloutEnd::Failed { .. } => ServiceResult::Changed,
        RolloutEnd::RolledBack { .. } => ServiceResult::Restored,
        RolloutEnd::Stopped { .. } => ServiceResult::Stopped,
        RolloutEnd::Superseded { .. }
        | RolloutEnd::Stuck { .. }
        | RolloutEnd::Unknown { .. }
        | RolloutEnd::StillRunning => ServiceResult::Stuck,
    }
}

/// The result of a rollback. If ECS rolled back the rollback, the service runs the failed release.
fn rollback_result(restored: &RolloutEnd) -> ServiceResult {
    match restored {
        RolloutEnd::Succeeded | RolloutEnd::Unchanged | RolloutEnd::Unverified => ServiceResult::Restored,
        RolloutEnd::RolledBack { .. }
        | RolloutEnd::Stopped { .. }
        | RolloutEnd::Superseded { .. }
        | RolloutEnd::Failed { .. }
        | RolloutEnd::Stuck { .. }
        | RolloutEnd::Unknown { .. }
        | RolloutEnd::StillRunning => ServiceResult::Stuck,
    }
}

#[cfg(test)]
mod tests;
