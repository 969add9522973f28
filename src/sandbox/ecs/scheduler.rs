//! ECS's service scheduler: starts and stops tasks towards what the PRIMARY deployment wants, within the minimum and maximum
//! percent, and tells when a deployment is done.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::alarms::{self, Alarms};
use super::breaker;
use super::configuration;
use super::deploy;
use super::hooks;
use super::launch;
use super::lifecycle::{self, Change};
use super::lifecycle_stage::LifecycleStage;
use super::regional::{Families, Injected};
use super::requests;
use super::rollout::Status;
use super::service::{Life, Rollout, Service};
use super::task::{Phase, Stop, StopCode, Task};
use super::tasks::Tasks;
use super::traffic_shift;
use super::wire::flag;
use crate::sandbox::latency::Latency;

/// From a task's change to the scheduler's look at it.
pub const LAG: SignedDuration = SignedDuration::from_secs(1);
/// All tasks as wanted, until the deployment counts as completed.
const STEADY: SignedDuration = SignedDuration::from_secs(10);
/// The wait before a failed task is replaced, times the failures in a row.
const RETRY: SignedDuration = SignedDuration::from_secs(2);
const RETRY_MOST: SignedDuration = SignedDuration::from_secs(120);
/// Never shorter, at any speed: a crash loop takes its time, not the machine's.
const RETRY_LEAST: SignedDuration = SignedDuration::from_millis(20);

/// What the scheduler needs beyond a service and its tasks.
pub struct Surroundings<'a> {
    pub families: &'a Families,
    pub injected: &'a [Injected],
    pub alarms: &'a Alarms,
    pub latency: Latency,
}

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
    service.wake_at(at + latency.of(LAG));
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
pub fn fire(service: &mut Service, tasks: &mut Tasks, at: Timestamp, around: &Surroundings) {
    requests::fire(service, at, around.latency);
    hooks::end_due(service, at, around.latency);
    if service.wake.is_some_and(|w| w <= at) {
        service.wake = None;
        note_counts(service, tasks);
        look(service, tasks, at, around);
        note_counts(service, tasks);
    }
}

