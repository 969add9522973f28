//! A service deployment: what one CreateService or UpdateService set in motion, from PENDING to its one end.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::arn::Home;
use super::wire::{epoch, present};

/// `ServiceDeployment.status`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    Pending,
    InProgress,
    Successful,
    StopRequested,
    Stopped,
    RollbackRequested,
    RollbackInProgress,
    RollbackSuccessful,
    RollbackFailed,
}

impl Status {
    pub const ALL: [Status; 9] = [
        Status::Pending,
        Status::InProgress,
        Status::Successful,
        Status::StopRequested,
        Status::Stopped,
        Status::RollbackRequested,
        Status::RollbackInProgress,
        Status::RollbackSuccessful,
        Status::RollbackFailed,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Status::Pending => "PENDING",
            Status::InProgress => "IN_PROGRESS",
            Status::Successful => "SUCCESSFUL",
            Status::StopRequested => "STOP_REQUESTED",
            Status::Stopped => "STOPPED",
            Status::RollbackRequested => "ROLLBACK_REQUESTED",
            Status::RollbackInProgress => "ROLLBACK_IN_PROGRESS",
            Status::RollbackSuccessful => "ROLLBACK_SUCCESSFUL",
            Status::RollbackFailed => "ROLLBACK_FAILED",
        }
    }

    pub fn is_terminal(self) -> bool {
        match self {
            Status::Successful | Status::Stopped | Status::RollbackSuccessful | Status::RollbackFailed => true,
            Status::Pending
            | Status::InProgress
            | Status::StopRequested
            | Status::RollbackRequested
            | Status::RollbackInProgress => false,
        }
    }

    /// The state diagram of the developer guide's *service deployment states*; a requested stop or rollback can lose the
    /// race against success.
    pub fn may_become(self, next: Status) -> bool {
        match self {
            Status::Pending => {
                matches!(next, Status::InProgress | Status::StopRequested | Status::Stopped | Status::RollbackRequested)
            }
            Status::InProgress => matches!(
                next,
                Status::Successful
                    | Status::StopRequested
                    | Status::Stopped
                    | Status::RollbackRequested
                    | Status::RollbackInProgress
            ),
            Status::StopRequested => matches!(next, Status::Stopped | Status::Successful),
            Status::RollbackRequested => matches!(
                next,
                Status::RollbackInProgress | Status::Successful | Status::RollbackFailed | Status::Stopped
            ),
            Status::RollbackInProgress => {
                matches!(next, Status::RollbackSuccessful | Status::RollbackFailed | Status::Stopped)
            }
            Status::Successful | Status::Stopped | Status::RollbackSuccessful | Status::RollbackFailed => false,
        }
    }
}

/// `lifecycleStage` values of a rolling deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    PreScaleUp,
    ScaleUp,
    PostScaleUp,
    BakeTime,
    CleanUp,
}

impl Stage {
    pub fn name(self) -> &'static str {
        match self {
            Stage::PreScaleUp => "PRE_SCALE_UP",
            Stage::ScaleUp => "SCALE_UP",
            Stage::PostScaleUp => "POST_SCALE_UP",
            Stage::BakeTime => "BAKE_TIME",
            Stage::CleanUp => "CLEAN_UP",
        }
    }
}

/// `deploymentCircuitBreaker.status` of a service deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Monitor {
    Disabled,
    Monitoring,
    Triggered,
    Complete,
}

impl Monitor {
    pub fn name(self) -> &'static str {
        match self {
            Monitor::Disabled => "DISABLED",
            Monitor::Monitoring => "MONITORING",
            Monitor::Triggered => "TRIGGERED",
            Monitor::Complete => "MONITORING_COMPLETE",
        }
    }
}

/// A rollback that happened: `ServiceDeployment.rollback`.
#[derive(Debug, Clone)]
pub struct Rollback {
    pub reason: String,
    pub started: Timestamp,
    pub revision: String,
}

/// Task counts of a service revision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    pub requested: u32,
    pub running: u32,
    pub pending: u32,
}

impl Counts {
    /// The `ServiceRevisionSummary` of the revision that has these counts.
    pub fn view(self, revision: &str) -> Value {
        json!({
            "arn": revision,
            "requestedTaskCount": self.requested,
            "runningTaskCount": self.running,
            "pendingTaskCount": self.pending,
        })
    }
}

