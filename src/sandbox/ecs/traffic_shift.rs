//! Blue/green, linear and canary deployments: the new revision starts beside the old one, traffic is shifted, and the old one is
//! stopped; and the first stages, which rolling deployments have as well.

use jiff::{SignedDuration, Timestamp};

use super::completion;
use super::configuration::{self, Strategy};
use super::hooks;
use super::launch;
use super::lifecycle_stage::{BETWEEN, LifecycleStage, RECONCILE, SHIFT};
use super::scheduler_context::SchedulerContext;
use super::service::{Rollout, Service};
use super::service_deployment::Weights;
use super::stop_tasks;
use super::task::Task;
use super::tasks::Tasks;

/// Whether the service deployment that is under way moves traffic.
pub fn applies(service: &Service) -> bool {
    service.service_deployments.last().is_some_and(|d| d.weights.is_some())
}

/// Advances a deployment that shifts traffic as far as possible now.
pub fn drive(service: &mut Service, tasks: &mut Tasks, at: Timestamp, around: &SchedulerContext) {
    if service.primary().is_none_or(|p| p.rollout != Rollout::InProgress || p.frozen) {
        return;
    }
    while next(service, tasks, at, around) {}
    if service.under_way().and_then(|d| d.stage).is_some_and(|s| s >= LifecycleStage::ScaleUp) {
        keep_up(service, tasks, at, around);
    }
}

/// The stages before tasks are launched. Returns whether they are done.
pub fn begun(service: &mut Service, tasks: &mut Tasks, at: Timestamp, around: &SchedulerContext) -> bool {
    let stage = |service: &mut Service| service.under_way().map(|d| d.stage);
    while stage(service).is_some_and(|s| s.is_none_or(|s| s < LifecycleStage::ScaleUp)) {
        if !next(service, tasks, at, around) {
            return false;
        }
    }
    true
}

/// Enters the next stage, or begins the next shift of traffic, if the time for it has come.
fn next(service: &mut Service, tasks: &mut Tasks, at: Timestamp, around: &SchedulerContext) -> bool {
    let Some(running) = service.under_way() else { return false };
    let configuration = running.configuration.clone();
    let (stage, shifts) = (running.stage, running.shifts);
    let several = running.sources.len() > 1;
    let moves = Strategy::of(&configuration).shifts();
    let between = if moves { BETWEEN } else { SignedDuration::ZERO };
    let steps = configuration::steps(&configuration);
    let go_on = match stage {
        None => true,
        Some(LifecycleStage::ReconcileService) => {
            (!moves || one_source(service, tasks, at, around))
                && passed(service, LifecycleStage::ReconcileService, RECONCILE, at, around)
        }
        Some(LifecycleStage::ScaleUp) => is_up(service, tasks),
        Some(LifecycleStage::PostTestTrafficShift) => {
            passed(service, LifecycleStage::PostTestTrafficShift, between, at, around)
                && !hooks::wait(service, LifecycleStage::PreProductionTrafficShift, at, around.latency)
        }
        Some(LifecycleStage::ProductionTrafficShift) => {
            let bake = shifts.checked_sub(1).and_then(|n| steps.get(n)).map_or(SignedDuration::ZERO, |s| s.bake);
            passed(service, LifecycleStage::ProductionTrafficShift, SHIFT + bake, at, around)
                && (shifts >= steps.len()
                    || !hooks::wait(service, LifecycleStage::PreProductionTrafficShift, at, around.latency))
        }
        Some(LifecycleStage::TestTrafficShift) => passed(service, LifecycleStage::TestTrafficShift, SHIFT, at, around),
        Some(LifecycleStage::BakeTime) => {
            passed(service, LifecycleStage::BakeTime, configuration::bake(&configuration), at, around)
        }
        Some(LifecycleStage::CleanUp) => {
            clean_up(service, tasks, at, around);
            return false;
        }
        Some(
            stage @ (LifecycleStage::PreScaleUp
            | LifecycleStage::PostScaleUp
            | LifecycleStage::PostProductionTrafficShift),
        ) => passed(service, stage, between, at, around),
        // A deployment is never in this stage itself.
        Some(LifecycleStage::PreProductionTrafficShift) => false,
    };
    if !go_on {
        return false;
    }
    let following = match stage {
        None if several => LifecycleStage::ReconcileService,
        None | Some(LifecycleStage::ReconcileService) => LifecycleStage::PreScaleUp,
        Some(LifecycleStage::PreScaleUp) => LifecycleStage::ScaleUp,
        Some(LifecycleStage::ScaleUp) => LifecycleStage::PostScaleUp,
        Some(LifecycleStage::PostScaleUp) => LifecycleStage::TestTrafficShift,
        Some(LifecycleStage::TestTrafficShift) => LifecycleStage::PostTestTrafficShift,
        Some(LifecycleStage::PostTestTrafficShift | LifecycleStage::PreProductionTrafficShift) => {
            LifecycleStage::ProductionTrafficShift
        }
        Some(LifecycleStage::ProductionTrafficShift) if shifts < steps.len() => LifecycleStage::ProductionTrafficShift,
        Some(LifecycleStage::ProductionTrafficShift) => LifecycleStage::PostProductionTrafficShift,
        Some(LifecycleStage::PostProductionTrafficShift) => LifecycleStage::BakeTime,
        Some(LifecycleStage::BakeTime | LifecycleStage::CleanUp) => LifecycleStage::CleanUp,
    };
    let Some(running) = service.under_way() else { return false };
    running.enter(following, at);
    let present = running.weights.unwrap_or_default();
    if following == LifecycleStage::TestTrafficShift {
        running.weights = Some(Weights { test: 100.0, ..present });
    }
    if let Some(step) = steps.get(shifts).filter(|_| following == LifecycleStage::ProductionTrafficShift) {
        running.weights = Some(Weights { production: step.weight, ..present });
        running.shifts = shifts + 1;
        (running.entered, running.updated) = (at, at);
    }
    true
}

