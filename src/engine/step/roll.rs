//! One service's roll: baseline, task definition, update, and the proof.

use super::follow::{self, Followed, end_of, is_done_for_ecs};
use super::kind::Walk;
use crate::engine::agenda::{Agenda, Flow, Halt, join};
use crate::engine::{ending, enter, stop_reason};
use crate::model::effect::{Effect, StepRef, Workload};
use crate::model::ids::ServiceName;
use crate::model::pipeline::{OnFailure, Stage};
use crate::model::rollout::{RolloutEnd, RolloutState};
use crate::model::rollout_reason::{ProofGap, RolloutFailure, UnknownRollout};
use crate::model::step::part::Direction;
use crate::model::step::roll_state::{RollState, RollStates, RolloutRun};
use crate::model::waiting::StepProgress;

impl Walk for RollStates {
    fn walk(&self, a: &mut Agenda<'_>, stage: &Stage, at: &StepRef) -> Flow {
        // Checked once for all services; running rollouts are followed in any case.
        let may_change = match self.iter().any(|(service, state)| is_still_to_change(a, stage, service, state)) {
            true => enter::still_valid(a, stage),
            false => Ok(()),
        };
        let flows: Vec<Flow> =
            self.iter().map(|(service, state)| walk(a, stage, at, service, state, &may_change)).collect();
        join(flows)
    }

    fn ran(&self) -> bool {
        false
    }

    fn is_unknown(&self) -> bool {
        false
    }
}

/// One service. `may_change`: whether the stage may still be changed.
fn walk(
    a: &mut Agenda<'_>,
    stage: &Stage,
    at: &StepRef,
    service: &ServiceName,
    state: &RollState,
    may_change: &Flow,
) -> Flow {
    if let Some(end) = &state.forward.ended {
        return match end {
            RolloutEnd::Succeeded | RolloutEnd::Unchanged | RolloutEnd::Unverified => Ok(()),
            RolloutEnd::RolledBack { .. }
            | RolloutEnd::Failed { .. }
            | RolloutEnd::Superseded { .. }
            | RolloutEnd::Stopped { .. }
            | RolloutEnd::Stuck { .. }
            | RolloutEnd::StillRunning
            | RolloutEnd::Unknown { .. } => {
                let progress = state.forward.run.as_ref().and_then(|r| r.progress.as_ref());
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
        && state.forward.run.is_none()
        && planned != &baseline.task_definition
    {
        return Err(Halt::End(ending::changed_meanwhile(&stage.name, service, planned, &baseline.task_definition)));
    }
    if !unchanged {
        if state.forward.run.is_none() {
            may_change.clone()?;
        }
        if state.registered.is_none() {
            return a.effect(Effect::Register { at: at.clone(), workload: Workload::Service(service.clone()) });
        }
        if state.forward.run.is_none() {
            return a.effect(Followed { at, service, direction: Direction::Forward }.update());
        }
    }
    follow(a, stage, at, service, state, unchanged)
}

/// Whether the service is still to be changed.
fn is_still_to_change(a: &Agenda<'_>, stage: &Stage, service: &ServiceName, state: &RollState) -> bool {
    let plan = a.release.stage(&stage.name).plan.as_ref().and_then(|p| p.services.get(service));
    state.forward.ended.is_none() && state.forward.run.is_none() && !plan.is_some_and(|p| p.is_unchanged())
}

/// Follows the rollout until it is proven, or it is known why not.
fn follow(
    a: &mut Agenda<'_>,
    stage: &Stage,
    at: &StepRef,
    service: &ServiceName,
    state: &RollState,
    unchanged: bool,
) -> Flow {
    let followed = Followed { at, service, direction: Direction::Forward };
    let Some(run) = &state.forward.run else {
        // Nothing to change: what runs is proven, within the time of a rollout.
        return followed.watch(a, StepProgress::Proving, None);
    };
    if let Some(progress) = &run.progress {
        if let Some(end) = end_of(progress) {
            let end = if unchanged && end == RolloutEnd::Succeeded { RolloutEnd::Unchanged } else { end };
            return a.record(followed.ended(end));
        }
        if let RolloutState::Ambiguous { deployments } = &progress.rollout {
            let end = RolloutEnd::Unknown { why: UnknownRollout::Ambiguous { deployments: deployments.clone() } };
            return Err(Halt::End(ending::rollout_ended(&stage.name, service, &end, Some(progress))));
        }
    }
    // A rollout that is already rolling back needs no request.
    let rolling_back = state.stop_requested.is_some()
        || run.progress.as_ref().is_some_and(|p| matches!(p.rollout, RolloutState::RollingBack { .. }));
    let may_give_up = !unchanged && stage.on_failure == OnFailure::Rollback && !rolling_back;
    let task_stops = run.progress.as_ref().map(|p| p.task_stops.as_slice()).unwrap_or_default();
    if let (true, Some((_, tasks))) = (may_give_up, stop_reason::hopeless(task_stops)) {
        give_up(a, &followed, run, RolloutFailure::TasksStopped { tasks })?;
    }
    if run.overdue {
        if may_give_up {
            give_up(a, &followed, run, RolloutFailure::TimedOut { deadline: stage.deadline })?;
        }
        let end = match unchanged {
            true => RolloutEnd::Unknown { why: UnknownRollout::NotProven { missing: missing(run) } },
            false => RolloutEnd::StillRunning,
        };
        return Err(Halt::End(ending::rollout_ended(&stage.name, service, &end, run.progress.as_ref())));
    }
    followed.watch(a, follow::progress(run), Some(run))
}

/// What an incomplete proof lacks.
fn missing(run: &RolloutRun) -> Option<ProofGap> {
    match run.progress.as_ref().map(|progress| &progress.rollout) {
        Some(RolloutState::Proving { missing }) => Some(missing.clone()),
        Some(
            RolloutState::Looking { .. }
            | RolloutState::InProgress
            | RolloutState::Proven { .. }
            | RolloutState::RollingBack { .. }
            | RolloutState::RolledBack { .. }
            | RolloutState::RollbackFailed { .. }
            | RolloutState::Failed { .. }
            | RolloutState::Stopped { .. }
            | RolloutState::Superseded { .. }
            | RolloutState::Ambiguous { .. },
        )
        | None => None,
    }
}

/// Ends a deployment that will not succeed: ECS rolls it back where its service deployment is under way, else the stage is rolled back as after any
/// failure. `Ok`: ECS refuses, so it can only be followed.
fn give_up(a: &mut Agenda<'_>, followed: &Followed<'_>, run: &RolloutRun, why: RolloutFailure) -> Flow {
    if run.progress.as_ref().is_some_and(|p| p.deployment.is_some() && !is_done_for_ecs(p)) {
        return stop(a, followed.at, followed.service);
    }
    a.record(followed.ended(RolloutEnd::Failed { why }))
}

/// Requests ECS to stop and roll back our deployment, once its ARN is known. If ECS refuses, because it may just have ended, the deployment is
/// followed to its end.
pub fn stop(a: &mut Agenda<'_>, at: &StepRef, service: &ServiceName) -> Flow {
    match a.effect(Effect::StopRollout { at: at.clone(), service: service.clone() }) {
        Err(Halt::End(ending)) if !ending.outcome().is_resumable() => Ok(()),
        flow => flow,
    }
}
