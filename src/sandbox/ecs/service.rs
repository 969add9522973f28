//! A service: its settings, its deployments (`deployments[]`), its revisions and its events.

use std::collections::{BTreeMap, VecDeque};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::arn::{self, Home};
use super::configuration::Strategy;
use super::history::History;
use super::service_deployment::{ServiceDeployment, Status};
use super::wire::{Members, epoch};

/// `Service.status`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Life {
    Active,
    Draining,
    Inactive,
}

impl Life {
    pub fn name(self) -> &'static str {
        match self {
            Life::Active => "ACTIVE",
            Life::Draining => "DRAINING",
            Life::Inactive => "INACTIVE",
        }
    }
}

/// `deployments[].rolloutState`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rollout {
    InProgress,
    Completed,
    Failed,
}

impl Rollout {
    pub fn name(self) -> &'static str {
        match self {
            Rollout::InProgress => "IN_PROGRESS",
            Rollout::Completed => "COMPLETED",
            Rollout::Failed => "FAILED",
        }
    }
}

/// One entry of `deployments[]`.
#[derive(Debug, Clone)]
pub struct Deployment {
    /// `ecs-svc/NUMBER`.
    pub id: String,
    /// The service revision's ARN.
    pub revision: String,
    pub task_definition: String,
    /// The service's settings when it began.
    pub settings: Members,
    pub created: Timestamp,
    pub updated: Timestamp,
    pub rollout: Rollout,
    pub reason: String,
    /// Consecutive failures, which the breaker counts.
    pub failed_tasks: u32,
    /// Failures since a task was last healthy, completed or not: the scheduler's throttle.
    pub misses: u32,
    /// No new task before then.
    pub retry_at: Option<Timestamp>,
    /// Since when its tasks are as wanted.
    pub steady_since: Option<Timestamp>,
    /// Stopped by ABORT: running tasks stay, and none is started.
    pub frozen: bool,
    /// Events that are reported once.
    pub deadlock_reported: bool,
    pub impairment_reported: bool,
}

/// One entry of a service's revisions.
#[derive(Debug, Clone)]
pub struct Revision {
    pub arn: String,
    pub task_definition: String,
    pub settings: Members,
    pub created: Timestamp,
    /// Container names to the digests that the first pull resolved.
    pub digests: BTreeMap<String, String>,
    /// Container names and images of the task definition.
    pub images: Vec<(String, String)>,
}

#[derive(Debug, Clone)]
pub struct Event {
    pub id: String,
    pub at: Timestamp,
    pub message: String,
}

#[derive(Debug, Clone)]
pub struct Service {
    pub home: Home,
    pub cluster: String,
    pub name: String,
    pub created: Timestamp,
    pub created_by: String,
    pub life: Life,
    pub desired: u32,
    /// Members of CreateService and UpdateService that are answered as given, `deploymentConfiguration` merged.
    pub settings: Members,
    pub tags: Vec<Value>,
    /// Empty where the controller is EXTERNAL and none was given.
    pub task_definition: String,
    /// Newest first: the first one is PRIMARY.
    pub deployments: Vec<Deployment>,
    /// Oldest first.
    pub service_deployments: Vec<ServiceDeployment>,
    pub revisions: Vec<Revision>,
    /// Newest first, at most 100.
    pub events: VecDeque<Event>,
    /// The revision of the last deployment that completed: where a rollback goes.
    pub completed: Option<String>,
    /// When the scheduler runs next.
    pub wake: Option<Timestamp>,
    /// The service as reads that lag behind still see it.
    pub history: History<Service>,
    /// The input of the CreateService that made it; none where it was seeded.
    pub order: Option<Value>,
    pub next_id: u64,
    /// Its steady state was reported since it was last disturbed.
    pub steady_state_reported: bool,
}

impl Service {
    pub fn arn(&self) -> String {
        self.home.service(&self.cluster, &self.name)
    }

    pub fn primary(&self) -> Option<&Deployment> {
        self.deployments.first()
    }

    pub fn deployment(&mut self, id: &str) -> Option<&mut Deployment> {
        self.deployments.iter_mut().find(|d| d.id == id)
    }

    pub fn revision(&mut self, arn: &str) -> Option<&mut Revision> {
        self.revisions.iter_mut().find(|r| r.arn == arn)
    }

    /// The service deployment that is under way.
    pub fn under_way(&mut self) -> Option<&mut ServiceDeployment> {
        self.service_deployments.last_mut().filter(|d| !d.status().is_terminal())
    }

    /// The status of the service deployment that is under way.
    pub fn under_way_status(&self) -> Option<Status> {
        self.service_deployments.last().map(ServiceDeployment::status).filter(|s| !s.is_terminal())
    }

    /// Makes the scheduler run at `at` at the latest.
    pub fn wake_at(&mut self, at: Timestamp) {
        self.wake = Some(self.wake.map_or(at, |w| w.min(at)));
    }

    /// When something next happens by itself.
    pub fn due(&self) -> Option<Timestamp> {
        let latest = self.service_deployments.last();
        let hook = latest.and_then(|d| d.waiting()).map(|h| h.ends);
        [self.wake, latest.and_then(|d| d.due), hook].into_iter().flatten().min()
    }

