//! ECS's service scheduler: starts and stops tasks towards what the PRIMARY deployment wants, within the minimum and maximum
//! percent, and decides when a deployment is completed.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::breaker;
use super::completion;
use super::deploy;
use super::hooks;
use super::launch;
use super::lifecycle::Change;
use super::requests;
use super::scheduler_context::{REACTION, SchedulerContext};
use super::service::{Life, Rollout, Service};
use super::service_deployment::Status;
use super::stop_tasks;
use super::task::{Phase, Task};
use super::tasks::Tasks;
use super::traffic_shift;
use super::{alarm_monitor, breaker_monitor};
use crate::sandbox::latency::Latency;

/// The wait before a failed task is replaced, times the failures in a row.
const RETRY: SignedDuration = SignedDuration::from_secs(2);
const RETRY_MOST: SignedDuration = SignedDuration::from_secs(120);
/// Never shorter, at any speed, so that a crash loop does not use the whole machine.
const RETRY_LEAST: SignedDuration = SignedDuration::from_millis(20);

/// The digests that the revision of a task's deployment has resolved.
pub fn pinned(service: &Service, task: &Task) -> Option<BTreeMap<String, String>> {
    let deployment = service.deployments.iter().find(|d| Some(d.id.as_str()) == task.started_by.as_deref())?;
    service.revisions.iter().find(|r| r.arn == deployment.revision).map(|r| r.digests.clone())
}

/// A task of the service changed.
pub fn sees(service: &mut Service, task: &Task, change: &Change, at: Timestamp, latency: Latency) {
    let resets = breaker::resets(service.configuration());
    let target_group = task.target_group.clone();
    let Some(deployment) = task.started_by.as_deref().and_then(|id| service.deployment(id)) else { return };
    let revision = deployment.revision.clone();
    match change {
        Change::Moved if task.phase == Phase::Activating => {
            if let Some(revision) = service.revision(&revision) {
                for container in task.containers.iter().filter(|c| !c.injected) {
                    if let Some(pulled) = &container.pulled {
                        revision.digests.entry(container.name.clone()).or_insert_with(|| pulled.digest.clone());
                    }
                }
            }
            return;
        }
        Change::Moved | Change::Vanished => return,
        Change::Started => {
            if let Some(group) = target_group {
                service.add_event(at, &format!("registered 1 targets in (target-group {group})"));
            }
        }
        Change::Healthy => {
            deployment.misses = 0;
            deployment.retry_at = None;
            if resets && deployment.rollout == Rollout::InProgress {
                deployment.failed_tasks = 0;
            }
        }
        Change::Failed => {
            deployment.misses += 1;
            let wait = (RETRY * i32::try_from(deployment.misses).unwrap_or(i32::MAX)).min(RETRY_MOST);
            deployment.retry_at = Some(at + latency.of(wait).max(RETRY_LEAST));
            deployment.updated = at;
            if deployment.rollout == Rollout::InProgress {
                deployment.failed_tasks += 1;
            }
            let impaired = deployment.misses >= 3 && !deployment.impairment_reported;
            deployment.impairment_reported |= impaired;
            failed(service, task, at);
            if impaired {
                service.add_event(
                    at,
                    "is unable to consistently start tasks successfully. For more information, see the \
                     Troubleshooting section of the Amazon ECS Developer Guide.",
                );
            }
        }
        Change::Stopped => {}
    }
    service.wake_at(at + latency.of(REACTION));
}

fn failed(service: &mut Service, task: &Task, at: Timestamp) {
    let Some(stop) = task.stop.as_ref().filter(|s| s.unhealthy) else { return };
    let message = match &task.target_group {
        Some(group) if stop.reason.contains("ELB") => {
            format!("(task {}) is unhealthy in (target-group {group}) due to (reason Health checks failed)", task.id)
        }
        _ => format!("(task {}) failed container health checks.", task.id),
    };
    service.add_event(at, &message);
    service.add_event(at, &format!("has stopped 1 running tasks: (task {}).", task.id));
}

/// Lets what is due of the service itself happen at `at`.
pub fn fire(service: &mut Service, tasks: &mut Tasks, at: Timestamp, around: &SchedulerContext) {
    requests::fire(service, at, around.latency);
    hooks::end_due(service, at, around.latency);
    if service.wake.is_some_and(|w| w <= at) {
        service.wake = None;
        note_counts(service, tasks);
        look(service, tasks, at, around);
        note_counts(service, tasks);
    }
}

fn look(service: &mut Service, tasks: &mut Tasks, at: Timestamp, around: &SchedulerContext) {
    match service.life {
        Life::Inactive => return,
        Life::Draining => return drain(service, tasks, at, around.latency),
        Life::Active => {}
    }
    retire(service, tasks);
    if breaker_monitor::check(service, at, around.latency)
        || alarm_monitor::check(service, tasks, around.alarms, at, around.latency)
    {
        return;
    }
    match service.under_way_status() {
        Some(Status::Pending) => return,
        Some(Status::InProgress | Status::StopRequested | Status::RollbackRequested) => {
            if traffic_shift::applies(service) {
                traffic_shift::drive(service, tasks, at, around);
                return retire(service, tasks);
            }
            if !traffic_shift::begun(service, tasks, at, around) {
                return;
            }
        }
        // A rollback does not repeat the stages, and running tasks are kept.
        Some(
            Status::RollbackInProgress
            | Status::Successful
            | Status::Stopped
            | Status::RollbackSuccessful
            | Status::RollbackFailed,
        )
        | None => {}
    }
    roll(service, tasks, at, around);
    retire(service, tasks);
    completion::finish(service, tasks, at, around);
}

