//! A failed stage is put in order: what runs is stopped, what was changed goes back, last first.

use super::aftermath;
use super::agenda::{Agenda, Flow, Halt, join};
use super::step::follow::{self, Followed};
use super::step::roll;
use crate::model::effect::{Effect, StepRef};
use crate::model::event::StageFailure;
use crate::model::ids::ServiceName;
use crate::model::outcome::{Ending, Outcome};
use crate::model::pipeline::Stage;
use crate::model::rollout::RolloutEnd;
use crate::model::stage_state::StageState;
use crate::model::step::part::Direction;
use crate::model::step::roll_state::RollState;

pub fn walk(a: &mut Agenda<'_>, stage: &Stage, failure: &StageFailure) -> Flow {
    let state = a.release.stage(&stage.name);
    let place = |step| StepRef { stage: stage.name.clone(), step };
    // What still moves is stopped side by side; only then does what was changed go back, one after the other.
    let moving: Vec<Flow> = state
        .rolls()
        .map(|(step, service, roll)| come_to_rest(a, &place(step), service, roll, failure.roll_back))
        .collect();
    join(moving)?;
    let changed: Vec<_> = state.rolls().filter(|(_, _, roll)| failure.roll_back && roll.stands_changed()).collect();
    for (step, service, roll) in changed.into_iter().rev() {
        restore(a, &place(step), service, roll)?;
    }
    let mut ending = conclude(state, failure);
    if ending.outcome == Outcome::Stuck {
        aftermath::tell(&mut ending, a.release, stage, state);
    }
    aftermath::walk(a, stage, failure, &ending)?;
    Err(Halt::End(ending))
}

/// Follows one service's own rollout to its end, stopping it where it shall go back.
fn come_to_rest(a: &mut Agenda<'_>, at: &StepRef, service: &ServiceName, state: &RollState, roll_back: bool) -> Flow {
    let forward = Followed { at, service, direction: Direction::Forward };
    let update = forward.update();
    // Under way, or possibly done: what it came to has to be known before the service can be called at rest.
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
        true => RolloutEnd::Failed { reason: "ECS calls it done, and it was not proven in time".to_owned() },
        false => RolloutEnd::Stuck { reason: "it was still moving at the deadline".to_owned() },
    };
    forward.to_its_end(a, run, late)
}

/// Puts back what ran before, and proves that it runs.
fn restore(a: &mut Agenda<'_>, at: &StepRef, service: &ServiceName, state: &RollState) -> Flow {
    let back = Followed { at, service, direction: Direction::Back };
    if let Some(run) = &state.back.run {
        let late = RolloutEnd::Stuck { reason: "it did not run again at the deadline".to_owned() };
        return back.to_its_end(a, run, late);
    }
    let update = back.update();
    // Possibly begun before it was ever prepared: by a kanmon that did not.
    let next = match state.target.is_none() && !is_pending(a, &update) {
        true => Effect::PrepareRollback { at: at.clone(), service: service.clone() },
        false => update,
    };
    match a.effect(next) {
        // A rollback that is refused is told, not repeated; what cannot be told stays resumable.
        // Theirs is not gone back over.
        Err(Halt::End(ending)) if ending.outcome == Outcome::Superseded => {
            a.record(back.ended(RolloutEnd::Superseded {
                by: format!("somebody else: {}", ending.cause.unwrap_or(ending.sentence)),
            }))
        }
        Err(Halt::End(ending)) if !ending.outcome.is_resumable() => {
            let reason = match &ending.cause {
                Some(cause) => format!("{}: {cause}", ending.sentence),
                None => ending.sentence.clone(),
            };
            a.record(back.ended(RolloutEnd::Stuck { reason }))
        }
        flow => flow,
    }
}

/// Whether an effect is under way, or possibly done.
fn is_pending(a: &Agenda<'_>, effect: &Effect) -> bool {
    a.release.open.contains_key(effect) || a.release.unknown.contains_key(effect)
}

/// How it ends, now that everything rests.
fn conclude(state: &StageState, failure: &StageFailure) -> Ending {
    let mut ending = failure.ending.clone();
    match ending.outcome {
        Outcome::Superseded | Outcome::Stuck => return ending,
        _ => {}
    }
    // Stopped by somebody else, with nothing to be undone: that is the ending itself, not what stands in its way.
    let stopped = ending.outcome == Outcome::Aborted && !failure.roll_back;
    let mut back = Vec::new();
    let mut stuck = Vec::new();
    for (_, service, roll) in state.rolls() {
        let rest = roll.back.ended.as_ref().map_or_else(|| at_rest(roll.forward.ended.as_ref()), put_back);
        match rest {
            Rest::Changed | Rest::Untouched => {}
            Rest::Back => back.push(service.to_string()),
            Rest::Stopped(_) if stopped => {}
            Rest::Stopped(why) | Rest::Stuck(why) => stuck.push(format!("{service}: {why}")),
        }
    }
    let stands_changed = state.rolls().any(|(_, _, roll)| roll.stands_changed());
    if !stuck.is_empty() {
        ending.outcome = Outcome::Stuck;
        ending.hint = Some(format!("a person is needed: {}", stuck.join("; ")));
    } else if !back.is_empty() {
        if ending.outcome != Outcome::Aborted {
            ending.outcome = if stands_changed { Outcome::Failed } else { Outcome::RolledBack };
        }
        let rest = format!("back on what ran before: {}", back.join(", "));
        ending.hint = Some(match ending.hint.take() {
            Some(hint) => format!("{hint}\n{rest}"),
            None => rest,
        });
    } else if ending.outcome != Outcome::Aborted {
        ending.outcome = Outcome::Failed;
    }
    ending
}

/// What a service came to.
enum Rest {
    Untouched,
    /// On the release, where nobody asked for it back.
    Changed,
    Back,
    Stopped(String),
    Stuck(String),
}

fn at_rest(ended: Option<&RolloutEnd>) -> Rest {
    match ended {
        None | Some(RolloutEnd::Unchanged) => Rest::Untouched,
        Some(RolloutEnd::Succeeded | RolloutEnd::Unverified | RolloutEnd::Failed { .. }) => Rest::Changed,
        Some(RolloutEnd::RolledBack { .. }) => Rest::Back,
        Some(RolloutEnd::Stopped { reason }) => Rest::Stopped(reason.clone()),
        Some(RolloutEnd::Superseded { by }) => Rest::Stuck(format!("it was deployed over by {by}")),
        Some(RolloutEnd::Stuck { reason } | RolloutEnd::Unknown { reason }) => Rest::Stuck(reason.clone()),
        Some(RolloutEnd::StillRunning) => Rest::Stuck("it is still moving".to_owned()),
    }
}

/// What the way back came to. A way back that ECS rolled back has ended on the release that failed.
fn put_back(restored: &RolloutEnd) -> Rest {
    match restored {
        RolloutEnd::Succeeded | RolloutEnd::Unchanged | RolloutEnd::Unverified => Rest::Back,
        RolloutEnd::RolledBack { reason } => {
            Rest::Stuck(format!("what ran before failed when it was put back ({reason})"))
        }
        RolloutEnd::Stopped { reason } => Rest::Stuck(format!("putting it back was stopped ({reason})")),
        RolloutEnd::Superseded { by } => Rest::Stuck(format!("it was deployed over by {by}")),
        RolloutEnd::Failed { reason } | RolloutEnd::Stuck { reason } | RolloutEnd::Unknown { reason } => {
            Rest::Stuck(reason.clone())
        }
        RolloutEnd::StillRunning => Rest::Stuck("it is still moving".to_owned()),
    }
}

#[cfg(test)]
mod tests;
