//! One service's roll: baseline, task definition, update, and the proof.

use jiff::Timestamp;

use super::agenda::{Agenda, Flow, Halt};
use super::decision::{Waiting, Watch};
use super::{ending, stop_reason};
use crate::model::effect::{Effect, StepRef, Workload};
use crate::model::event::Fact;
use crate::model::ids::ServiceName;
use crate::model::pipeline::{OnFailure, Stage};
use crate::model::rollout::{PROOFS, RolloutEnd, RolloutProgress, RolloutState};
use crate::model::stage_state::{RollState, RolloutRun};
use crate::model::words;

/// `stands`: whether the stage may be changed any further.
pub fn walk(
    a: &mut Agenda<'_>,
    stage: &Stage,
    at: &StepRef,
    service: &ServiceName,
    state: &RollState,
    stands: &Flow,
) -> Flow {
    if let Some(end) = &state.ended {
        return match end {
            RolloutEnd::Succeeded | RolloutEnd::Unchanged | RolloutEnd::Unverified => Ok(()),
            RolloutEnd::RolledBack { .. }
            | RolloutEnd::Failed { .. }
            | RolloutEnd::Superseded { .. }
            | RolloutEnd::Stopped { .. }
            | RolloutEnd::Stuck { .. }
            | RolloutEnd::StillRunning
            | RolloutEnd::Unknown { .. } => {
                let progress = state.run.as_ref().and_then(|r| r.progress.as_ref());
                Err(Halt::End(ending::rollout_ended(&stage.name, service, end, progress)))
            }
        };
    }
    let Some(baseline) = &state.baseline else {
        return a.effect(Effect::Baseline { at: at.clone(), service: service.clone() });
    };
    let plan = a.release.stage(&stage.name).plan.as_ref().and_then(|p| p.services.get(service));
    let unchanged = plan.is_some_and(|p| p.is_unchanged());
    if let Some(planned) = plan.and_then(|p| p.live.as_ref())
        && state.run.is_none()
        && planned != &baseline.task_definition
    {
        return Err(Halt::End(ending::moved_meanwhile(&stage.name, service, planned, &baseline.task_definition)));
    }
    if !unchanged {
        if state.run.is_none() {
            stands.clone()?;
        }
        if state.registered.is_none() {
            return a.effect(Effect::Register { at: at.clone(), workload: Workload::Service(service.clone()) });
        }
        if state.run.is_none() {
            return a.effect(Effect::Update { at: at.clone(), service: service.clone() });
        }
    }
    follow(a, stage, at, service, state, unchanged)
}

/// Whether the service is still to be changed.
pub fn is_to_come(a: &Agenda<'_>, stage: &Stage, service: &ServiceName, state: &RollState) -> bool {
    let plan = a.release.stage(&stage.name).plan.as_ref().and_then(|p| p.services.get(service));
    state.ended.is_none() && state.run.is_none() && !plan.is_some_and(|p| p.is_unchanged())
}

/// Until ECS is done and what runs is proven, or it is known why not.
fn follow(
    a: &mut Agenda<'_>,
    stage: &Stage,
    at: &StepRef,
    service: &ServiceName,
    state: &RollState,
    unchanged: bool,
) -> Flow {
    let ended = |end| Fact::RolloutEnded { at: at.clone(), service: service.clone(), end };
    let watch = Watch::Rollout { at: at.clone(), service: service.clone() };
    let waiting = |what: String| Waiting::Rollout { at: at.clone(), service: service.clone(), what };
    let every = a.release.started.pipeline.poll;
    let Some(run) = &state.run else {
        // Nothing to change: what stands is proven, for as long as a rollout may take.
        return a.watch(watch, every, waiting("proving what runs".to_owned()));
    };
    if let Some(progress) = &run.progress {
        if let Some(end) = end_of(progress) {
            let end = if unchanged && end == RolloutEnd::Succeeded { RolloutEnd::Unchanged } else { end };
            return a.record(ended(end));
        }
        if let RolloutState::Ambiguous { reason } = &progress.rollout {
            let end = RolloutEnd::Unknown { reason: reason.clone() };
            return Err(Halt::End(ending::rollout_ended(&stage.name, service, &end, Some(progress))));
        }
    }
    let what = run.progress.as_ref().map_or_else(|| "updated".to_owned(), words::progress);
    // What goes back already needs nobody to ask for it.
    let going_back = state.stop_requested.is_some()
        || run.progress.as_ref().is_some_and(|p| matches!(p.rollout, RolloutState::RollingBack { .. }));
    let may_give_up = !unchanged && stage.on_failure == OnFailure::Rollback && !going_back;
    let deaths = run.progress.as_ref().map(|p| p.deaths.as_slice()).unwrap_or_default();
    if let (true, Some((_, tasks))) = (may_give_up, stop_reason::hopeless(deaths)) {
        give_up(a, at, service, run, format!("{tasks} of its tasks died alike"))?;
    }
    if run.overdue {
        if may_give_up {
            give_up(a, at, service, run, format!("it was not done within {}", words::lasting(stage.deadline)))?;
        }
        let end = match unchanged {
            true => {
                RolloutEnd::Unknown { reason: format!("nothing had to change, and what runs was not proven: {what}") }
            }
            false => RolloutEnd::StillRunning,
        };
        return Err(Halt::End(ending::rollout_ended(&stage.name, service, &end, run.progress.as_ref())));
    }
    a.watch(watch, every, waiting(what))
}

