//! Starting tasks: for a service's PRIMARY deployment, and one-off ones for RunTask.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::arn::{self, Home};
use super::families;
use super::lifecycle;
use super::scheduler_context::{Injected, SchedulerContext};
use super::service::Service;
use super::task::{Container, Phase, Task, Times};
use super::task_definition::TaskDefinition;
use super::tasks::Tasks;
use super::wire::{Members, present};
use crate::sandbox::latency::Latency;
use crate::sandbox::service::RunsOn;

/// A task to start, beyond its task definition.
pub struct NewTask<'a> {
    pub home: &'a Home,
    pub cluster: &'a str,
    pub id: String,
    pub group: String,
    pub started_by: Option<String>,
    pub service: Option<String>,
    pub target_group: Option<String>,
    pub grace: SignedDuration,
    pub overrides: Value,
    /// launchType, platformVersion and the like, as given.
    pub settings: &'a Members,
    pub tags: Vec<Value>,
    pub injected: &'a [Injected],
}

/// A task that is created at `at`.
pub fn task(definition: &TaskDefinition, order: NewTask, at: Timestamp, latency: Latency) -> Task {
    let own = definition.containers().into_iter().map(|c| Container {
        name: c.name,
        image: c.image,
        essential: c.essential,
        health_check: c.health_check,
        injected: false,
        pulled: None,
        exit_code: None,
        reason: None,
    });
    let injected = order.injected.iter().map(|i| Container {
        name: i.name.clone(),
        image: i.image.clone(),
        essential: false,
        health_check: false,
        injected: true,
        pulled: None,
        exit_code: None,
        reason: None,
    });
    let shown = shown(definition, &order);
    Task {
        arn: order.home.task(order.cluster, &order.id),
        home: order.home.clone(),
        cluster: order.cluster.to_owned(),
        task_definition: definition.arn.clone(),
        family: definition.family.clone(),
        group: order.group,
        started_by: order.started_by,
        service: order.service,
        containers: own.chain(injected).collect(),
        runs_on: RunsOn::of(&definition.member("runtimePlatform")),
        phase: Phase::Provisioning,
        stop: None,
        due: lifecycle::begin(at, latency),
        exits_at: None,
        judged_at: None,
        target_group: order.target_group,
        grace: order.grace,
        times: Times {
            created: at,
            pull_started: None,
            pull_stopped: None,
            started: None,
            stopping: None,
            execution_stopped: None,
            stopped: None,
        },
        overrides: order.overrides,
        shown,
        tags: order.tags,
        unresolved: false,
        version: 1,
        id: order.id,
    }
}

#[allow(clippy::wildcard_enum_match_arm, reason = "the enum is another crate's, which grows by itself")]
fn shown(definition: &TaskDefinition, order: &NewTask) -> Members {
    let setting = |name: &str| order.settings.get(name).cloned().unwrap_or(Value::Null);
    let launch_type = setting("launchType");
    let fargate = launch_type == "FARGATE";
    let version = match setting("platformVersion") {
        Value::String(v) if v != "LATEST" => json!(v),
        _ => json!("1.4.0"),
    };
    let zone = format!("{}{}", order.home.region, ["a", "c", "d"][arn::spread(&order.id, 3) as usize]);
    let view = present(json!({
        "launchType": launch_type,
        "platformVersion": fargate.then_some(version),
        "platformFamily": fargate.then_some("Linux"),
        "availabilityZone": zone,
        "cpu": definition.member("cpu"),
        "memory": definition.member("memory"),
        "ephemeralStorage": definition.member("ephemeralStorage"),
        "enableExecuteCommand": setting("enableExecuteCommand").as_bool().unwrap_or(false),
    }));
    view.as_object().cloned().unwrap_or_default()
}

/// Starts `count` tasks for the service's PRIMARY deployment.
pub fn for_service(service: &mut Service, tasks: &mut Tasks, count: usize, at: Timestamp, around: &SchedulerContext) {
    let Some(primary) = service.primary().cloned() else { return };
    let Some(definition) = families::find(around.families, &primary.task_definition) else { return };
    let mut started = Vec::new();
    for _ in 0..count {
        let id = arn::hex32(&["task", &service.next_key()]);
        let order = NewTask {
            home: &service.home,
            cluster: &service.cluster,
            id: id.clone(),
            group: format!("service:{}", service.name),
            started_by: Some(primary.id.clone()),
            service: Some(service.name.clone()),
            target_group: service.target_group().map(str::to_owned),
            grace: around.latency.of(service.grace()),
            overrides: no_overrides(definition),
            settings: &primary.settings,
            tags: Vec::new(),
            injected: around.injected,
        };
        let task = task(definition, order, at, around.latency);
        started.push(format!("(task {id})"));
        tasks.insert(task);
    }
    service.steady_state_reported = false;
    service.add_event(at, &format!("has started {} tasks: {}.", started.len(), started.join(" ")));
}

/// How AWS shows the overrides of a task that has none.
pub fn no_overrides(definition: &TaskDefinition) -> Value {
    let names: Vec<Value> = definition.containers().into_iter().map(|c| json!({ "name": c.name })).collect();
    json!({ "containerOverrides": names, "inferenceAcceleratorOverrides": [] })
}
