//! One account's ECS in one region: clusters with their services and tasks, task definitions, and the next thing due.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::alarms::{self, AlarmState, Alarms};
use super::arn::{self, Home};
use super::error::{client, no_cluster};
use super::families::{self, Families};
use super::lifecycle::{self, Change};
use super::scheduler;
use super::scheduler_context::{Injected, REACTION, SchedulerContext};
use super::service::{Life, Service};
use super::task_definition::TaskDefinition;
use super::tasks::Tasks;
use super::wire::{Members, text};
use crate::sandbox::latency::Latency;
use crate::sandbox::service::{AwsError, ImageSource};

#[derive(Debug, Clone)]
pub struct Cluster {
    pub home: Home,
    pub name: String,
    /// `settings`, `configuration`, `capacityProviders` and so on, as given.
    pub settings: Members,
    pub tags: Vec<Value>,
    pub services: BTreeMap<String, Service>,
    pub tasks: Tasks,
    pub injected: Vec<Injected>,
    pub next_id: u64,
}

/// What a RunTask with a client token did.
#[derive(Debug, Clone)]
pub struct Remembered {
    pub input: Value,
    pub tasks: Vec<String>,
}

#[derive(Debug, Clone)]
pub struct RegionalEcs {
    pub home: Home,
    pub clusters: BTreeMap<String, Cluster>,
    pub families: Families,
    /// RunTask by cluster and client token.
    pub run_tokens: BTreeMap<(String, String), Remembered>,
    pub alarms: Alarms,
    /// Alarms that change at their time.
    pub alarm_changes: BTreeMap<Timestamp, Vec<(String, AlarmState)>>,
    /// `false`: service deployments happen, but no API shows them.
    pub service_deployments: bool,
    /// How long reads of a service are stale after a change, nominally.
    pub stale: SignedDuration,
    /// Members that every described task definition has, registered or not.
    pub adds_to_task_definitions: Members,
}

/// What is due next in a region.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Due {
    Alarms,
    Service { cluster: String, service: String },
    Task { cluster: String, task: String },
}

impl RegionalEcs {
    pub fn new(home: Home) -> RegionalEcs {
        RegionalEcs {
            home,
            clusters: BTreeMap::new(),
            families: BTreeMap::new(),
            run_tokens: BTreeMap::new(),
            alarms: Alarms::default(),
            alarm_changes: BTreeMap::new(),
            service_deployments: true,
            stale: SignedDuration::ZERO,
            adds_to_task_definitions: Members::new(),
        }
    }

    /// A `TaskDefinition` structure, with what this ECS adds by itself.
    pub fn described(&self, definition: &TaskDefinition) -> Value {
        let mut view = definition.view();
        for (member, value) in &self.adds_to_task_definitions {
            view.as_object_mut().map(|all| all.entry(member.clone()).or_insert_with(|| value.clone()));
        }
        view
    }

    /// How long reads of a service are stale after a change.
    pub fn lag(&self, latency: Latency) -> SignedDuration {
        latency.of(self.stale)
    }

    /// The cluster that a request's `cluster` names; `default` where it names none.
    pub fn cluster(&mut self, input: &Value) -> Result<&mut Cluster, AwsError> {
        self.cluster_named(text(input, "cluster").unwrap_or("default"))
    }

    /// The cluster of this name or ARN.
    pub fn cluster_named(&mut self, named: &str) -> Result<&mut Cluster, AwsError> {
        if !self.is_here(named) {
            return Err(no_cluster());
        }
        self.clusters.get_mut(arn::tail(named, "cluster")).ok_or_else(no_cluster)
    }

    /// Not an ARN of another account or region.
    pub fn is_here(&self, text: &str) -> bool {
        arn::names_home(text).is_none_or(|(account, region)| {
            account == self.home.account.as_str() && region == self.home.region.as_str()
        })
    }

    /// A task definition by family (its newest ACTIVE revision), `family:revision` or ARN, ACTIVE or not.
    pub fn task_definition(&self, named: &str) -> Option<&TaskDefinition> {
        families::find(&self.families, self.is_here(named).then_some(named)?)
    }

    /// A task definition that can be run.
    pub fn runnable(&self, named: &str) -> Result<&TaskDefinition, AwsError> {
        let found = self.task_definition(named).ok_or_else(|| client("TaskDefinition not found."))?;
        if found.active { Ok(found) } else { Err(client("TaskDefinition is inactive")) }
    }

