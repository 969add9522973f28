//! CreateService, UpdateService, DeleteService, DescribeServices, ListServices.

use std::collections::VecDeque;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::sandbox::ecs::arn::{self, Home};
use crate::sandbox::ecs::compatibility;
use crate::sandbox::ecs::configuration;
use crate::sandbox::ecs::deploy;
use crate::sandbox::ecs::error::{no_service, not_active, unsupported};
use crate::sandbox::ecs::history::History;
use crate::sandbox::ecs::refusals;
use crate::sandbox::ecs::regional::{Cluster, RegionalEcs};
use crate::sandbox::ecs::scheduler_context::REACTION;
use crate::sandbox::ecs::service::{Life, Service};
use crate::sandbox::ecs::service_deployment::Status;
use crate::sandbox::ecs::view;
use crate::sandbox::ecs::wire::{
    Members, client, flag, includes, invalid, list as items, page_of, required, text, texts,
};
use crate::sandbox::latency::Latency;
use crate::sandbox::service::{Answer, AwsError, Call};

/// Members of UpdateService that the service answers as given, and whether changing them triggers a new deployment
/// (`UpdateServiceRequest` says so of each).
const SETTINGS: [(&str, bool); 16] = [
    ("loadBalancers", true),
    ("serviceRegistries", true),
    ("networkConfiguration", true),
    ("platformVersion", true),
    ("serviceConnectConfiguration", true),
    ("volumeConfigurations", true),
    ("vpcLatticeConfigurations", true),
    ("capacityProviderStrategy", false),
    ("availabilityZoneRebalancing", false),
    ("placementConstraints", false),
    ("placementStrategy", false),
    ("healthCheckGracePeriodSeconds", false),
    ("deploymentController", false),
    ("enableECSManagedTags", false),
    ("propagateTags", false),
    ("enableExecuteCommand", false),
];

pub fn create(regional: &mut RegionalEcs, call: &Call, latency: Latency) -> Answer {
    let input = call.input;
    let name = required(input, "serviceName")?.to_owned();
    let valid = name.len() <= 255 && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    if !valid {
        return Err(invalid("Invalid service name."));
    }
    if text(input, "schedulingStrategy") == Some("DAEMON") {
        return Err(unsupported("The scheduling strategy DAEMON is not supported here."));
    }
    refusals::tags(input)?;
    let deployments_shown = regional.service_deployments;
    let cluster = regional.cluster(input)?;
    if let Some(before) = text(input, "clientToken").and_then(|token| made_with(cluster, token)) {
        return match before.order.as_ref() == Some(input) {
            true => Ok(json!({ "service": view::service(before, &cluster.tasks, true, deployments_shown) })),
            false => Err(not_idempotent()),
        };
    }
    let desired = desired_count(input)?.unwrap_or(0);
    let settings = new_settings(input)?;
    let definition = match text(input, "taskDefinition") {
        // The model: "must be specified if the service uses either the ECS or CODE_DEPLOY deployment controllers."
        None if controller(&settings) == "EXTERNAL" => None,
        None | Some(_) => Some(regional.runnable(required(input, "taskDefinition")?)?.clone()),
    };
    if let Some(definition) = &definition {
        compatibility::service(&settings, definition)?;
    }
    let alarms = regional.alarms.clone();
    let cluster = regional.cluster(input)?;
    if cluster.services.get(&name).is_some_and(|s| s.life != Life::Inactive) {
        return Err(not_idempotent());
    }
    let mut service = blank(&cluster.home, &cluster.name, &name, call.principal, call.now);
    service.desired = desired;
    service.settings = settings;
    service.tags = items(input, "tags").to_vec();
    service.order = Some(input.clone());
    if let Some(definition) = definition {
        deploy::begin(&mut service, &definition, &cluster.tasks, &alarms, call.now, latency);
    }
    let view = view::service(&service, &cluster.tasks, true, deployments_shown);
    cluster.services.insert(name, service);
    Ok(json!({ "service": view }))
}

fn not_idempotent() -> AwsError {
    invalid("Creation of service was not idempotent.")
}

/// The service that a CreateService with this `clientToken` made.
fn made_with<'a>(cluster: &'a Cluster, token: &str) -> Option<&'a Service> {
    let token_of = |s: &'a Service| text(s.order.as_ref()?, "clientToken");
    cluster.services.values().find(|s| s.life == Life::Active && token_of(s) == Some(token))
}

fn controller(settings: &Members) -> &str {
    settings.get("deploymentController").and_then(|c| text(c, "type")).unwrap_or("ECS")
}

