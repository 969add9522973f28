//! Task definitions as raw JSON: the next one from a base, its content hash, and what differs.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::model::fault::{Fault, FaultKind};
use crate::model::ids::ContentHash;
use crate::model::plan::{Change, ChangeKind};

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

/// Leaves out what AWS adds, what is empty, and the defaults that `DescribeTaskDefinition` spells out.
fn normal(definition: &Value) -> Value {
    let mut top = definition.as_object().cloned().unwrap_or_default();
    for member in ADDED_BY_AWS {
        top.remove(member);
    }
    top.remove("tags");
    let own_ports = matches!(top.get("networkMode").and_then(Value::as_str), Some("awsvpc" | "host"));
    if let Some(containers) = top.get_mut("containerDefinitions").and_then(Value::as_array_mut) {
        for container in containers.iter_mut().filter_map(Value::as_object_mut) {
            drop_default(container, "cpu", &Value::from(0));
            drop_default(container, "essential", &Value::from(true));
            let mappings = container.get_mut("portMappings").and_then(Value::as_array_mut);
            for mapping in mappings.into_iter().flatten().filter_map(Value::as_object_mut) {
                drop_default(mapping, "protocol", &Value::from("tcp"));
                // Without a network of its own the host's port is any free one, told as 0; with one it is the container's.
                drop_default(mapping, "hostPort", &Value::from(0));
                if own_ports && mapping.get("hostPort") == mapping.get("containerPort") {
                    mapping.remove("hostPort");
                }
            }
            // Order means nothing in these.
            for member in ["environment", "secrets"] {
                if let Some(items) = container.get_mut(member).and_then(Value::as_array_mut) {
                    items.sort_by_key(|i| i.get("name").and_then(Value::as_str).unwrap_or_default().to_owned());
                }
            }
        }
    }
    without_empty(&Value::Object(top)).unwrap_or_else(|| Value::Object(Map::new()))
}

fn drop_default(map: &mut Map<String, Value>, member: &str, default: &Value) {
    if map.get(member) == Some(default) {
        map.remove(member);
    }
}

fn without_empty(value: &Value) -> Option<Value> {
    match value {
        Value::Null => None,
        Value::Object(map) => {
            let kept: Map<String, Value> =
                map.iter().filter_map(|(k, v)| without_empty(v).map(|v| (k.clone(), v))).collect();
            (!kept.is_empty()).then_some(Value::Object(kept))
        }
        Value::Array(items) => {
            let kept: Vec<Value> = items.iter().filter_map(without_empty).collect();
            (!kept.is_empty()).then_some(Value::Array(kept))
        }
        // An empty string is a value: an environment variable may be set to nothing.
        Value::Bool(_) | Value::Number(_) | Value::String(_) => Some(value.clone()),
    }
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
