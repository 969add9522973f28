//! A task's lifecycle on AWS's nominal clock: from PROVISIONING to RUNNING, its end, and its disappearance.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::arn::spread;
use super::task::{Behaviour, Phase, Stop, StopCode, Task};
use crate::model::ids::Digest;
use crate::sandbox::latency::Latency;
use crate::sandbox::service::{ImageSource, PulledImage};

// Nominal latencies of a Fargate task, as commonly seen: 32 to 40 s from creation to RUNNING.
const PROVISION: SignedDuration = SignedDuration::from_secs(10);
const PULL: SignedDuration = SignedDuration::from_secs(14);
const PULL_SPREAD_MS: u64 = 8_000;
const ACTIVATE: SignedDuration = SignedDuration::from_secs(8);
/// RUNNING to healthy with no check at all (`DeploymentConfiguration.minimumHealthyPercent`: "will wait for 40 seconds after a
/// task reaches a RUNNING state").
const SETTLE: SignedDuration = SignedDuration::from_secs(40);
/// RUNNING to healthy with checks: two passes of a target group's, or the first of a container's.
const PASS_CHECKS: SignedDuration = SignedDuration::from_secs(15);
/// Three failed checks in a row, beyond the grace period.
const FAIL_CHECKS: SignedDuration = SignedDuration::from_secs(45);
/// RUNNING to the exit of a container that is labelled to exit, without `exit-after`.
const EXIT_AFTER: SignedDuration = SignedDuration::from_secs(3);
/// How long a one-off task runs.
const ONE_OFF: SignedDuration = SignedDuration::from_secs(5);
const DRAIN: SignedDuration = SignedDuration::from_secs(20);
const TERMINATE: SignedDuration = SignedDuration::from_secs(5);
const DEPROVISION: SignedDuration = SignedDuration::from_secs(8);
/// A stopped task stays visible for about an hour. A date, not a latency: never shortened.
const RETENTION: SignedDuration = SignedDuration::from_hours(1);

const SIGTERM: i64 = 143;

/// What a step of a task means to its service.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// It is a phase further, which does not matter to the service.
    Moved,
    /// RUNNING.
    Started,
    /// Its checks passed.
    Healthy,
    /// It stops because of a failure of its own.
    Failed,
    Stopped,
    /// An hour after it stopped: it is removed.
    Vanished,
}

/// The first phase's end for a task created at `now`.
pub fn begin(now: Timestamp, latency: Latency) -> Option<Timestamp> {
    Some(now + latency.of(PROVISION))
}

/// Moves a task whose phase ends at `at`. `pinned` holds the digests that the service revision has resolved so far.
pub fn step(
    task: &mut Task,
    at: Timestamp,
    latency: Latency,
    images: &dyn ImageSource,
    pinned: &BTreeMap<String, String>,
) -> Change {
    task.version += 1;
    match task.phase {
        Phase::Provisioning => {
            task.phase = Phase::Pending;
            task.times.pull_started = Some(at);
            let extra = SignedDuration::from_millis(spread(&task.id, PULL_SPREAD_MS) as i64);
            task.due = Some(at + latency.of(PULL + extra));
            Change::Moved
        }
        Phase::Pending => match pull(task, images, pinned) {
            Ok(()) => {
                task.phase = Phase::Activating;
                task.times.pull_stopped = Some(at);
                task.due = Some(at + latency.of(ACTIVATE));
                Change::Moved
            }
            Err(reason) => {
                let stop = Stop { code: StopCode::TaskFailedToStart, reason, unhealthy: false };
                leave(task, at, stop, latency);
                Change::Failed
            }
        },
        Phase::Activating => {
            start(task, at, latency);
            Change::Started
        }
        Phase::Settling => settle(task, at, latency),
        Phase::Healthy => exit(task, at, latency),
        Phase::Deactivating => {
            task.phase = Phase::Stopping;
            task.due = Some(at + latency.of(TERMINATE));
            Change::Moved
        }
        Phase::Stopping => {
            for container in task.containers.iter_mut().filter(|c| c.exit_code.is_none()) {
                container.exit_code = Some(SIGTERM);
            }
            task.phase = Phase::Deprovisioning;
            task.times.execution_stopped = Some(at);
            task.due = Some(at + latency.of(DEPROVISION));
            Change::Moved
        }
        Phase::Deprovisioning => {
            task.phase = Phase::Stopped;
            task.times.stopped = Some(at);
            task.due = Some(at + RETENTION);
            Change::Stopped
        }
        Phase::Stopped => Change::Vanished,
    }
}