/// What a state that will not change by itself comes to.
pub fn end_of(progress: &RolloutProgress) -> Option<RolloutEnd> {
    match &progress.rollout {
        RolloutState::Proven { readings } if *readings < PROOFS => None,
        RolloutState::Proven { .. } if progress.desired == 0 => Some(RolloutEnd::Unverified),
        RolloutState::Proven { .. } => Some(RolloutEnd::Succeeded),
        RolloutState::RolledBack { reason } => Some(RolloutEnd::RolledBack { reason: reason.clone() }),
        RolloutState::RollbackFailed { reason } => Some(RolloutEnd::Stuck { reason: reason.clone() }),
        RolloutState::Failed { reason } => Some(RolloutEnd::Failed { reason: reason.clone() }),
        RolloutState::Stopped { reason } => Some(RolloutEnd::Stopped { reason: reason.clone() }),
        RolloutState::Superseded { by } => Some(RolloutEnd::Superseded { by: by.clone() }),
        RolloutState::Looking { .. }
        | RolloutState::InProgress
        | RolloutState::Proving { .. }
        | RolloutState::RollingBack { .. }
        | RolloutState::Ambiguous { .. } => None,
    }
}

/// Ends a deployment that will not succeed: ECS rolls it back where it has a service deployment that is under way, else what ran
/// before is put back like after any failure. `Ok`: ECS refuses, so that it can only be followed.
fn give_up(a: &mut Agenda<'_>, at: &StepRef, service: &ServiceName, run: &RolloutRun, reason: String) -> Flow {
    if run.progress.as_ref().is_some_and(|p| p.deployment.is_some() && !is_done_for_ecs(p)) {
        return stop(a, at, service);
    }
    let end = RolloutEnd::Failed { reason };
    a.record(Fact::RolloutEnded { at: at.clone(), service: service.clone(), end })
}

/// Whether ECS calls it successful. From then on it can neither be stopped nor rolled back, and no breaker or alarm watches it: only
/// a new deployment leads back.
pub fn is_done_for_ecs(progress: &RolloutProgress) -> bool {
    matches!(progress.rollout, RolloutState::Proving { .. } | RolloutState::Proven { .. })
}

/// Asks ECS to roll our deployment back, once it is known by its ARN. Refused (it may have ended just then), the deployment is
/// followed to whatever end it takes.
pub fn stop(a: &mut Agenda<'_>, at: &StepRef, service: &ServiceName) -> Flow {
    match a.effect(Effect::StopRollout { at: at.clone(), service: service.clone() }) {
        Err(Halt::End(ending)) if !ending.outcome.is_resumable() => Ok(()),
        flow => flow,
    }
}

/// Whether a reading made now tells that a deployment will not be done in time. Not by the clock alone: what could not be read may
/// be done by then, and what is only being counted is as good as done.
pub fn is_overdue(run: &RolloutRun, stage: &Stage, progress: &RolloutProgress, read_at: Timestamp) -> bool {
    let done = end_of(progress).is_some() || matches!(progress.rollout, RolloutState::Proven { .. });
    !run.overdue && !done && read_at >= run.since + stage.deadline
}
