//! What exists before the first call. One entry (or a list of them) of this form, names as in AWS's requests:
//!
//! ```yaml
//! - account: "111111111111"
//!   region: ap-northeast-1
//!   serviceDeployments: true       # false: they happen, but no API shows them
//!   staleReadsSeconds: 0           # how long reads of services are stale after a change
//!   addsToTaskDefinitions: {}      # members that every task definition is described with, as ECS's next one would be
//!   alarms: { web-5xx: ALARM }     # CloudWatch alarms and their states
//!   taskDefinitions:               # inputs of RegisterTaskDefinition
//!     - { family: web, cpu: "256", memory: "512", containerDefinitions: [{ name: web, image: "…" }] }
//!   clusters:
//!     - clusterName: asset-dev
//!       injectedContainers: [{ name: aws-guardduty-agent-1, image: "…" }]
//!       services:                  # inputs of CreateService; each has been running, in steady state, for a day
//!         - { serviceName: web, taskDefinition: web, desiredCount: 2 }
//! ```

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::Value;

use super::Ecs;
use super::alarms::{AlarmState, Alarms};
use super::api::services::{blank, desired_count, new_settings};
use super::arn;
use super::compatibility;
use super::deploy;
use super::launch::{self, NewTask};
use super::lifecycle;
use super::lifecycle_stage::LifecycleStage;
use super::regional::{Cluster, RegionalEcs};
use super::scheduler_context::Injected;
use super::service::Rollout;
use super::service_deployment::{Status, Weights};
use super::task_definition::TaskDefinition;
use super::wire::{Members, list, text};
use crate::model::ids::{AccountId, Region};
use crate::sandbox::latency::Latency;
use crate::sandbox::seed::entries;
use crate::sandbox::wire::{Protocol, Service, Wire, shape};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Entry {
    account: AccountId,
    region: Region,
    #[serde(default = "on")]
    service_deployments: bool,
    #[serde(default)]
    stale_reads_seconds: u32,
    #[serde(default)]
    adds_to_task_definitions: Members,
    #[serde(default)]
    alarms: BTreeMap<String, AlarmState>,
    #[serde(default)]
    task_definitions: Vec<Value>,
    #[serde(default)]
    clusters: Vec<ClusterEntry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ClusterEntry {
    cluster_name: String,
    #[serde(default)]
    injected_containers: Vec<InjectedEntry>,
    #[serde(default)]
    services: Vec<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct InjectedEntry {
    name: String,
    image: String,
}

fn on() -> bool {
    true
}

/// How long seeded things have existed.
const AGE: SignedDuration = SignedDuration::from_hours(24);

pub(super) fn apply(ecs: &mut Ecs, seed: &Value, now: Timestamp) -> Result<(), String> {
    for entry in entries::of(seed) {
        let entry: Entry = serde_json::from_value(entry).map_err(|e| format!("ecs seed: {e}"))?;
        let latency = ecs.latency;
        let regional = ecs.regional(&entry.account, &entry.region);
        regional.service_deployments = entry.service_deployments;
        regional.stale = SignedDuration::from_secs(i64::from(entry.stale_reads_seconds));
        regional.adds_to_task_definitions = entry.adds_to_task_definitions;
        for (name, state) in &entry.alarms {
            regional.alarms.set(name, *state);
        }
        let then = now - AGE;
        for input in &entry.task_definitions {
            register(regional, input, then)?;
        }
        for cluster in entry.clusters {
            let home = regional.home.clone();
            let target = regional.clusters.entry(cluster.cluster_name.clone());
            let target = target.or_insert_with(|| Cluster::new(home, &cluster.cluster_name));
            target.injected =
                cluster.injected_containers.into_iter().map(|i| Injected { name: i.name, image: i.image }).collect();
            for input in &cluster.services {
                run(regional, &cluster.cluster_name, input, then, latency)?;
            }
        }
    }
    Ok(())
}

fn root(regional: &RegionalEcs) -> String {
    format!("arn:aws:iam::{}:root", regional.home.account)
}

/// Checks a seeded request against the model of its operation, as the protocol layer does for calls.
fn check(op: &str, input: &Value) -> Result<(), String> {
    let said = Wire { service: Service::Ecs, protocol: Protocol::Json11, op: op.to_owned(), input: input.clone() };
    shape::validate(&said).map_err(|e| format!("ecs seed: {op}: {}", e.message))
}

fn register(regional: &mut RegionalEcs, input: &Value, then: Timestamp) -> Result<(), String> {
    check("RegisterTaskDefinition", input)?;
    let family = text(input, "family").unwrap_or_default().to_owned();
    let all = regional.families.get(&family).map_or(0, Vec::len) as u64;
    let registered = TaskDefinition::register(&regional.home, all + 1, input, &root(regional), then)
        .map_err(|e| format!("ecs seed: task definition {family}: {}", e.message))?;
    regional.families.entry(family).or_default().push(registered);
    Ok(())
}

/// A service whose tasks have been running since `then`.
fn run(
    regional: &mut RegionalEcs,
    cluster: &str,
    input: &Value,
    then: Timestamp,
    latency: Latency,
) -> Result<(), String> {
    let name = text(input, "serviceName").ok_or("ecs seed: a service without serviceName")?.to_owned();
    let wrong = |what: &str| format!("ecs seed: service {name}: {what}");
    check("CreateService", input)?;
    let by = root(regional);
    let named = text(input, "taskDefinition").ok_or_else(|| wrong("no taskDefinition"))?;
    let definition = regional.runnable(named).map_err(|e| wrong(&e.message))?.clone();
    let cluster = regional.clusters.get_mut(cluster).ok_or_else(|| wrong("no such cluster"))?;

    let mut service = blank(&cluster.home, &cluster.name, &name, &by, then);
    service.desired = desired_count(input).map_err(|e| wrong(&e.message))?.unwrap_or(1);
    service.settings = new_settings(input).map_err(|e| wrong(&e.message))?;
    compatibility::service(&service.settings, &definition).map_err(|e| wrong(&e.message))?;
    service.tags = list(input, "tags").to_vec();
    deploy::begin(&mut service, &definition, &cluster.tasks, &Alarms::default(), then, latency);
    let id = service.primary().map(|d| d.id.clone()).unwrap_or_default();
    for _ in 0..service.desired {
        let task_id = arn::hex32(&["task", &service.next_key()]);
        let order = NewTask {
            home: &cluster.home,
            cluster: &cluster.name,
            id: task_id,
            group: format!("service:{name}"),
            started_by: Some(id.clone()),
            service: Some(name.clone()),
            target_group: service.target_group().map(str::to_owned),
            grace: SignedDuration::ZERO,
            overrides: launch::no_overrides(&definition),
            settings: &service.settings,
            tags: Vec::new(),
            injected: &cluster.injected,
        };
        let mut task = launch::task(&definition, order, then, latency);
        lifecycle::already_running(&mut task, latency);
        cluster.tasks.insert(task);
    }
    if let Some(primary) = service.deployments.first_mut() {
        primary.rollout = Rollout::Completed;
        primary.reason = format!("ECS deployment {id} completed.");
        service.completed = Some(primary.revision.clone());
    }
    let counts = deploy::counts(&id, &service, &cluster.tasks);
    if let Some(running) = service.under_way() {
        running.target_counts = counts;
        running.become_status(Status::InProgress, None, then);
        running.enter(LifecycleStage::CleanUp, then);
        running.weights = running.weights.map(|_| Weights { test: 100.0, production: 100.0 });
        running.become_status(Status::Successful, None, then);
    }
    service.steady_state_reported = true;
    service.add_event(then, "has reached a steady state.");
    cluster.services.insert(name, service);
    Ok(())
}
