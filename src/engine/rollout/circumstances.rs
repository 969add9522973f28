//! Circumstances of a rollout: why it does not continue, how close the circuit breaker is to acting, which old tasks still run.

use super::{Ours, proof};
use crate::engine::stop_reason::of_event;
use crate::model::aws::ecs::ServiceDeploymentStatus;
use crate::model::rollout::{Circumstances, HeldUp, RolloutReading, RolloutState, ServiceDeployment, TaskStop};

pub(super) fn of(
    ours: &Ours<'_>,
    reading: &RolloutReading,
    rollout: &RolloutState,
    task_stops: &[TaskStop],
) -> Circumstances {
    let all = reading.service.service_deployments.iter().flatten();
    let deployment = match super::find(ours, reading) {
        super::Found::One(found) => Some(found),
        super::Found::None | super::Found::Many(_) => {
            let known = ours.last.and_then(|l| l.deployment.as_ref());
            all.into_iter().find(|d| Some(&d.arn) == known)
        }
    };
    match rollout {
        RolloutState::InProgress | RolloutState::Looking { .. } => Circumstances {
            held_up: held_up(ours, reading, deployment, task_stops),
            breaker: deployment.and_then(|d| d.monitors.breaker).filter(|b| b.failures > 0),
            draining: 0,
        },
        RolloutState::Proving { .. } | RolloutState::Proven { .. } => {
            let deferred = reading.service.early_success.is_some_and(|e| e.deferred);
            let draining = if deferred { proof::of_others(ours, reading) } else { 0 };
            Circumstances { draining, ..Circumstances::default() }
        }
        RolloutState::RollingBack { .. }
        | RolloutState::RolledBack { .. }
        | RolloutState::RollbackFailed { .. }
        | RolloutState::Failed { .. }
        | RolloutState::Stopped { .. }
        | RolloutState::Superseded { .. }
        | RolloutState::Ambiguous { .. } => {
            // If no task ever started, that stays the reason.
            let last = ours.last.and_then(|l| l.circumstances.held_up.clone());
            let never_started = task_stops.is_empty() && !proof::any_of_ours(ours, reading);
            let held_up = last.filter(|h| never_started && matches!(h, HeldUp::NoTask { .. }));
            Circumstances { held_up, ..Circumstances::default() }
        }
    }
}

fn held_up(
    ours: &Ours<'_>,
    reading: &RolloutReading,
    deployment: Option<&ServiceDeployment>,
    task_stops: &[TaskStop],
) -> Option<HeldUp> {
    if let Some(stopping) = deployment.filter(|d| d.status == ServiceDeploymentStatus::StopRequested) {
        return Some(HeldUp::Stopping { said: stopping.status_reason.clone() });
    }
    // By its status, never by the deployment's stage, which a rolling deployment does not have.
    if let Some(hook) = deployment.and_then(|d| d.monitors.hooks.first()) {
        return Some(HeldUp::Hook { id: hook.id.clone(), expires: hook.expires });
    }
    // Without a task of ours, only the service's events explain why.
    if !task_stops.is_empty() || proof::any_of_ours(ours, reading) {
        return None;
    }
    let began = reading.service.deployments.iter().find(|d| ours.is_primary(&d.id))?.created_at?;
    let events = reading.service.events.iter().filter(|e| e.at.is_some_and(|at| at >= began));
    events.filter(|e| of_event(&e.text).is_some()).map(|e| HeldUp::NoTask { reason: e.text.clone() }).next()
}