    /// Keeps the service as it is before a change at `now`, for reads that lag by `lag`.
    pub fn remember(&mut self, now: Timestamp, lag: SignedDuration) {
        if lag <= SignedDuration::ZERO {
            return;
        }
        // Removed first: a snapshot has no history of its own.
        let mut history = std::mem::take(&mut self.history);
        history.remember(now, lag, || self.clone());
        self.history = history;
    }

    /// The service as a read at `now` sees it: what was true one lag ago. Its tasks are counted as they are.
    pub fn as_read(&self, now: Timestamp) -> &Service {
        self.history.at(now).unwrap_or(self)
    }

    /// A string that is unique in this service.
    pub fn next_key(&mut self) -> String {
        self.next_id += 1;
        format!("{}/{}/{}/{}/{}", self.home.account, self.arn(), self.cluster, arn::stamp(self.created), self.next_id)
    }

    /// Adds an event in AWS's form: `(service NAME) …`.
    pub fn add_event(&mut self, at: Timestamp, message: &str) {
        let id = arn::uuid(&["event", &self.next_key()]);
        self.events.push_front(Event { id, at, message: format!("(service {}) {message}", self.name) });
        self.events.truncate(100);
    }

    pub fn configuration(&self) -> &Value {
        self.settings.get("deploymentConfiguration").unwrap_or(&Value::Null)
    }

    fn percent(&self, member: &str, default: u64) -> u64 {
        self.configuration().get(member).and_then(Value::as_u64).unwrap_or(default)
    }

    /// The most tasks that may be running or pending during a deployment: `maximumPercent`, rounded down. Strategies that
    /// move traffic have both revisions whole, whatever the percentages.
    pub fn upper(&self) -> u32 {
        if Strategy::of(self.configuration()).shifts() {
            return self.desired * 2;
        }
        (u64::from(self.desired) * self.percent("maximumPercent", 200) / 100) as u32
    }

    /// The fewest healthy tasks that a deployment must keep: `minimumHealthyPercent`, rounded up.
    pub fn lower(&self) -> u32 {
        if Strategy::of(self.configuration()).shifts() {
            return self.desired;
        }
        (u64::from(self.desired) * self.percent("minimumHealthyPercent", 100)).div_ceil(100) as u32
    }

    pub fn target_group(&self) -> Option<&str> {
        let first = super::wire::list_of(&self.settings, "loadBalancers").first()?;
        super::wire::text(first, "targetGroupArn").or_else(|| super::wire::text(first, "loadBalancerName"))
    }

    pub fn grace(&self) -> SignedDuration {
        let seconds = self.settings.get("healthCheckGracePeriodSeconds").and_then(Value::as_i64).unwrap_or(0);
        SignedDuration::from_secs(seconds)
    }
}

impl Revision {
    /// The `ServiceRevision` structure.
    pub fn view(&self, service: &Service) -> Value {
        let images: Vec<Value> = self
            .images
            .iter()
            .map(|(name, image)| {
                super::wire::present(json!({
                    "containerName": name,
                    "image": image,
                    "imageDigest": self.digests.get(name),
                }))
            })
            .collect();
        let mut view = super::wire::only(&self.settings, &REVISION_MEMBERS);
        view.insert("serviceRevisionArn".into(), json!(self.arn));
        view.insert("serviceArn".into(), json!(service.arn()));
        view.insert("clusterArn".into(), json!(service.home.cluster(&service.cluster)));
        view.insert("taskDefinition".into(), json!(self.task_definition));
        view.insert("containerImages".into(), json!(images));
        view.insert("guardDutyEnabled".into(), json!(false));
        view.insert("createdAt".into(), epoch(self.created));
        Value::Object(view)
    }
}

/// Settings that a service revision holds.
pub const REVISION_MEMBERS: [&str; 10] = [
    "capacityProviderStrategy",
    "launchType",
    "platformVersion",
    "platformFamily",
    "loadBalancers",
    "serviceRegistries",
    "networkConfiguration",
    "serviceConnectConfiguration",
    "volumeConfigurations",
    "vpcLatticeConfigurations",
];

/// Settings that `Service` shows.
pub const SERVICE_MEMBERS: [&str; 17] = [
    "availabilityZoneRebalancing",
    "loadBalancers",
    "serviceRegistries",
    "launchType",
    "capacityProviderStrategy",
    "platformVersion",
    "platformFamily",
    "deploymentConfiguration",
    "placementConstraints",
    "placementStrategy",
    "networkConfiguration",
    "healthCheckGracePeriodSeconds",
    "schedulingStrategy",
    "deploymentController",
    "enableECSManagedTags",
    "propagateTags",
    "enableExecuteCommand",
];

/// Settings that `Deployment` shows.
pub const DEPLOYMENT_MEMBERS: [&str; 8] = [
    "capacityProviderStrategy",
    "launchType",
    "platformVersion",
    "platformFamily",
    "networkConfiguration",
    "serviceConnectConfiguration",
    "volumeConfigurations",
    "vpcLatticeConfigurations",
];