/// A service without deployments and tasks.
pub fn blank(home: &Home, cluster: &str, name: &str, by: &str, now: Timestamp) -> Service {
    Service {
        home: home.clone(),
        cluster: cluster.to_owned(),
        name: name.to_owned(),
        created: now,
        created_by: by.to_owned(),
        life: Life::Active,
        desired: 0,
        settings: Members::new(),
        tags: Vec::new(),
        task_definition: String::new(),
        deployments: Vec::new(),
        service_deployments: Vec::new(),
        revisions: Vec::new(),
        events: VecDeque::new(),
        completed: None,
        wake: None,
        history: History::default(),
        order: None,
        next_id: 0,
        steady_state_reported: false,
    }
}

/// The settings of a new service: as given, with AWS's defaults.
pub fn new_settings(input: &Value) -> Result<Members, AwsError> {
    compatibility::one_placement(input)?;
    let mut settings = Members::new();
    for (member, default) in [
        ("loadBalancers", json!([])),
        ("serviceRegistries", json!([])),
        ("placementConstraints", json!([])),
        ("placementStrategy", json!([])),
        ("schedulingStrategy", json!("REPLICA")),
        ("enableECSManagedTags", json!(false)),
        ("enableExecuteCommand", json!(false)),
        ("propagateTags", json!("NONE")),
        ("availabilityZoneRebalancing", json!("DISABLED")),
        ("deploymentController", json!({ "type": "ECS" })),
    ] {
        settings.insert(member.to_owned(), default);
    }
    // UpdateService has no launch type.
    for member in SETTINGS.iter().map(|(member, _)| *member).chain(["launchType"]) {
        if let Some(value) = input.get(member) {
            settings.insert(member.to_owned(), value.clone());
        }
    }
    if items(input, "capacityProviderStrategy").is_empty() {
        settings.entry("launchType").or_insert_with(|| json!("EC2"));
    }
    if settings.get("launchType").is_some_and(|l| l == "FARGATE") {
        settings.entry("platformVersion").or_insert_with(|| json!("LATEST"));
        settings.insert("platformFamily".to_owned(), json!("Linux"));
    }
    settings.insert("deploymentConfiguration".to_owned(), configuration::default());
    configuration::lay_over(&mut settings, input)?;
    Ok(settings)
}

/// Quota *Tasks per service*: "The maximum number of tasks per service (the desired count)". It can be raised; here it is not.
const TASKS_PER_SERVICE: u32 = 5_000;

/// `desiredCount`, where it is given.
///
/// # Errors
/// `InvalidParameterException` for a negative one, and for one above the quota (with the words that users of ECS report).
pub fn desired_count(input: &Value) -> Result<Option<u32>, AwsError> {
    match input.get("desiredCount").filter(|v| !v.is_null()) {
        None => Ok(None),
        Some(v) => match v.as_u64() {
            Some(n) => match u32::try_from(n).ok().filter(|n| *n <= TASKS_PER_SERVICE) {
                Some(n) => Ok(Some(n)),
                None => Err(invalid("Desired count exceeds limit.")),
            },
            None => Err(invalid("desiredCount cannot be negative.")),
        },
    }
}

pub fn update(regional: &mut RegionalEcs, call: &Call, latency: Latency) -> Answer {
    let input = call.input;
    let named = required(input, "service")?;
    let (deployments_shown, lag) = (regional.service_deployments, regional.lag(latency));
    let cluster = regional.cluster(input)?;
    let name = cluster.service_name(named).to_owned();
    let present = match cluster.services.get(&name).ok_or_else(no_service)? {
        service if service.life != Life::Active => return Err(not_active()),
        service => service.task_definition.clone(),
    };
    let asked = text(input, "taskDefinition");
    let definition = match asked {
        Some(named) => Some(regional.runnable(named)?.clone()),
        None if present.is_empty() => None,
        // The running revision may be used again even if it is INACTIVE.
        None => Some(regional.task_definition(&present).ok_or_else(|| client("TaskDefinition not found."))?.clone()),
    };
    let desired = desired_count(input)?;
    let alarms = regional.alarms.clone();
    let Cluster { services, tasks, .. } = regional.cluster(input)?;
    let service = services.get_mut(&name).ok_or_else(no_service)?;
    let controller = controller(&service.settings);
    if controller != "ECS" && (asked.is_some() || flag(input, "forceNewDeployment")) {
        return Err(invalid(format!(
            "Unable to update task definition on services with a {controller} deployment controller. Use AWS CodeDeploy \
             to trigger a new deployment."
        )));
    }
    let mut settings = service.settings.clone();
    let mut triggers = flag(input, "forceNewDeployment");
    for (member, triggering) in SETTINGS {
        if let Some(value) = input.get(member).filter(|v| !v.is_null()) {
            let changed = settings.insert(member.to_owned(), value.clone()).as_ref() != Some(value);
            triggers |= triggering && changed;
        }
    }
    choose_launch(&mut settings, input, &service.settings);
    configuration::lay_over(&mut settings, input)?;
    if let Some(definition) = &definition {
        compatibility::service(&settings, definition)?;
        triggers |= definition.arn != service.task_definition;
    }

    service.remember(call.now, lag);
    service.settings = settings;
    if let Some(desired) = desired {
        service.desired = desired;
    }
    match definition.filter(|_| triggers) {
        Some(definition) => deploy::begin(service, &definition, tasks, &alarms, call.now, latency),
        None => service.wake_at(call.now + latency.of(REACTION)),
    }
    Ok(json!({ "service": view::service(service, tasks, false, deployments_shown) }))
}