fn drain(service: &mut Service, tasks: &mut Tasks, at: Timestamp, latency: Latency) {
    let ids: Vec<String> = tasks.of_service(&service.name).filter(|t| t.is_live()).map(|t| t.id.clone()).collect();
    stop_tasks::stop(service, tasks, &ids, at, latency);
    if tasks.tally_of_service(&service.name).present == 0 {
        service.life = Life::Inactive;
        service.deployments.clear();
    }
}

/// Drops replaced deployments that have no task left; one that FAILED stays until PRIMARY has completed.
fn retire(service: &mut Service, tasks: &Tasks) {
    let primary_done = service.primary().is_some_and(|p| p.rollout == Rollout::Completed);
    let name = service.name.clone();
    let mut first = true;
    service.deployments.retain(|d| {
        let primary = std::mem::take(&mut first);
        primary || (d.rollout == Rollout::Failed && !primary_done) || tasks.tally(&name, &d.id).present > 0
    });
}

/// One round of starting and stopping.
fn roll(service: &mut Service, tasks: &mut Tasks, at: Timestamp, around: &SchedulerContext) {
    let Some(primary) = service.primary() else { return };
    if primary.rollout == Rollout::Failed || primary.frozen {
        return;
    }
    let retry_at = primary.retry_at.filter(|t| *t > at);
    let id = primary.id.clone();
    let desired = service.desired as usize;
    let new = tasks.tally(&service.name, &id);
    let old = tasks.tally_of_service(&service.name).without(new);

    let surplus = new.live.saturating_sub(desired);
    let kept_new = new.live.min(desired);
    let missing = desired - kept_new;
    let room = (service.upper() as usize).saturating_sub(kept_new + old.healthy);
    let launching = if retry_at.is_some() { 0 } else { missing.min(room) };

    // Healthy old tasks go as new ones replace them; more of them, down to the minimum, where the maximum leaves no room.
    let serving = new.healthy.min(desired) + old.healthy;
    let replaced = serving.saturating_sub(desired);
    let spare = serving.saturating_sub(service.lower() as usize);
    let squeezed = if missing > room { spare.min(missing - room) } else { 0 };
    let leaving = replaced.max(squeezed).min(old.healthy);

    let mut doomed = Vec::new();
    if old.live - old.healthy + leaving > 0 {
        let live: Vec<&Task> = tasks.of_others(&service.name, &id).into_iter().filter(|t| t.is_live()).collect();
        let (healthy, rest): (Vec<&Task>, Vec<&Task>) = live.into_iter().partition(|t| t.is_healthy());
        // Unhealthy tasks serve nobody: they are stopped first.
        doomed.extend(rest.into_iter().chain(healthy.into_iter().take(leaving)).map(|t| t.id.clone()));
    }
    if surplus > 0 {
        doomed.extend(newest(tasks, &service.name, &id, surplus));
    }
    stop_tasks::stop(service, tasks, &doomed, at, around.latency);
    if launching > 0 {
        launch::for_service(service, tasks, launching, at, around);
    }
    if let Some(retry_at) = retry_at.filter(|_| missing > 0) {
        service.wake_at(retry_at);
    }
    if leaving > 0 && missing > launching {
        service.wake_at(at + around.latency.of(REACTION));
    }
    let stuck = missing > 0 && room == 0 && leaving == 0 && kept_new == 0 && doomed.is_empty();
    if stuck && let Some(primary) = service.deployments.first_mut().filter(|p| !p.deadlock_reported) {
        primary.deadlock_reported = true;
        service.add_event(
            at,
            "is unable to stop or start tasks during a deployment because of the service deployment configuration. \
             Update the minimumHealthyPercent or maximumPercent value and try again.",
        );
    }
}

/// This many of the deployment's tasks: unhealthy ones first, and of those the newest.
fn newest(tasks: &Tasks, service: &str, deployment: &str, count: usize) -> Vec<String> {
    let mut live: Vec<&Task> = tasks.of_deployment(service, deployment).filter(|t| t.is_live()).collect();
    live.reverse();
    live.sort_by_key(|t| t.is_healthy());
    live.into_iter().take(count).map(|t| t.id.clone()).collect()
}

/// Keeps the target revision's counts and the breaker's failures in the service deployment, until it ends.
fn note_counts(service: &mut Service, tasks: &Tasks) {
    let Some(target) = service.service_deployments.last().map(|d| d.target.clone()) else { return };
    let deployment = service.deployments.iter().find(|d| d.revision == target);
    let noted = deployment.map(|d| (deploy::counts(&d.id, service, tasks), d.failed_tasks));
    let threshold = breaker::threshold(service.configuration(), service.desired);
    if let (Some(running), Some((counts, failures))) = (service.service_deployments.last_mut(), noted)
        && !running.status().is_terminal()
    {
        running.target_counts = counts;
        running.failures = failures;
        running.threshold = threshold;
    }
}