/// The stage's hooks are answered and its time is over.
fn passed(
    service: &mut Service,
    stage: LifecycleStage,
    takes: SignedDuration,
    at: Timestamp,
    around: &SchedulerContext,
) -> bool {
    if hooks::wait(service, stage, at, around.latency) {
        return false;
    }
    let Some(over) = service.under_way().map(|d| d.entered + around.latency.of(takes)) else { return false };
    if over > at {
        service.wake_at(over);
    }
    over <= at
}

/// All tasks of PRIMARY are healthy.
fn is_up(service: &Service, tasks: &Tasks) -> bool {
    let id = service.primary().map(|p| p.id.clone()).unwrap_or_default();
    tasks.tally(&service.name, &id).healthy >= service.desired as usize
}

/// Keeps PRIMARY's tasks at the desired count, beside the others.
fn keep_up(service: &mut Service, tasks: &mut Tasks, at: Timestamp, around: &SchedulerContext) {
    let Some(primary) = service.primary() else { return };
    let (id, retry_at) = (primary.id.clone(), primary.retry_at.filter(|t| *t > at));
    let desired = service.desired as usize;
    let live = tasks.tally(&service.name, &id).live;
    let (missing, surplus) = (desired.saturating_sub(live), live.saturating_sub(desired));
    if surplus > 0 {
        let mut live: Vec<&Task> = tasks.of_deployment(&service.name, &id).filter(|t| t.is_live()).collect();
        live.sort_by(|a, b| (a.is_healthy(), b.times.created, &b.id).cmp(&(b.is_healthy(), a.times.created, &a.id)));
        let doomed: Vec<String> = live.iter().take(surplus).map(|t| t.id.clone()).collect();
        stop_tasks::stop(service, tasks, &doomed, at, around.latency);
    }
    match retry_at {
        _ if missing == 0 => {}
        Some(retry_at) => service.wake_at(retry_at),
        None => launch::for_service(service, tasks, missing, at, around),
    }
}

/// Stops tasks that are neither of the new nor of the serving revision, so that there is one source. Returns whether it is so.
fn one_source(service: &mut Service, tasks: &mut Tasks, at: Timestamp, around: &SchedulerContext) -> bool {
    let completed = service.completed.clone();
    let healthy = |id: &str| tasks.tally(&service.name, id).healthy;
    let others = || service.deployments.iter().skip(1);
    let kept = others().max_by_key(|d| (healthy(&d.id), Some(&d.revision) == completed.as_ref())).map(|d| d.id.clone());
    let primary = service.primary().map(|p| p.id.clone()).unwrap_or_default();
    let others = tasks.of_others(&service.name, &primary);
    let between: Vec<&Task> = others.into_iter().filter(|t| t.started_by != kept).collect();
    let gone = between.is_empty();
    let doomed: Vec<String> = between.into_iter().filter(|t| t.is_live()).map(|t| t.id.clone()).collect();
    stop_tasks::stop(service, tasks, &doomed, at, around.latency);
    gone
}

fn clean_up(service: &mut Service, tasks: &mut Tasks, at: Timestamp, around: &SchedulerContext) {
    let primary = service.primary().map(|p| p.id.clone()).unwrap_or_default();
    let old = tasks.of_others(&service.name, &primary);
    let gone = old.is_empty();
    let doomed: Vec<String> = old.into_iter().filter(|t| t.is_live()).map(|t| t.id.clone()).collect();
    stop_tasks::stop(service, tasks, &doomed, at, around.latency);
    if gone && is_up(service, tasks) {
        completion::complete(service, at, true);
    }
}
