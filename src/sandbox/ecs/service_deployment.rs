//! A service deployment: the result of one CreateService or UpdateService, from PENDING to its end.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use super::alarms;
use super::arn::Home;
use super::configuration::Strategy;
use super::hook::{Hook, HookStatus};
use super::lifecycle_stage::LifecycleStage;
pub use super::service_deployment_status::Status;
use super::wire::{epoch, present};

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

/// Shares of traffic that the target revision was given, in per cent; the source revision has the rest.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Weights {
    pub test: f64,
    pub production: f64,
}

/// `ServiceDeployment.alarms`, beyond the configuration.
#[derive(Debug, Clone)]
pub struct Watch {
    pub monitor: Monitor,
    /// Whether a task of the target has run: from then on alarms are checked.
    pub begun: bool,
    /// Were firing when it began.
    pub ignored: Vec<String>,
    pub triggered: Vec<String>,
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
    pub stage: Option<LifecycleStage>,
    /// When it entered its stage, or began the present shift of production traffic.
    pub entered: Timestamp,
    /// Shifts of production traffic begun.
    pub shifts: usize,
    /// None for a rolling deployment, which shifts nothing.
    pub weights: Option<Weights>,
    pub hooks: Vec<Hook>,
    /// `deploymentConfiguration` as it was when it began.
    pub configuration: Value,
    pub rollback: Option<Rollback>,
    /// A rollback that was asked for and has not begun: why.
    pub rollback_wanted: Option<String>,
    pub breaker: Monitor,
    pub alarms: Watch,
    pub failures: u32,
    pub threshold: u32,
    /// When its present status ends by itself (the requests, and PENDING).
    pub due: Option<Timestamp>,
}

/// What a new service deployment starts from.
pub struct NewServiceDeployment {
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
    /// Alarms that fire already.
    pub firing: Vec<String>,
}

/// How long PENDING and each `…_REQUESTED` last, nominally.
pub const HAND_OVER: SignedDuration = SignedDuration::from_secs(3);

impl ServiceDeployment {
    pub fn begin(b: NewServiceDeployment, due: Timestamp) -> ServiceDeployment {
        let watching = !alarms::watched(&b.configuration).is_empty();
        let monitor = if watching { Monitor::Monitoring } else { Monitor::Disabled };
        let shifts = Strategy::of(&b.configuration).shifts();
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
            entered: b.at,
            shifts: 0,
            weights: shifts.then(Weights::default),
            hooks: Vec::new(),
            configuration: b.configuration,
            rollback: None,
            rollback_wanted: None,
            breaker: b.breaker,
            alarms: Watch { monitor, begun: false, ignored: b.firing, triggered: Vec::new() },
            failures: 0,
            threshold: b.threshold,
            due: Some(due),
        }
    }

    pub fn status(&self) -> Status {
        self.status
    }

    /// Changes the status if the state diagram allows it; otherwise does nothing (the deployment has already ended).
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
            // No answer is awaited any longer.
            for hook in self.hooks.iter_mut().filter(|h| h.status.is_waiting()) {
                hook.status = HookStatus::Failed;
            }
        }
        if next == Status::Stopped {
            self.stopped = Some(at);
        }
        if next.is_terminal() {
            self.finished = Some(at);
            for monitor in [&mut self.breaker, &mut self.alarms.monitor] {
                if *monitor == Monitor::Monitoring {
                    *monitor = Monitor::Complete;
                }
            }
        }
        true
    }

    /// Enters a stage. Stages only advance: a task that stops does not bring the previous one back.
    pub fn enter(&mut self, stage: LifecycleStage, at: Timestamp) {
        if stage != LifecycleStage::PreProductionTrafficShift && self.stage.is_none_or(|s| s < stage) {
            self.stage = Some(stage);
            self.entered = at;
            self.updated = at;
        }
    }

    /// The first hook that ends by itself, of those that are waited for.
    pub fn waiting(&self) -> Option<&Hook> {
        self.hooks.iter().filter(|h| h.status.is_waiting()).min_by_key(|h| h.ends)
    }

    /// What a deployment's two structures both have.
    fn base(&self) -> Map<String, Value> {
        let Value::Object(base) = json!({
            "serviceDeploymentArn": self.arn,
            "serviceArn": self.home.service(&self.cluster, &self.service),
            "clusterArn": self.home.cluster(&self.cluster),
            "createdAt": epoch(self.created),
            "startedAt": self.started.map(epoch),
            "finishedAt": self.finished.map(epoch),
            "status": self.status.name(),
            "statusReason": self.status_reason,
        }) else {
            unreachable!("it is written as an object");
        };
        base
    }

    /// The `ServiceDeploymentBrief` structure.
    pub fn brief(&self) -> Value {
        let mut brief = self.base();
        brief.insert("targetServiceRevisionArn".to_owned(), self.target.clone().into());
        present(brief.into())
    }

    /// The `ServiceDeployment` structure.
    pub fn view(&self) -> Value {
        let rollback = self
            .rollback
            .as_ref()
            .map(|r| json!({ "reason": r.reason, "startedAt": epoch(r.started), "serviceRevisionArn": r.revision }));
        let alarms = (self.alarms.monitor != Monitor::Disabled).then(|| {
            json!({
                "status": self.alarms.monitor.name(),
                "alarmNames": alarms::watched(&self.configuration),
                "triggeredAlarmNames": self.alarms.triggered,
            })
        });
        let weighed = |mut summary: Value, of: Option<Weights>| {
            if let Some(weights) = of {
                summary["requestedTestTrafficWeight"] = json!(weights.test);
                summary["requestedProductionTrafficWeight"] = json!(weights.production);
            }
            summary
        };
        // The rest of the traffic is the replaced revision's.
        let rest = self.weights.map(|w| Weights { test: 0.0, production: 100.0 - w.production });
        let source = |(n, (arn, counts)): (usize, &(String, Counts))| {
            weighed(counts.view(arn), if n == 0 { rest } else { rest.map(|_| Weights::default()) })
        };
        let hooks: Vec<Value> = self.hooks.iter().map(Hook::view).collect();
        let Value::Object(more) = json!({
            "stoppedAt": self.stopped.map(epoch),
            "updatedAt": epoch(self.updated),
            "sourceServiceRevisions": self.sources.iter().enumerate().map(source).collect::<Vec<_>>(),
            "targetServiceRevision": weighed(self.target_counts.view(&self.target), self.weights),
            "lifecycleStage": self.stage.map(LifecycleStage::name),
            "lifecycleHookDetails": if hooks.is_empty() { Value::Null } else { json!(hooks) },
            "deploymentConfiguration": self.configuration,
            "rollback": rollback,
            "deploymentCircuitBreaker": {
                "status": self.breaker.name(),
                "failureCount": self.failures,
                "threshold": self.threshold,
            },
            "alarms": alarms,
        }) else {
            unreachable!("it is written as an object");
        };
        present(self.base().into_iter().chain(more).collect::<Map<_, _>>().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deployment(status: Status) -> ServiceDeployment {
        let home = Home { account: "111111111111".parse().unwrap(), region: "ap-northeast-1".parse().unwrap() };
        let at = Timestamp::UNIX_EPOCH;
        let beginning = NewServiceDeployment {
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
            firing: Vec::new(),
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
}
