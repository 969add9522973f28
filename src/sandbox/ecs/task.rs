//! A task: its phase, its containers, and how DescribeTasks shows it.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::arn::Home;
use super::wire::{Members, epoch, present};
use crate::sandbox::service::{PulledImage, RunsOn};

/// Where a task is in its life. AWS's `lastStatus` follows from it; RUNNING has two phases, until its checks passed and after.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    Provisioning,
    Pending,
    Activating,
    Settling,
    Healthy,
    Deactivating,
    Stopping,
    Deprovisioning,
    Stopped,
}

impl Phase {
    /// AWS's `lastStatus`.
    pub fn last_status(self) -> &'static str {
        match self {
            Phase::Provisioning => "PROVISIONING",
            Phase::Pending => "PENDING",
            Phase::Activating => "ACTIVATING",
            Phase::Settling | Phase::Healthy => "RUNNING",
            Phase::Deactivating => "DEACTIVATING",
            Phase::Stopping => "STOPPING",
            Phase::Deprovisioning => "DEPROVISIONING",
            Phase::Stopped => "STOPPED",
        }
    }
}

/// `stopCode` values that occur here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopCode {
    TaskFailedToStart,
    EssentialContainerExited,
    UserInitiated,
    ServiceSchedulerInitiated,
}

impl StopCode {
    pub fn name(self) -> &'static str {
        match self {
            StopCode::TaskFailedToStart => "TaskFailedToStart",
            StopCode::EssentialContainerExited => "EssentialContainerExited",
            StopCode::UserInitiated => "UserInitiated",
            StopCode::ServiceSchedulerInitiated => "ServiceSchedulerInitiated",
        }
    }
}

/// Why a task's desired status is STOPPED.
#[derive(Debug, Clone, PartialEq)]
pub struct Stop {
    pub code: StopCode,
    pub reason: String,
    /// Its health checks failed.
    pub unhealthy: bool,
}

/// How the container of an image behaves: the image's labels `dev.kanmon.sandbox.*`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Behaviour {
    /// `exit-code`: starts, then exits with it.
    pub exit_code: Option<i64>,
    /// `exit-after`: nominal seconds from RUNNING to the exit.
    pub exit_after: Option<i64>,
    /// `unhealthy`: fails the health checks it has.
    pub unhealthy: bool,
    /// `run-exit-code`: what it exits with when RunTask started it.
    pub run_exit_code: Option<i64>,
    /// `pull-error`: cannot be pulled, and why in the registry's words.
    pub pull_error: Option<String>,
}

impl Behaviour {
    pub fn of(labels: &BTreeMap<String, String>) -> Behaviour {
        let label = |name: &str| labels.get(&format!("dev.kanmon.sandbox.{name}")).map(|v| v.trim());
        let number = |name: &str| label(name).and_then(|v| v.parse().ok());
        Behaviour {
            exit_code: number("exit-code"),
            exit_after: number("exit-after"),
            unhealthy: label("unhealthy") == Some("true"),
            run_exit_code: number("run-exit-code"),
            pull_error: label("pull-error").map(str::to_owned),
        }
    }
}

/// One container of a task.
#[derive(Debug, Clone)]
pub struct Container {
    pub name: String,
    pub image: String,
    pub essential: bool,
    pub health_check: bool,
    /// Put beside the task definition's containers by AWS (GuardDuty's agent, Service Connect's proxy).
    pub injected: bool,
    pub pulled: Option<PulledImage>,
    pub exit_code: Option<i64>,
    pub reason: Option<String>,
}

impl Container {
    pub fn behaviour(&self) -> Behaviour {
        self.pulled.as_ref().map(|p| Behaviour::of(&p.labels)).unwrap_or_default()
    }
}

/// The times of a task's phases.
#[derive(Debug, Clone)]
pub struct Times {
    pub created: Timestamp,
    pub pull_started: Option<Timestamp>,
    pub pull_stopped: Option<Timestamp>,
    pub started: Option<Timestamp>,
    pub stopping: Option<Timestamp>,
    pub execution_stopped: Option<Timestamp>,
    pub stopped: Option<Timestamp>,
}

#[derive(Debug, Clone)]
pub struct Task {
    pub id: String,
    pub arn: String,
    pub home: Home,
    pub cluster: String,
    pub task_definition: String,
    pub family: String,
    /// `service:NAME` or `family:NAME`, or what RunTask was given.
    pub group: String,
    /// A deployment's id for a service's task; RunTask's `startedBy` otherwise.
    pub started_by: Option<String>,
    /// The service it belongs to; none for a one-off task.
    pub service: Option<String>,
    pub containers: Vec<Container>,
    pub runs_on: RunsOn,
    pub phase: Phase,
    /// The desired status is STOPPED when there is one, RUNNING otherwise.
    pub stop: Option<Stop>,
    /// When its phase ends by itself.
    pub due: Option<Timestamp>,
    /// When its essential container exits by itself.
    pub exits_at: Option<Timestamp>,
    /// When its checks decide, while settling.
    pub judged_at: Option<Timestamp>,
    /// The target group it registers with.
    pub target_group: Option<String>,
    /// How long failing checks are ignored, already shortened.
    pub grace: SignedDuration,
    pub times: Times,
    /// `overrides` as given.
    pub overrides: Value,
    /// Members that are shown as given: launchType, cpu, memory, platformVersion and so on.
    pub shown: Members,
    pub tags: Vec<Value>,
    /// Tags were resolved before it ran: a seeded task whose images are still to be looked up.
    pub unresolved: bool,
    pub version: u64,
}