/// Stops a task in any phase: one that never ran stops at once, one that runs drains and gets SIGTERM.
pub fn ask_to_stop(task: &mut Task, at: Timestamp, stop: Stop, latency: Latency) {
    if task.stop.is_some() || task.is_stopped() {
        return;
    }
    let running = matches!(task.phase, Phase::Settling | Phase::Healthy);
    if !running {
        leave(task, at, stop, latency);
        return;
    }
    task.version += 1;
    task.stop = Some(stop);
    task.times.stopping = Some(at);
    (task.phase, task.due) = if task.target_group.is_some() {
        (Phase::Deactivating, Some(at + latency.of(DRAIN)))
    } else {
        (Phase::Stopping, Some(at + latency.of(TERMINATE)))
    };
}

/// A seeded task that has been running for long.
pub fn already_running(task: &mut Task, latency: Latency) {
    let at = task.times.created;
    task.times.pull_started = Some(at);
    task.times.pull_stopped = Some(at);
    task.times.started = Some(at + latency.of(PROVISION + PULL + ACTIVATE));
    task.phase = Phase::Healthy;
    task.due = None;
    task.unresolved = true;
}

/// Looks up what a seeded task runs. An image that does not exist was pulled before it was deleted: its digest
/// is derived from its name.
pub fn resolve_seeded(task: &mut Task, images: &dyn ImageSource) {
    task.unresolved = false;
    for container in &mut task.containers {
        let found = match container.injected {
            true => None,
            false => images.pull(&task.home.account, &task.home.region, &container.image, &task.runs_on).ok(),
        };
        container.pulled = Some(found.unwrap_or_else(|| unlabelled(&container.image)));
    }
}

fn unlabelled(image: &str) -> PulledImage {
    let digest = match image.split_once('@') {
        Some((_, digest)) => digest.to_owned(),
        None => String::from(Digest::of(image.as_bytes())),
    };
    PulledImage { digest, labels: BTreeMap::new() }
}

fn pull(task: &mut Task, images: &dyn ImageSource, pinned: &BTreeMap<String, String>) -> Result<(), String> {
    for container in &mut task.containers {
        if container.injected {
            container.pulled = Some(unlabelled(&container.image));
            continue;
        }
        // A deployment's tag is resolved once; all its tasks run that digest, even if the tag is moved.
        let reference = match pinned.get(&container.name) {
            Some(digest) => format!("{}@{digest}", repository(&container.image)),
            None => container.image.clone(),
        };
        let found = images.pull(&task.home.account, &task.home.region, &reference, &task.runs_on);
        match found.and_then(|pulled| Behaviour::of(&pulled.labels).pull_error.map_or(Ok(pulled), Err)) {
            Ok(pulled) => container.pulled = Some(pulled),
            Err(why) => {
                let reason = format!("CannotPullContainerError: {why}");
                container.reason = Some(reason.clone());
                return Err(reason);
            }
        }
    }
    Ok(())
}

/// A reference without its tag or digest.
pub fn repository(reference: &str) -> &str {
    let name = reference.split('@').next().unwrap_or(reference);
    match name.rfind(':') {
        Some(colon) if !name[colon..].contains('/') => &name[..colon],
        _ => name,
    }
}

