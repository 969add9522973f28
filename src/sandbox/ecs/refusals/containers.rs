//! What is refused in containers on every launch type.

use serde_json::Value;

use super::super::error::client;
use super::super::wire::{list, text};
use super::size::Size;
use super::{is_essential, is_name, name, ranges};
use crate::sandbox::service::AwsError;

pub fn check(input: &Value, of_task: &Size) -> Result<(), AwsError> {
    let all = list(input, "containerDefinitions");
    let mut names: Vec<&str> = Vec::new();
    for container in all {
        let name = text(container, "name").ok_or_else(|| client("Container.name should not be null or empty."))?;
        if !is_name(name) {
            return Err(client("Container.name contains invalid characters."));
        }
        if names.contains(&name) {
            return Err(client("Container names must be unique within a Task Definition."));
        }
        names.push(name);
        if text(container, "image").is_none() {
            return Err(client("Container.image should not be null or empty."));
        }
        memory(container, of_task)?;
        ranges::container(container)?;
        logs(container)?;
    }
    if !all.iter().any(is_essential) {
        return Err(client("At least one container in a task must be marked essential."));
    }
    let cpu: u64 = all.iter().filter_map(|c| number(c, "cpu")).sum();
    if of_task.cpu.is_some_and(|most| cpu > most) {
        return Err(client(
            "The sum of all container 'cpu' values cannot be greater than the value of the task 'cpu'.",
        ));
    }
    let secret = all.iter().any(|c| !list(c, "secrets").is_empty());
    if secret && text(input, "executionRoleArn").is_none() {
        return Err(client(
            "When you are specifying container secrets, you must also specify a value for 'executionRoleArn'.",
        ));
    }
    all.iter().try_for_each(|c| depends(c, all))?;
    in_some_order(all)?;
    all.iter().try_for_each(|c| mounts(c, list(input, "volumes")))
}

fn number(value: &Value, member: &str) -> Option<u64> {
    value.get(member).and_then(Value::as_u64)
}

fn memory(container: &Value, of_task: &Size) -> Result<(), AwsError> {
    let (hard, soft) = (number(container, "memory"), number(container, "memoryReservation"));
    let of = name(container);
    if hard.zip(soft).is_some_and(|(hard, soft)| hard < soft) {
        return Err(client(format!(
            "Invalid setting for container '{of}'. 'memory' must be greater than or equal to 'memoryReservation'."
        )));
    }
    match of_task.memory {
        // Zero counts as absent.
        None if hard.max(soft).unwrap_or(0) == 0 => Err(client(format!(
            "Invalid setting for container '{of}'. At least one of 'memory' or 'memoryReservation' must be specified."
        ))),
        Some(most) if hard.is_some_and(|hard| hard > most) => {
            Err(client(format!("The 'memory' setting for container '{of}' is greater than for the task.")))
        }
        None | Some(_) => Ok(()),
    }
}

/// *Send Amazon ECS logs to CloudWatch* says which options are required.
fn logs(container: &Value) -> Result<(), AwsError> {
    let Some(logs) = container.get("logConfiguration").filter(|l| text(l, "logDriver") == Some("awslogs")) else {
        return Ok(());
    };
    let options = logs.get("options").unwrap_or(&Value::Null);
    let missing: Vec<&str> =
        ["awslogs-group", "awslogs-region"].into_iter().filter(|o| text(options, o).is_none()).collect();
    match missing.is_empty() {
        true => Ok(()),
        false => Err(client(format!("Log driver awslogs requires options: {}", missing.join(", ")))),
    }
}

fn depends(container: &Value, all: &[Value]) -> Result<(), AwsError> {
    for dependency in list(container, "dependsOn") {
        let on = text(dependency, "containerName").unwrap_or_default();
        let Some(other) = all.iter().find(|c| name(c) == on) else {
            return Err(client(format!("Cannot depend on container {on} because it does not exist")));
        };
        match text(dependency, "condition").unwrap_or_default() {
            "COMPLETE" | "SUCCESS" if is_essential(other) => {
                return Err(client(
                    "A dependency container with SUCCESS or COMPLETE condition cannot be an essential container",
                ));
            }
            "HEALTHY" if !other.get("healthCheck").is_some_and(Value::is_object) => {
                return Err(client("A dependency container with HEALTHY condition must have health check configured"));
            }
            _ => {}
        }
    }
    Ok(())
}

/// There is an order in which each container starts after those that it depends on. The words are ours.
fn in_some_order(all: &[Value]) -> Result<(), AwsError> {
    let mut waiting: Vec<&Value> = all.iter().collect();
    loop {
        let waits = |c: &&Value| {
            let on = |d: &Value| waiting.iter().any(|other| text(d, "containerName") == Some(name(other)));
            list(c, "dependsOn").iter().any(on)
        };
        let still: Vec<&Value> = waiting.iter().copied().filter(waits).collect();
        if still.is_empty() {
            return Ok(());
        }
        if still.len() == waiting.len() {
            let names: Vec<&str> = still.into_iter().map(name).collect();
            return Err(client(format!("Containers cannot depend on each other in a cycle: {}", names.join(", "))));
        }
        waiting = still;
    }
}

fn mounts(container: &Value, volumes: &[Value]) -> Result<(), AwsError> {
    for mount in list(container, "mountPoints") {
        let of = text(mount, "sourceVolume").unwrap_or_default();
        if !volumes.iter().any(|v| text(v, "name") == Some(of)) {
            return Err(client(format!("Unknown volume '{of}'.")));
        }
    }
    Ok(())
}