/// A PAUSE lifecycle hook that the deployment has reached.
#[derive(Debug, Clone, PartialEq)]
pub struct Hook {
    pub id: String,
    pub stage: Stage,
    pub status: HookStatus,
    pub expires: Timestamp,
    /// `CONTINUE` or `ROLLBACK`, at the timeout.
    pub timeout_action: String,
}

/// `lifecycleHookDetails[].status` of a PAUSE hook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HookStatus {
    AwaitingAction,
    Succeeded,
    Failed,
    TimedOut,
}

impl Hook {
    /// The deployment may go on beyond it.
    pub fn is_open(&self) -> bool {
        match self.status {
            HookStatus::Succeeded => true,
            HookStatus::TimedOut => self.timeout_action == "CONTINUE",
            HookStatus::AwaitingAction | HookStatus::Failed => false,
        }
    }
}

impl HookStatus {
    pub fn name(self) -> &'static str {
        match self {
            HookStatus::AwaitingAction => "AWAITING_ACTION",
            HookStatus::Succeeded => "SUCCEEDED",
            HookStatus::Failed => "FAILED",
            HookStatus::TimedOut => "TIMED_OUT",
        }
    }
}

#[derive(Debug, Clone)]
pub struct ServiceDeployment {
    pub arn: String,
    pub home: Home,
    pub cluster: String,
    pub service: String,
    pub created: Timestamp,
    pub started: Option<Timestamp>,
    pub finished: Option<Timestamp>,
    pub stopped: Option<Timestamp>,
    pub updated: Timestamp,
    /// Revisions that ran when it began, with their counts by then.
    pub sources: Vec<(String, Counts)>,
    pub target: String,
    /// The target's counts as last seen by the scheduler.
    pub target_counts: Counts,
    status: Status,
    pub status_reason: Option<String>,
    pub stage: Option<Stage>,
    pub hooks: Vec<Hook>,
    /// `deploymentConfiguration` as it was when it began.
    pub configuration: Value,
    pub rollback: Option<Rollback>,
    /// A rollback that was asked for and has not begun: why.
    pub rollback_wanted: Option<String>,
    pub breaker: Monitor,
    pub failures: u32,
    pub threshold: u32,
    /// When its present status ends by itself (the requests, and PENDING).
    pub due: Option<Timestamp>,
}

/// What a new service deployment starts from.
pub struct Beginning {
    pub arn: String,
    pub home: Home,
    pub cluster: String,
    pub service: String,
    pub at: Timestamp,
    pub sources: Vec<(String, Counts)>,
    pub target: String,
    pub configuration: Value,
    pub breaker: Monitor,
    pub threshold: u32,
    pub requested: u32,
}

/// How long PENDING and each `…_REQUESTED` last, nominally.
pub const HAND_OVER: SignedDuration = SignedDuration::from_secs(3);

impl ServiceDeployment {
    pub fn begin(b: Beginning, due: Timestamp) -> ServiceDeployment {
        ServiceDeployment {
            arn: b.arn,
            home: b.home,
            cluster: b.cluster,
            service: b.service,
            created: b.at,
            started: None,
            finished: None,
            stopped: None,
            updated: b.at,
            sources: b.sources,
            target: b.target,
            target_counts: Counts { requested: b.requested, ..Counts::default() },
            status: Status::Pending,
            status_reason: None,
            stage: None,
            hooks: Vec::new(),
            configuration: b.configuration,
            rollback: None,
            rollback_wanted: None,
            breaker: b.breaker,
            failures: 0,
            threshold: b.threshold,
            due: Some(due),
        }
    }

    pub fn status(&self) -> Status {
        self.status
    }

    /// Moves along the diagram; a move that it does not have is none (the deployment already ended otherwise).
    pub fn become_status(&mut self, next: Status, reason: Option<&str>, at: Timestamp) -> bool {
        if !self.status.may_become(next) {
            return false;
        }
        self.status = next;
        self.updated = at;
        self.due = None;
        if let Some(reason) = reason {
            self.status_reason = Some(reason.to_owned());
        }
        if next == Status::InProgress {
            self.started = Some(at);
        } else {
            // Nobody's answer is awaited any more.
            for hook in self.hooks.iter_mut().filter(|h| h.status == HookStatus::AwaitingAction) {
                hook.status = HookStatus::Failed;
            }
        }
        if next == Status::Stopped {
            self.stopped = Some(at);
        }
        if next.is_terminal() {
            self.finished = Some(at);
            if self.breaker == Monitor::Monitoring {
                self.breaker = Monitor::Complete;
            }
        }
        true
    }