impl Task {
    /// Its desired status is RUNNING.
    pub fn is_live(&self) -> bool {
        self.stop.is_none() && self.phase != Phase::Stopped
    }

    /// Shown as RUNNING and wanted.
    pub fn is_running(&self) -> bool {
        self.is_live() && matches!(self.phase, Phase::Settling | Phase::Healthy)
    }

    /// Running, with its checks passed.
    pub fn is_healthy(&self) -> bool {
        self.is_live() && self.phase == Phase::Healthy
    }

    /// Wanted, not running yet.
    pub fn is_pending(&self) -> bool {
        self.is_live() && matches!(self.phase, Phase::Provisioning | Phase::Pending | Phase::Activating)
    }

    pub fn is_stopped(&self) -> bool {
        self.phase == Phase::Stopped
    }

    pub fn has_container_check(&self) -> bool {
        self.containers.iter().any(|c| c.essential && c.health_check)
    }

    pub fn is_unhealthy_image(&self) -> bool {
        (self.target_group.is_some() || self.has_container_check())
            && self.containers.iter().any(|c| c.essential && c.behaviour().unhealthy)
    }

    fn health(&self, of_container: Option<&Container>) -> &'static str {
        let checked = of_container.map_or(self.has_container_check(), |c| c.health_check);
        if !checked {
            return "UNKNOWN";
        }
        if self.stop.as_ref().is_some_and(|s| s.unhealthy) {
            "UNHEALTHY"
        } else if self.phase == Phase::Healthy {
            "HEALTHY"
        } else {
            "UNKNOWN"
        }
    }

    /// The `Task` structure.
    pub fn view(&self, tags: bool) -> Value {
        let time = |t: Option<Timestamp>| t.map_or(Value::Null, epoch);
        let mut view = json!({
            "taskArn": self.arn,
            "clusterArn": self.home.cluster(&self.cluster),
            "taskDefinitionArn": self.task_definition,
            "group": self.group,
            "startedBy": self.started_by,
            "lastStatus": self.phase.last_status(),
            "desiredStatus": if self.stop.is_some() { "STOPPED" } else { "RUNNING" },
            "healthStatus": self.health(None),
            "connectivity": self.times.pull_started.map(|_| "CONNECTED"),
            "connectivityAt": time(self.times.pull_started),
            "containers": self.containers.iter().map(|c| self.view_container(c)).collect::<Vec<_>>(),
            "overrides": self.overrides,
            "attachments": [],
            "createdAt": epoch(self.times.created),
            "pullStartedAt": time(self.times.pull_started),
            "pullStoppedAt": time(self.times.pull_stopped),
            "startedAt": time(self.times.started),
            "stoppingAt": time(self.times.stopping),
            "executionStoppedAt": time(self.times.execution_stopped),
            "stoppedAt": time(self.times.stopped),
            "stopCode": self.stop.as_ref().map(|s| s.code.name()),
            "stoppedReason": self.stop.as_ref().map(|s| s.reason.as_str()),
            "tags": if tags { json!(self.tags) } else { json!([]) },
            "version": self.version,
        });
        for (member, value) in &self.shown {
            view[member] = value.clone();
        }
        present(view)
    }

    fn view_container(&self, container: &Container) -> Value {
        let last_status = match self.phase {
            Phase::Provisioning | Phase::Pending | Phase::Activating => "PENDING",
            Phase::Settling | Phase::Healthy | Phase::Deactivating | Phase::Stopping => "RUNNING",
            Phase::Deprovisioning | Phase::Stopped => "STOPPED",
        };
        let ran = container.pulled.is_some() && self.times.started.is_some();
        present(json!({
            "containerArn": self.home.container(&self.cluster, &self.id, &container.name),
            "taskArn": self.arn,
            "name": container.name,
            "image": container.image,
            "imageDigest": container.pulled.as_ref().map(|p| p.digest.as_str()),
            "runtimeId": ran.then(|| format!("{}-{}", self.id, super::arn::spread(&container.name, 4_000_000_000))),
            "lastStatus": last_status,
            "exitCode": container.exit_code,
            "reason": container.reason,
            "networkBindings": [],
            "networkInterfaces": [],
            "healthStatus": self.health(Some(container)),
        }))
    }
}
