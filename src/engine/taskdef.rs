//! Task definitions as raw JSON: the next one from a base, its content hash, and what differs.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::model::fault::{Fault, FaultKind};
use crate::model::ids::ContentHash;
use crate::model::plan::{Change, ChangeKind};

mod normal;
pub mod sent;

use normal::normal;

/// What `DescribeTaskDefinition` adds and `RegisterTaskDefinition` does not take.
const ADDED_BY_AWS: [&str; 9] = [
    "taskDefinitionArn",
    "revision",
    "status",
    "requiresAttributes",
    "compatibilities",
    "registeredAt",
    "registeredBy",
    "deregisteredAt",
    "deleteRequestedAt",
];

/// Members whose values may be shown: plain settings that hold no secret.
const SHOWN: [&str; 20] = [
    "image",
    "family",
    "cpu",
    "memory",
    "memoryReservation",
    "networkMode",
    "pidMode",
    "ipcMode",
    "taskRoleArn",
    "executionRoleArn",
    "essential",
    "containerPort",
    "hostPort",
    "protocol",
    "cpuArchitecture",
    "operatingSystemFamily",
    "sizeInGiB",
    "readonlyRootFilesystem",
    "stopTimeout",
    "logDriver",
];

/// Maps whose members are named by users: a member called like a plain setting is none.
const FREE: [&str; 4] = ["dockerLabels", "options", "driverOpts", "labels"];

/// The task definition to register: the base without what AWS added, each named container's image replaced.
///
/// # Errors
/// `NotFound` naming the containers that there are; `Invalid` where the base is no task definition.
pub fn compose(base: &Value, images: &BTreeMap<String, String>) -> Result<Value, Fault> {
    let mut next = base
        .as_object()
        .cloned()
        .ok_or_else(|| Fault::new(FaultKind::Invalid, "the task definition is not a JSON object"))?;
    for member in ADDED_BY_AWS {
        next.remove(member);
    }
    next.remove("tags");
    let containers = next
        .get_mut("containerDefinitions")
        .and_then(Value::as_array_mut)
        .ok_or_else(|| Fault::new(FaultKind::Invalid, "the task definition has no containerDefinitions"))?;
    for (name, image) in images {
        let there: Vec<String> = names(containers);
        let container = containers
            .iter_mut()
            .find(|c| c.get("name").and_then(Value::as_str) == Some(name))
            .and_then(Value::as_object_mut)
            .ok_or_else(|| {
                Fault::new(FaultKind::NotFound, format!("the task definition has no container `{name}`"))
                    .hint(format!("it has: {}", there.join(", ")))
            })?;
        container.insert("image".to_owned(), Value::String(image.clone()));
    }
    Ok(Value::Object(next))
}

/// The names of a task definition's containers.
pub fn container_names(definition: &Value) -> Vec<String> {
    definition.get("containerDefinitions").and_then(Value::as_array).map(|c| names(c)).unwrap_or_default()
}

/// A container's image.
pub fn container_image(definition: &Value, container: &str) -> Option<String> {
    let containers = definition.get("containerDefinitions").and_then(Value::as_array)?;
    let found = containers.iter().find(|c| c.get("name").and_then(Value::as_str) == Some(container))?;
    found.get("image").and_then(Value::as_str).map(str::to_owned)
}

fn names(containers: &[Value]) -> Vec<String> {
    containers.iter().filter_map(|c| c.get("name").and_then(Value::as_str)).map(str::to_owned).collect()
}

/// The family that a definition belongs to.
pub fn family(definition: &Value) -> String {
    definition.get("family").and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// The hash of what a task definition says, however it was written down.
pub fn content_hash(definition: &Value) -> ContentHash {
    ContentHash::of(canonical(&normal(definition)).as_bytes())
}

/// JSON with its members sorted and no white space.
pub fn canonical(value: &Value) -> String {
    fn sorted(value: &Value) -> Value {
        match value {
            Value::Object(map) => {
                let sorted_map: BTreeMap<&String, Value> = map.iter().map(|(k, v)| (k, sorted(v))).collect();
                Value::Object(sorted_map.into_iter().map(|(k, v)| (k.clone(), v)).collect())
            }
            Value::Array(items) => Value::Array(items.iter().map(sorted).collect()),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
        }
    }
    sorted(value).to_string()
}

/// What differs between two task definitions, member by member, list items by name where they have one.
pub fn changes(from: &Value, to: &Value) -> Vec<Change> {
    let mut found = Vec::new();
    differ("", &normal(from), &normal(to), &mut found);
    found
}

fn differ(path: &str, from: &Value, to: &Value, found: &mut Vec<Change>) {
    if from == to {
        return;
    }
    match (from, to) {
        (Value::Object(a), Value::Object(b)) => {
            let members: std::collections::BTreeSet<&String> = a.keys().chain(b.keys()).collect();
            for member in members {
                let below = if path.is_empty() { member.clone() } else { format!("{path}.{member}") };
                step(&below, a.get(member), b.get(member), found);
            }
        }
        (Value::Array(a), Value::Array(b)) => {
            let (a, b) = (keyed(a), keyed(b));
            let keys: std::collections::BTreeSet<&String> = a.keys().chain(b.keys()).collect();
            for key in keys {
                step(&format!("{path}[{key}]"), a.get(key).copied(), b.get(key).copied(), found);
            }
        }
        _ => found.push(change(path, Some(from), Some(to))),
    }
}

fn step(path: &str, from: Option<&Value>, to: Option<&Value>, found: &mut Vec<Change>) {
    match (from, to) {
        (Some(a), Some(b)) => differ(path, a, b, found),
        (a, b) => found.push(change(path, a, b)),
    }
}

/// List items by name, where each has one of its own; by place else, so that none hides another.
fn keyed(items: &[Value]) -> BTreeMap<String, &Value> {
    let name = |v: &Value| v.get("name").and_then(Value::as_str).map(str::to_owned);
    let named: BTreeMap<String, &Value> = items.iter().filter_map(|v| Some((name(v)?, v))).collect();
    match named.len() == items.len() {
        true => named,
        false => items.iter().enumerate().map(|(i, v)| (i.to_string(), v)).collect(),
    }
}

fn change(path: &str, from: Option<&Value>, to: Option<&Value>) -> Change {
    let member = path.rsplit('.').next().unwrap_or(path);
    let free = FREE.iter().any(|map| path.contains(&format!(".{map}.")));
    let shown = SHOWN.contains(&member) && !free;
    let text = |v: Option<&Value>| match v {
        Some(Value::String(s)) if shown => Some(s.clone()),
        Some(v @ (Value::Number(_) | Value::Bool(_))) if shown => Some(v.to_string()),
        _ => None,
    };
    let kind = match (from, to) {
        (None, _) => ChangeKind::Added,
        (_, None) => ChangeKind::Removed,
        (Some(_), Some(_)) => ChangeKind::Changed,
    };
    Change { path: path.to_owned(), from: text(from), to: text(to), kind }
}

#[cfg(test)]
mod tests;