/// A capacity provider strategy takes the place of the launch type; an empty one goes "back to the launch type".
fn choose_launch(settings: &mut Members, input: &Value, before: &Members) {
    match input.get("capacityProviderStrategy").and_then(Value::as_array).map(Vec::is_empty) {
        None => {}
        Some(false) => drop(settings.remove("launchType")),
        Some(true) => {
            let launch_type = if compatibility::on_fargate(before) { "FARGATE" } else { "EC2" };
            settings.entry("launchType").or_insert_with(|| json!(launch_type));
        }
    }
}

/// DRAINING until its tasks are gone, then INACTIVE.
pub fn delete(regional: &mut RegionalEcs, call: &Call, latency: Latency) -> Answer {
    let named = required(call.input, "service")?;
    let (deployments_shown, lag) = (regional.service_deployments, regional.lag(latency));
    let force = flag(call.input, "force");
    let cluster = regional.cluster(call.input)?;
    let name = cluster.service_name(named).to_owned();
    let service = cluster.services.get_mut(&name).ok_or_else(no_service)?;
    if service.life != Life::Active {
        return Err(not_active());
    }
    if service.desired > 0 && !force {
        return Err(invalid("The service cannot be stopped while it is scaled above 0."));
    }
    service.remember(call.now, lag);
    service.desired = 0;
    service.life = Life::Draining;
    if let Some(running) = service.under_way() {
        running.become_status(Status::Stopped, None, call.now);
    }
    service.wake_at(call.now + latency.of(REACTION));
    Ok(json!({ "service": view::service(service, &cluster.tasks, false, deployments_shown) }))
}

pub fn describe(regional: &mut RegionalEcs, call: &Call) -> Answer {
    let named = texts(call.input, "services");
    if named.is_empty() {
        return Err(invalid("Services cannot be empty."));
    }
    if named.len() > 10 {
        return Err(invalid("Services cannot have more than 10 elements."));
    }
    let tags = includes(call.input, "TAGS");
    let deployments_shown = regional.service_deployments;
    let cluster = regional.cluster(call.input)?;
    let (mut services, mut failures) = (Vec::new(), Vec::new());
    for named in named {
        match cluster.services.get(cluster.service_name(named)) {
            Some(service) => {
                services.push(view::service(service.as_read(call.now), &cluster.tasks, tags, deployments_shown));
            }
            None => {
                let missing = cluster.home.service(&cluster.name, arn::last(named));
                let arn = if named.starts_with("arn:") { named.to_owned() } else { missing };
                failures.push(json!({ "arn": arn, "reason": "MISSING" }));
            }
        }
    }
    Ok(json!({ "services": services, "failures": failures }))
}

/// Without `maxResults`, as the model's documentation has it.
const PAGE: usize = 10;

pub fn list(regional: &mut RegionalEcs, call: &Call) -> Answer {
    let input = call.input;
    let (launch, strategy) = (text(input, "launchType"), text(input, "schedulingStrategy"));
    let cluster = regional.cluster(input)?;
    let is = |s: &Service, member: &str, wanted: Option<&str>| {
        wanted.is_none_or(|w| s.settings.get(member).and_then(Value::as_str) == Some(w))
    };
    let arns = cluster
        .services
        .values()
        .map(|s| s.as_read(call.now))
        .filter(|s| s.life != Life::Inactive && is(s, "launchType", launch) && is(s, "schedulingStrategy", strategy))
        .map(|s| json!(s.arn()))
        .collect();
    page_of(PAGE, input, "serviceArns", arns)
}
