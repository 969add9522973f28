//! Task definitions as raw JSON: the next one from a base, its containers, and its content hash.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::model::effect::Workload;
use crate::model::fault::Fault;
use crate::model::fault::task_definition::TaskDefinitionProblem;
use crate::model::ids::{ContentHash, StageName};

mod normal;
pub mod runs;
pub mod sent;

pub(super) use normal::normal;

/// Members that `DescribeTaskDefinition` adds and `RegisterTaskDefinition` does not accept.
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

/// The task definition to register for a workload of a stage: the base without what AWS added, with each named container's image
/// replaced.
///
/// # Errors
/// `NotFound` with the existing containers; `Invalid` where the base is not a task definition.
pub fn compose(
    stage: &StageName,
    workload: &Workload,
    base: &Value,
    images: &BTreeMap<String, String>,
) -> Result<Value, Fault> {
    let mut next = base.as_object().cloned().ok_or_else(|| Fault::from(TaskDefinitionProblem::NotAnObject))?;
    for member in ADDED_BY_AWS {
        next.remove(member);
    }
    next.remove("tags");
    let containers = next
        .get_mut("containerDefinitions")
        .and_then(Value::as_array_mut)
        .ok_or_else(|| Fault::from(TaskDefinitionProblem::NoContainers))?;
    for (name, image) in images {
        let there: Vec<String> = names(containers);
        let container = containers
            .iter_mut()
            .find(|c| c.get("name").and_then(Value::as_str) == Some(name))
            .and_then(Value::as_object_mut)
            .ok_or_else(|| {
                let (stage, workload, container) = (stage.clone(), workload.clone(), name.clone());
                TaskDefinitionProblem::NoContainer { stage, workload, container, there }
            })?;
        container.insert("image".to_owned(), Value::String(image.clone()));
    }
    Ok(Value::Object(next))
}

/// The names of a task definition's containers.
pub fn container_names(definition: &Value) -> Vec<String> {
    definition.get("containerDefinitions").and_then(Value::as_array).map(|c| names(c)).unwrap_or_default()
}

/// Every container's image, by the container's name.
///
/// # Errors
/// `Invalid` for a container without a name, or two with the same name: ECS refuses both, and a name would be ambiguous.
pub fn container_images(definition: &Value) -> Result<BTreeMap<String, String>, Fault> {
    let containers = definition.get("containerDefinitions").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let mut images = BTreeMap::new();
    for container in containers {
        let text = |member: &str| container.get(member).and_then(Value::as_str).unwrap_or_default().to_owned();
        let name = text("name");
        if name.is_empty() || images.insert(name.clone(), text("image")).is_some() {
            return Err(match name.is_empty() {
                true => TaskDefinitionProblem::ContainerUnnamed.into(),
                false => TaskDefinitionProblem::ContainerTwice { container: name }.into(),
            });
        }
    }
    Ok(images)
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

/// The hash of a task definition's normal form.
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

#[cfg(test)]
mod tests;