    /// It waits at a PAUSE hook.
    pub fn paused(&self) -> Option<&Hook> {
        self.hooks.iter().find(|h| h.status == HookStatus::AwaitingAction)
    }

    /// The `ServiceDeploymentBrief` structure.
    pub fn brief(&self) -> Value {
        let time = |t: Option<Timestamp>| t.map_or(Value::Null, epoch);
        present(json!({
            "serviceDeploymentArn": self.arn,
            "serviceArn": self.home.service(&self.cluster, &self.service),
            "clusterArn": self.home.cluster(&self.cluster),
            "createdAt": epoch(self.created),
            "startedAt": time(self.started),
            "finishedAt": time(self.finished),
            "targetServiceRevisionArn": self.target,
            "status": self.status.name(),
            "statusReason": self.status_reason,
        }))
    }

    /// The `ServiceDeployment` structure.
    pub fn view(&self) -> Value {
        let time = |t: Option<Timestamp>| t.map_or(Value::Null, epoch);
        let rollback = self
            .rollback
            .as_ref()
            .map(|r| json!({ "reason": r.reason, "startedAt": epoch(r.started), "serviceRevisionArn": r.revision }));
        let alarms = self.configuration.get("alarms").filter(|a| super::wire::flag(a, "enable")).map(|alarms| {
            let status = if self.status.is_terminal() { Monitor::Complete } else { Monitor::Monitoring };
            json!({ "status": status.name(), "alarmNames": alarms.get("alarmNames"), "triggeredAlarmNames": [] })
        });
        let hooks: Vec<Value> = self.hooks.iter().map(view_hook).collect();
        present(json!({
            "serviceDeploymentArn": self.arn,
            "serviceArn": self.home.service(&self.cluster, &self.service),
            "clusterArn": self.home.cluster(&self.cluster),
            "createdAt": epoch(self.created),
            "startedAt": time(self.started),
            "finishedAt": time(self.finished),
            "stoppedAt": time(self.stopped),
            "updatedAt": epoch(self.updated),
            "sourceServiceRevisions": self.sources.iter().map(|(arn, counts)| counts.view(arn)).collect::<Vec<_>>(),
            "targetServiceRevision": self.target_counts.view(&self.target),
            "status": self.status.name(),
            "statusReason": self.status_reason,
            "lifecycleStage": self.stage.map(Stage::name),
            "lifecycleHookDetails": if hooks.is_empty() { Value::Null } else { json!(hooks) },
            "deploymentConfiguration": self.configuration,
            "rollback": rollback,
            "deploymentCircuitBreaker": {
                "status": self.breaker.name(),
                "failureCount": self.failures,
                "threshold": self.threshold,
            },
            "alarms": alarms,
        }))
    }
}

fn view_hook(hook: &Hook) -> Value {
    json!({
        "hookId": hook.id,
        "targetType": "PAUSE",
        "status": hook.status.name(),
        "expiresAt": epoch(hook.expires),
        "timeoutAction": hook.timeout_action,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deployment(status: Status) -> ServiceDeployment {
        let home = Home { account: "111111111111".parse().unwrap(), region: "ap-northeast-1".parse().unwrap() };
        let at = Timestamp::UNIX_EPOCH;
        let beginning = Beginning {
            arn: String::new(),
            home,
            cluster: String::new(),
            service: String::new(),
            at,
            sources: Vec::new(),
            target: String::new(),
            configuration: Value::Null,
            breaker: Monitor::Disabled,
            threshold: 3,
            requested: 1,
        };
        ServiceDeployment { status, ..ServiceDeployment::begin(beginning, at) }
    }

    #[test]
    fn an_ended_service_deployment_never_changes_again() {
        for ended in Status::ALL.into_iter().filter(|s| s.is_terminal()) {
            for next in Status::ALL {
                let mut one = deployment(ended);
                assert!(!one.become_status(next, Some("late"), Timestamp::UNIX_EPOCH));
                assert_eq!((one.status(), one.status_reason), (ended, None));
            }
        }
    }

    #[test]
    fn every_status_that_has_not_ended_can_end() {
        for open in Status::ALL.into_iter().filter(|s| !s.is_terminal()) {
            assert!(Status::ALL.into_iter().any(|next| next.is_terminal() && open.may_become(next)), "{open:?}");
        }
    }
}