fn look(service: &mut Service, tasks: &mut Tasks, at: Timestamp, around: &Surroundings) {
    match service.life {
        Life::Inactive => return,
        Life::Draining => return drain(service, tasks, at, around.latency),
        Life::Active => {}
    }
    retire(service, tasks);
    if breaker::check(service, at, around.latency) || alarms::check(service, tasks, around.alarms, at, around.latency) {
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
        // What is back needs none of the stages again, and what is there is kept.
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
    finish(service, tasks, at, around);
}

fn drain(service: &mut Service, tasks: &mut Tasks, at: Timestamp, latency: Latency) {
    let ids: Vec<String> = tasks.of_service(&service.name).filter(|t| t.is_live()).map(|t| t.id.clone()).collect();
    stop(service, tasks, &ids, at, latency);
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
fn roll(service: &mut Service, tasks: &mut Tasks, at: Timestamp, around: &Surroundings) {
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
        // What is not healthy keeps nobody served: it goes at once.
        doomed.extend(rest.into_iter().chain(healthy.into_iter().take(leaving)).map(|t| t.id.clone()));
    }
    if surplus > 0 {
        doomed.extend(newest(tasks, &service.name, &id, surplus));
    }
    stop(service, tasks, &doomed, at, around.latency);
    if launching > 0 {
        launch::for_service(service, tasks, launching, at, around);
    }
    if let Some(retry_at) = retry_at.filter(|_| missing > 0) {
        service.wake_at(retry_at);
    }
    if leaving > 0 && missing > launching {
        service.wake_at(at + around.latency.of(LAG));
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

/// So many of the deployment's tasks, those that are not healthy first and the newest of those.
fn newest(tasks: &Tasks, service: &str, deployment: &str, count: usize) -> Vec<String> {
    let mut live: Vec<&Task> = tasks.of_deployment(service, deployment).filter(|t| t.is_live()).collect();
    live.reverse();
    live.sort_by_key(|t| t.is_healthy());
    live.into_iter().take(count).map(|t| t.id.clone()).collect()
}

/// Stops these tasks of the service.
pub fn stop(service: &mut Service, tasks: &mut Tasks, ids: &[String], at: Timestamp, latency: Latency) {
    let primary = service.primary().map(|p| p.id.clone()).unwrap_or_default();
    let (mut running, mut balanced) = (Vec::new(), 0);
    for id in ids {
        tasks.change(id, |task| {
            if task.is_running() {
                running.push(format!("(task {})", task.id));
                balanced += u32::from(task.target_group.is_some());
            }
            let reason = format!("Scaling activity initiated by (deployment {primary})");
            let stop = Stop { code: StopCode::ServiceSchedulerInitiated, reason, unhealthy: false };
            lifecycle::ask_to_stop(task, at, stop, latency);
        });
    }
    if ids.is_empty() {
        return;
    }
    service.steady_state_reported = false;
    if let Some(group) = service.target_group().map(str::to_owned).filter(|_| balanced > 0) {
        service.add_event(at, &format!("deregistered {balanced} targets in (target-group {group})"));
        service.add_event(at, &format!("has begun draining connections on {balanced} tasks."));
    }
    if !running.is_empty() {
        service.add_event(at, &format!("has stopped {} running tasks: {}.", running.len(), running.join(" ")));
    }
}

/// Whether the deployment is as it should be, and if it has been long enough: completed.
fn finish(service: &mut Service, tasks: &Tasks, at: Timestamp, around: &Surroundings) {
    let Some(primary) = service.primary() else { return };
    let id = primary.id.clone();
    let desired = service.desired as usize;
    let new = tasks.tally(&service.name, &id);
    let up = new.healthy;
    let others_gone = tasks.tally_of_service(&service.name).without(new).present == 0;
    let all_up = up == desired && new.live == desired;
    let reached = early(service.configuration(), desired, up, others_gone).unwrap_or(all_up && others_gone);
    let rollout = primary.rollout;
    let rolling_back = service.under_way_status() == Some(Status::RollbackInProgress);
    match rollout {
        Rollout::Failed => return,
        Rollout::Completed => {
            if all_up && others_gone && !service.steady_state_reported {
                service.steady_state_reported = true;
                service.add_event(at, "has reached a steady state.");
            }
            return;
        }
        Rollout::InProgress => {}
    }
    if let Some(running) = service.under_way() {
        running.enter(if rolling_back && all_up { LifecycleStage::CleanUp } else { LifecycleStage::ScaleUp }, at);
    }
    let bake = if rolling_back { SignedDuration::ZERO } else { configuration::bake(service.configuration()) };
    let Some(primary) = service.deployments.first_mut() else { return };
    if !reached || primary.frozen {
        primary.steady_since = None;
        return;
    }
    let since = *primary.steady_since.get_or_insert(at);
    if !rolling_back && hooks::hold(service, LifecycleStage::PostScaleUp, at, around.latency) {
        return;
    }
    let stage = if bake.is_zero() { LifecycleStage::CleanUp } else { LifecycleStage::BakeTime };
    let (mut past, mut wait) = (since, STEADY);
    if let Some(running) = service.under_way() {
        running.enter(stage, at);
        if running.stage == Some(LifecycleStage::BakeTime) && at >= since.max(running.entered) + around.latency.of(bake)
        {
            running.enter(LifecycleStage::CleanUp, at);
        }
        past = since.max(running.entered);
        wait = if running.stage == Some(LifecycleStage::BakeTime) { bake } else { STEADY };
    }
    let done = past + around.latency.of(wait);
    if done > at {
        service.wake_at(done);
    } else {
        complete(service, at, all_up && others_gone);
    }
}

/// `earlySuccessCriteria`: enough tasks are healthy, and the old ones are gone where their removal blocks.
fn early(configuration: &Value, desired: usize, up: usize, others_gone: bool) -> Option<bool> {
    let criteria = configuration.get("earlySuccessCriteria").filter(|c| flag(c, "enable"))?;
    let percent = criteria.get("healthyPercent").and_then(Value::as_u64).unwrap_or(100) as usize;
    let deferred = criteria.get("sourceServiceRevisionCleanup").and_then(Value::as_str) == Some("DEFERRED");
    Some(up >= (desired * percent).div_ceil(100) && (deferred || others_gone))
}

/// PRIMARY is completed, and with it the service deployment.
pub fn complete(service: &mut Service, at: Timestamp, steady: bool) {
    let Some(primary) = service.deployments.first_mut() else { return };
    primary.rollout = Rollout::Completed;
    primary.reason = format!("ECS deployment {} completed.", primary.id);
    primary.updated = at;
    let message = format!("(deployment {}) deployment completed.", primary.id);
    service.completed = Some(primary.revision.clone());
    service.add_event(at, &message);
    if steady {
        service.steady_state_reported = true;
        service.add_event(at, "has reached a steady state.");
    }
    service.wake_at(at);
    let Some(running) = service.under_way() else { return };
    let end = match running.status() {
        Status::RollbackInProgress => Status::RollbackSuccessful,
        Status::Pending
        | Status::InProgress
        | Status::StopRequested
        | Status::RollbackRequested
        | Status::Successful
        | Status::Stopped
        | Status::RollbackSuccessful
        | Status::RollbackFailed => Status::Successful,
    };
    running.become_status(end, None, at);
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