    /// The earliest thing due, alarms before services before tasks, by name.
    pub fn next_due(&self) -> Option<(Timestamp, Due)> {
        let mut next: Option<(Timestamp, Due)> = None;
        let mut offer = |at: Option<Timestamp>, due: &dyn Fn() -> Due| {
            if let Some(at) = at
                && next.as_ref().is_none_or(|(t, _)| at < *t)
            {
                next = Some((at, due()));
            }
        };
        offer(self.alarm_changes.keys().next().copied(), &|| Due::Alarms);
        for (name, cluster) in &self.clusters {
            for (service_name, service) in &cluster.services {
                offer(service.due(), &|| Due::Service { cluster: name.clone(), service: service_name.clone() });
            }
            if let Some((at, id)) = cluster.tasks.next_due() {
                offer(Some(at), &|| Due::Task { cluster: name.clone(), task: id.to_owned() });
            }
        }
        next
    }

    /// Lets the thing due at `at` happen.
    pub fn fire(&mut self, due: &Due, at: Timestamp, latency: Latency, images: &dyn ImageSource) {
        let lag = self.lag(latency);
        let RegionalEcs { clusters, families, alarms, .. } = self;
        match due {
            Due::Alarms => self.change_alarms(at, latency),
            Due::Service { cluster, service } => {
                let Some(cluster) = clusters.get_mut(cluster) else { return };
                let around = SchedulerContext { families, injected: &cluster.injected, alarms, latency };
                if let Some(service) = cluster.services.get_mut(service) {
                    service.remember(at, lag);
                    scheduler::fire(service, &mut cluster.tasks, at, &around);
                }
            }
            Due::Task { cluster, task } => {
                let Some(cluster) = clusters.get_mut(cluster) else { return };
                fire_task(cluster, task, at, (latency, lag), images);
            }
        }
    }

    fn change_alarms(&mut self, at: Timestamp, latency: Latency) {
        for (name, state) in self.alarm_changes.remove(&at).unwrap_or_default() {
            self.alarms.set(&name, state);
        }
        let services = self.clusters.values_mut().flat_map(|c| c.services.values_mut());
        for service in services.filter(|s| !alarms::watched(s.configuration()).is_empty()) {
            service.wake_at(at + latency.of(REACTION));
        }
    }

    /// Looks up the images of tasks that the seed says have been running.
    pub fn resolve_seeded(&mut self, images: &dyn ImageSource) {
        for cluster in self.clusters.values_mut() {
            for id in cluster.tasks.take_unresolved() {
                cluster.tasks.change(&id, |task| lifecycle::resolve_seeded(task, images));
            }
        }
    }
}

fn fire_task(
    cluster: &mut Cluster,
    id: &str,
    at: Timestamp,
    (latency, lag): (Latency, SignedDuration),
    images: &dyn ImageSource,
) {
    let Cluster { services, tasks, .. } = cluster;
    let Some(task) = tasks.get(id) else { return };
    let service = task.service.as_ref().and_then(|name| services.get_mut(name));
    let pinned = service.as_ref().and_then(|s| scheduler::pinned(s, task)).unwrap_or_default();
    let Some(change) = tasks.change(id, |task| lifecycle::step(task, at, latency, images, &pinned)) else { return };
    if let (Some(service), Some(task)) = (service, tasks.get(id)) {
        service.remember(at, lag);
        scheduler::sees(service, task, &change, at, latency);
    }
    if change == Change::Vanished {
        tasks.remove(id);
    }
}

impl Cluster {
    pub fn new(home: Home, name: &str) -> Cluster {
        Cluster {
            home,
            name: name.to_owned(),
            settings: Members::new(),
            tags: Vec::new(),
            services: BTreeMap::new(),
            tasks: Tasks::default(),
            injected: Vec::new(),
            next_id: 0,
        }
    }

    pub fn arn(&self) -> String {
        self.home.cluster(&self.name)
    }

    /// The service of this name or ARN, if it belongs to this cluster.
    pub fn service_name<'a>(&self, named: &'a str) -> &'a str {
        let path = arn::tail(named, "service");
        path.strip_prefix(self.name.as_str()).and_then(|p| p.strip_prefix('/')).unwrap_or(path)
    }

    /// The `Cluster` structure.
    pub fn view(&self, tags: bool) -> Value {
        let tasks = self.tasks.total();
        let mut view = json!({
            "clusterArn": self.arn(),
            "clusterName": self.name,
            "status": "ACTIVE",
            "registeredContainerInstancesCount": 0,
            "runningTasksCount": tasks.running,
            "pendingTasksCount": tasks.pending,
            "activeServicesCount": self.services.values().filter(|s| s.life == Life::Active).count(),
            "statistics": [],
            "tags": if tags { json!(self.tags) } else { json!([]) },
            "settings": [{ "name": "containerInsights", "value": "disabled" }],
            "capacityProviders": [],
            "defaultCapacityProviderStrategy": [],
        });
        for (member, value) in &self.settings {
            view[member] = value.clone();
        }
        view
    }
}