fn start(task: &mut Task, at: Timestamp, latency: Latency) {
    task.phase = Phase::Settling;
    task.times.started = Some(at);
    let seconds = |n: i64| latency.of(SignedDuration::from_secs(n));
    let worker = worker(task);
    if task.service.is_some() {
        task.exits_at = exiting(task).map(|(_, after)| at + after.map_or(latency.of(EXIT_AFTER), seconds));
        let checked = task.target_group.is_some() || task.has_container_check();
        let judged = match (checked, task.is_unhealthy_image()) {
            (_, true) => task.grace + latency.of(FAIL_CHECKS),
            (true, false) => latency.of(PASS_CHECKS),
            (false, false) => latency.of(SETTLE),
        };
        task.judged_at = Some(at + judged);
    } else {
        let after = worker.and_then(|i| task.containers[i].behaviour().exit_after);
        task.exits_at = Some(at + after.map_or(latency.of(ONE_OFF), seconds));
        task.judged_at = None;
    }
    task.due = [task.exits_at, task.judged_at].into_iter().flatten().min();
}

fn settle(task: &mut Task, at: Timestamp, latency: Latency) -> Change {
    if task.exits_at.is_some_and(|t| t <= at) {
        return exit(task, at, latency);
    }
    if task.is_unhealthy_image() {
        let reason = if task.has_container_check() {
            "Task failed container health checks".to_owned()
        } else {
            let group = task.target_group.as_deref().unwrap_or_default();
            format!("Task failed ELB health checks in (target-group {group})")
        };
        let stop = Stop { code: StopCode::ServiceSchedulerInitiated, reason, unhealthy: true };
        ask_to_stop(task, at, stop, latency);
        return Change::Failed;
    }
    task.phase = Phase::Healthy;
    task.due = task.exits_at;
    Change::Healthy
}

/// The container of a service's task that exits by itself, and after how many seconds.
fn exiting(task: &Task) -> Option<(usize, Option<i64>)> {
    task.containers.iter().enumerate().filter(|(_, c)| c.essential).find_map(|(i, c)| {
        let b = c.behaviour();
        (b.exit_code.is_some() || b.exit_after.is_some()).then_some((i, b.exit_after))
    })
}

/// The container that does a one-off task's work: the one with a command of its own, else the first essential one.
fn worker(task: &Task) -> Option<usize> {
    let overrides = task.overrides.get("containerOverrides").and_then(|v| v.as_array());
    let named = overrides.and_then(|all| all.iter().find(|o| o.get("command").is_some()));
    let name = named.and_then(|o| o.get("name")).and_then(|n| n.as_str());
    let by_name = name.and_then(|n| task.containers.iter().position(|c| c.name == n));
    by_name.or_else(|| task.containers.iter().position(|c| c.essential && !c.injected))
}

/// An essential container exits; the others get SIGTERM.
fn exit(task: &mut Task, at: Timestamp, latency: Latency) -> Change {
    let service = task.service.is_some();
    let who = if service { exiting(task).map(|(i, _)| i) } else { worker(task) };
    for (i, container) in task.containers.iter_mut().enumerate() {
        let b = container.behaviour();
        let own = if service { b.exit_code.unwrap_or(0) } else { b.run_exit_code.or(b.exit_code).unwrap_or(0) };
        container.exit_code = Some(if Some(i) == who { own } else { SIGTERM });
    }
    task.stop = Some(Stop {
        code: StopCode::EssentialContainerExited,
        reason: "Essential container in task exited".to_owned(),
        unhealthy: false,
    });
    task.phase = Phase::Deprovisioning;
    task.times.stopping = Some(at);
    task.times.execution_stopped = Some(at);
    task.due = Some(at + latency.of(DEPROVISION));
    Change::Failed
}

/// Stopped without having run.
fn leave(task: &mut Task, at: Timestamp, stop: Stop, latency: Latency) {
    task.version += 1;
    task.stop = Some(stop);
    task.times.stopping = Some(at);
    task.times.execution_stopped = Some(at);
    task.phase = Phase::Deprovisioning;
    task.due = Some(at + latency.of(DEPROVISION));
}
