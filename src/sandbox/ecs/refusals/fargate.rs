//! What Fargate refuses, if `requiresCompatibilities` includes it.

use serde_json::Value;

use super::super::error::client;
use super::super::wire::{flag, list, text};
use super::size::Size;
use super::{name, ranges};
use crate::sandbox::ecr;
use crate::sandbox::service::AwsError;

/// The model: "The minimum supported value is 21 GiB and the maximum supported value is 200 GiB."
const STORAGE_GIB: std::ops::RangeInclusive<i64> = 21..=200;
/// The model: "the max stop timeout value is 120 seconds".
const STOP_TIMEOUT: std::ops::RangeInclusive<i64> = 0..=120;

pub fn check(input: &Value, of_task: &Size) -> Result<(), AwsError> {
    if text(input, "networkMode") != Some("awsvpc") {
        return Err(client("Fargate only supports network mode ‘awsvpc’."));
    }
    let (cpu, memory) = match (of_task.cpu, of_task.memory) {
        (Some(cpu), Some(memory)) => (cpu, memory),
        (None, _) => return Err(client("Fargate requires that 'cpu' be defined at the task level.")),
        (Some(_), None) => return Err(client("Fargate requires that 'memory' be defined at the task level.")),
    };
    if !is_pair(cpu, memory) {
        return Err(client(format!(
            "No Fargate configuration exists for given values: {cpu} CPU, {memory} memory. See the Amazon ECS \
             documentation for the valid values."
        )));
    }
    if let Some(mode) = text(input, "pidMode").filter(|m| *m != "task") {
        return Err(client(format!(
            "Tasks using the Fargate launch type do not support pidMode '{mode}'. The supported value for pidMode is 'task'."
        )));
    }
    for member in ["ipcMode", "placementConstraints"] {
        let given = input.get(member).is_some_and(|v| v.as_array().map_or(!v.is_null(), |all| !all.is_empty()));
        if given {
            return Err(unsupported(member));
        }
    }
    for volume in list(input, "volumes") {
        if volume.get("dockerVolumeConfiguration").is_some_and(Value::is_object) {
            return Err(unsupported("dockerVolumeConfiguration"));
        }
        if volume.get("host").is_some_and(|h| text(h, "sourcePath").is_some()) {
            return Err(unsupported("sourcePath"));
        }
    }
    let storage = input.get("ephemeralStorage").unwrap_or(&Value::Null);
    ranges::within(storage, "sizeInGiB", &STORAGE_GIB, "'ephemeralStorage.sizeInGiB'")?;
    let role = text(input, "executionRoleArn").is_some();
    list(input, "containerDefinitions").iter().try_for_each(|c| container(c, role))
}

fn unsupported(member: &str) -> AwsError {
    client(format!("Fargate compatible task definitions do not support {member}"))
}

/// *Task size*: the pairs of CPU units and MiB that there are.
fn is_pair(cpu: u64, memory: u64) -> bool {
    match cpu {
        256 => [512, 1024, 2048].contains(&memory),
        512 => (1024..=4096).contains(&memory) && memory.is_multiple_of(1024),
        1024 => (2048..=8192).contains(&memory) && memory.is_multiple_of(1024),
        2048 => (4096..=16384).contains(&memory) && memory.is_multiple_of(1024),
        4096 => (8192..=30720).contains(&memory) && memory.is_multiple_of(1024),
        8192 => (16384..=61440).contains(&memory) && memory.is_multiple_of(4096),
        16384 => (32768..=122_880).contains(&memory) && memory.is_multiple_of(8192),
        _ => false,
    }
}

fn container(container: &Value, role: bool) -> Result<(), AwsError> {
    if flag(container, "privileged") {
        return Err(client("Fargate requires that the 'privileged' setting be 'false'"));
    }
    ranges::within(
        container,
        "stopTimeout",
        &STOP_TIMEOUT,
        &format!("'stopTimeout' of container '{}'", name(container)),
    )?;
    if !list(container, "dockerSecurityOptions").is_empty() {
        return Err(unsupported("dockerSecurityOptions"));
    }
    let add = container.get("linuxParameters").and_then(|l| l.get("capabilities")).map_or(&[][..], |c| list(c, "add"));
    if let Some(capability) = add.iter().filter_map(Value::as_str).find(|c| *c != "SYS_PTRACE") {
        return Err(client(format!("{capability} is not allowed on Fargate.")));
    }
    if !role && text(container, "image").is_some_and(ecr::is_reference) {
        return Err(client("Fargate requires task definition to have execution role ARN to support ECR images."));
    }
    match container.get("logConfiguration").and_then(|l| text(l, "logDriver")) {
        Some("awslogs") if !role => {
            Err(client("Fargate requires task definition to have execution role ARN to support log driver awslogs."))
        }
        None | Some("awslogs" | "splunk" | "awsfirelens") => Ok(()),
        // "For tasks on Fargate, the supported log drivers are awslogs, splunk, and awsfirelens." The words are ours.
        Some(driver) => Err(unsupported(&format!("log driver {driver}"))),
    }
}
