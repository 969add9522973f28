//! RegisterTaskDefinition, DescribeTaskDefinition, DeregisterTaskDefinition, ListTaskDefinitions.

use serde_json::{Value, json};

use crate::sandbox::ecs::arn;
use crate::sandbox::ecs::regional::RegionalEcs;
use crate::sandbox::ecs::task_definition::TaskDefinition;
use crate::sandbox::ecs::wire::{self, client, includes, invalid, present, required, text};
use crate::sandbox::service::{Answer, AwsError, Call};

pub fn register(regional: &mut RegionalEcs, call: &Call) -> Answer {
    let family = text(call.input, "family").unwrap_or_default();
    let revision = regional.families.get(family).map_or(1, |all| all.len() as u64 + 1);
    let registered = TaskDefinition::register(&regional.home, revision, call.input, call.principal, call.now)?;
    let tags = (!registered.tags.is_empty()).then(|| registered.tags.clone());
    let answer = present(json!({ "taskDefinition": regional.described(&registered), "tags": tags }));
    regional.families.entry(registered.family.clone()).or_default().push(registered);
    Ok(answer)
}

fn not_found() -> AwsError {
    client("Unable to describe task definition.")
}

pub fn describe(regional: &mut RegionalEcs, input: &Value) -> Answer {
    let named = required(input, "taskDefinition")?;
    let found = regional.task_definition(named).ok_or_else(not_found)?;
    let tags = includes(input, "TAGS").then(|| found.tags.clone());
    Ok(present(json!({ "taskDefinition": regional.described(found), "tags": tags })))
}

/// The revision becomes INACTIVE; its tasks continue to run, and it can still be described.
pub fn deregister(regional: &mut RegionalEcs, call: &Call) -> Answer {
    let named = required(call.input, "taskDefinition")?;
    let name = arn::tail(named, "task-definition");
    if !name.contains(':') {
        return Err(invalid("Revision is missing."));
    }
    let arn = regional.task_definition(named).ok_or_else(not_found)?.arn.clone();
    let found = regional.families.values_mut().flatten().find(|t| t.arn == arn).ok_or_else(not_found)?;
    found.deregister(call.now);
    Ok(json!({ "taskDefinition": found.view() }))
}

/// By family and revision; `sort` DESC reverses that.
pub fn list(regional: &mut RegionalEcs, input: &Value) -> Answer {
    let family = text(input, "familyPrefix");
    let active = match text(input, "status").unwrap_or("ACTIVE") {
        "ACTIVE" => true,
        "INACTIVE" => false,
        // Nothing here is ever being deleted.
        "DELETE_IN_PROGRESS" => return wire::page(input, "taskDefinitionArns", Vec::new()),
        other => return Err(invalid(format!("Invalid status: {other}."))),
    };
    let chosen = regional.families.iter().filter(|(name, _)| family.is_none_or(|f| f == name.as_str()));
    let mut arns: Vec<Value> =
        chosen.flat_map(|(_, all)| all).filter(|t| t.active == active).map(|t| json!(t.arn)).collect();
    if text(input, "sort") == Some("DESC") {
        arns.reverse();
    }
    wire::page(input, "taskDefinitionArns", arns)
}
