//! RunTask.

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::sandbox::ecs::arn;
use crate::sandbox::ecs::compatibility;
use crate::sandbox::ecs::error::token_conflict;
use crate::sandbox::ecs::launch::{self, NewTask};
use crate::sandbox::ecs::refusals;
use crate::sandbox::ecs::regional::{RegionalEcs, Remembered};
use crate::sandbox::ecs::task_definition::TaskDefinition;
use crate::sandbox::ecs::wire::{Members, invalid, list, required, text};
use crate::sandbox::latency::Latency;
use crate::sandbox::service::{Answer, AwsError, Call};

/// Starts 1 to 10 tasks. The same client token with the same parameters answers the same tasks.
pub fn run(regional: &mut RegionalEcs, call: &Call, latency: Latency) -> Answer {
    let input = call.input;
    let count = match input.get("count").and_then(Value::as_i64) {
        None => 1,
        Some(n @ 1..=10) => n,
        Some(_) => return Err(invalid("Count should be between 1 and 10.")),
    };
    refusals::tags(input)?;
    if text(input, "startedBy").is_some_and(|s| s.chars().count() > 128) {
        return Err(invalid("startedBy cannot be longer than 128 characters."));
    }
    let cluster = regional.cluster(input)?.name.clone();
    let key = text(input, "clientToken").map(|token| (cluster.clone(), token.to_owned()));
    if let Some(before) = key.as_ref().and_then(|k| regional.run_tokens.get(k)) {
        return again(regional, &cluster, before, input);
    }
    let definition = regional.runnable(required(input, "taskDefinition")?)?.clone();
    compatibility::one_placement(input)?;
    let settings = settings(input);
    compatibility::task(&settings, &definition)?;
    overridden(input, &definition)?;
    compatibility::alone(input, &definition)?;

    let cluster = regional.cluster(input)?;
    let mut started = Vec::new();
    for _ in 0..count {
        cluster.next_id += 1;
        let id = arn::hex32(&["run-task", &cluster.arn(), &cluster.next_id.to_string(), &arn::stamp(call.now)]);
        let order = NewTask {
            home: &cluster.home,
            cluster: &cluster.name,
            id: id.clone(),
            group: text(input, "group").map_or_else(|| format!("family:{}", definition.family), str::to_owned),
            started_by: text(input, "startedBy").map(str::to_owned),
            service: None,
            target_group: None,
            grace: SignedDuration::ZERO,
            overrides: overrides(input, &definition),
            settings: &settings,
            tags: tags(input, &definition),
            injected: &cluster.injected,
        };
        let task = launch::task(&definition, order, call.now, latency);
        cluster.tasks.insert(task);
        started.push(id);
    }
    let views: Vec<Value> = started.iter().filter_map(|id| cluster.tasks.get(id)).map(|t| t.view(true)).collect();
    if let Some(key) = key {
        regional.run_tokens.insert(key, Remembered { input: input.clone(), tasks: started });
    }
    Ok(json!({ "tasks": views, "failures": [] }))
}

/// Its own, and those of the task definition if they propagate; its own take precedence.
fn tags(input: &Value, definition: &TaskDefinition) -> Vec<Value> {
    let mut tags = list(input, "tags").to_vec();
    if text(input, "propagateTags") == Some("TASK_DEFINITION") {
        let more = definition.tags.iter().filter(|t| !list(input, "tags").iter().any(|own| own["key"] == t["key"]));
        tags.extend(more.cloned());
    }
    tags
}

fn again(regional: &RegionalEcs, cluster: &str, before: &Remembered, input: &Value) -> Answer {
    let tasks = regional.clusters.get(cluster).map(|c| &c.tasks);
    if before.input != *input {
        let arns: Vec<String> = before.tasks.iter().map(|id| regional.home.task(cluster, id)).collect();
        return Err(token_conflict(&arns));
    }
    let views: Vec<Value> =
        before.tasks.iter().filter_map(|id| tasks.and_then(|t| t.get(id))).map(|t| t.view(true)).collect();
    Ok(json!({ "tasks": views, "failures": [] }))
}

fn overridden(input: &Value, definition: &TaskDefinition) -> Result<(), AwsError> {
    let known = definition.containers();
    for named in given_overrides(input).iter().map(|o| text(o, "name").unwrap_or_default()) {
        if known.iter().all(|c| c.name != named) {
            return Err(invalid(format!(
                "Override for container named {named} is not a container in the TaskDefinition."
            )));
        }
    }
    Ok(())
}

fn given_overrides(input: &Value) -> &[Value] {
    input.get("overrides").map_or(&[], |o| list(o, "containerOverrides"))
}

/// As AWS shows them: every container named, those overridden with what was given.
fn overrides(input: &Value, definition: &TaskDefinition) -> Value {
    let mut shown = launch::no_overrides(definition);
    if let Some(given) = input.get("overrides").and_then(Value::as_object) {
        for (member, value) in given.iter().filter(|(m, _)| *m != "containerOverrides") {
            shown[member] = value.clone();
        }
    }
    if let Some(containers) = shown.get_mut("containerOverrides").and_then(Value::as_array_mut) {
        for container in containers {
            let given = given_overrides(input).iter().find(|o| text(o, "name") == text(container, "name"));
            if let Some(given) = given {
                *container = given.clone();
            }
        }
    }
    shown
}

fn settings(input: &Value) -> Members {
    let mut settings = input.as_object().cloned().unwrap_or_default();
    if list(input, "capacityProviderStrategy").is_empty() {
        settings.entry("launchType").or_insert_with(|| json!("EC2"));
    }
    settings
}
