//! ListTasks, DescribeTasks, StopTask.

use serde_json::{Value, json};

use crate::sandbox::ecs::arn;
use crate::sandbox::ecs::error::no_service;
use crate::sandbox::ecs::lifecycle;
use crate::sandbox::ecs::regional::RegionalEcs;
use crate::sandbox::ecs::task::{Stop, StopCode, Task};
use crate::sandbox::ecs::wire::{includes, invalid, page, required, text, texts};
use crate::sandbox::latency::Latency;
use crate::sandbox::service::{Answer, Call};

/// By desired status (RUNNING unless asked otherwise), newest last.
pub fn list(regional: &mut RegionalEcs, input: &Value) -> Answer {
    let (service, family) = (text(input, "serviceName"), text(input, "family"));
    let (started_by, launch) = (text(input, "startedBy"), text(input, "launchType"));
    let stopped = match text(input, "desiredStatus").unwrap_or("RUNNING") {
        "RUNNING" => false,
        "STOPPED" => true,
        // ECS never sets a desired status of PENDING.
        "PENDING" => return page(input, "taskArns", Vec::new()),
        other => return Err(invalid(format!("Invalid desiredStatus: {other}."))),
    };
    if started_by.is_some() && (service.is_some() || family.is_some()) {
        return Err(invalid("startedBy cannot be combined with serviceName or family."));
    }
    let cluster = regional.cluster(input)?;
    let service = service.map(|s| cluster.service_name(s));
    if service.is_some_and(|s| !cluster.services.contains_key(s)) {
        return Err(no_service());
    }
    let mut tasks: Vec<&Task> = cluster
        .tasks
        .values()
        .filter(|t| t.stop.is_some() == stopped)
        .filter(|t| service.is_none_or(|s| t.service.as_deref() == Some(s)))
        .filter(|t| family.is_none_or(|f| t.family == f))
        .filter(|t| started_by.is_none_or(|s| t.started_by.as_deref() == Some(s)))
        .filter(|t| launch.is_none_or(|l| t.shown.get("launchType").and_then(Value::as_str) == Some(l)))
        .collect();
    tasks.sort_by(|a, b| (a.times.created, &a.id).cmp(&(b.times.created, &b.id)));
    page(input, "taskArns", tasks.into_iter().map(|t| json!(t.arn)).collect())
}

pub fn describe(regional: &mut RegionalEcs, input: &Value) -> Answer {
    let named = texts(input, "tasks");
    if named.is_empty() {
        return Err(invalid("Tasks cannot be empty."));
    }
    if named.len() > 100 {
        return Err(invalid("Tasks cannot have more than 100 elements."));
    }
    let tags = includes(input, "TAGS");
    let cluster = regional.cluster(input)?;
    let (mut tasks, mut failures) = (Vec::new(), Vec::new());
    for named in named {
        match cluster.tasks.get(arn::last(named)) {
            Some(task) => tasks.push(task.view(tags)),
            None => {
                let arn =
                    if named.starts_with("arn:") { named.into() } else { cluster.home.task(&cluster.name, named) };
                failures.push(json!({ "arn": arn, "reason": "MISSING" }));
            }
        }
    }
    Ok(json!({ "tasks": tasks, "failures": failures }))
}

pub fn stop(regional: &mut RegionalEcs, call: &Call, latency: Latency) -> Answer {
    let named = required(call.input, "task")?;
    let cluster = regional.cluster(call.input)?;
    let id = arn::last(named);
    let reason = text(call.input, "reason").unwrap_or("Task stopped by user").to_owned();
    let stop = Stop { code: StopCode::UserInitiated, reason, unhealthy: false };
    cluster.tasks.change(id, |task| lifecycle::ask_to_stop(task, call.now, stop, latency));
    let task = cluster.tasks.get(id).ok_or_else(|| invalid("The referenced task was not found."))?;
    if let Some(service) = task.service.as_ref().and_then(|s| cluster.services.get_mut(s)) {
        service.wake_at(call.now + latency.of(crate::sandbox::ecs::scheduler_context::REACTION));
    }
    Ok(json!({ "task": task.view(false) }))
}
