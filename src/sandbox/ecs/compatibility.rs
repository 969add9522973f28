//! Whether a task definition fits the service or the task that will run it.

use serde_json::Value;

use super::error::invalid;
use super::task_definition::TaskDefinition;
use super::wire::{Members, list, list_of, text};
use crate::sandbox::service::AwsError;

const ON_FARGATE: [&str; 2] = ["FARGATE", "FARGATE_SPOT"];

/// A request may have a launch type or a capacity provider strategy, not both.
pub fn one_placement(input: &Value) -> Result<(), AwsError> {
    if text(input, "launchType").is_some() && !list(input, "capacityProviderStrategy").is_empty() {
        return Err(invalid(
            "Specifying both a launch type and capacity provider strategy is not supported. Remove one and try again.",
        ));
    }
    Ok(())
}

/// By launch type or by capacity provider.
pub fn on_fargate(settings: &Members) -> bool {
    let providers = list_of(settings, "capacityProviderStrategy").iter().filter_map(|p| text(p, "capacityProvider"));
    settings.get("launchType").is_some_and(|l| l == "FARGATE") || providers.into_iter().any(|p| ON_FARGATE.contains(&p))
}

/// Why CreateService and UpdateService refuse a definition with these settings.
///
/// # Errors
/// `InvalidParameterException`.
pub fn service(settings: &Members, definition: &TaskDefinition) -> Result<(), AwsError> {
    task(settings, definition)?;
    list_of(settings, "loadBalancers").iter().try_for_each(|b| balanced(b, definition))
}

/// Why RunTask refuses a definition with these settings; a service's tasks must be able to run as well.
///
/// # Errors
/// `InvalidParameterException`.
pub fn task(settings: &Members, definition: &TaskDefinition) -> Result<(), AwsError> {
    if on_fargate(settings) && !definition.is_compatible("FARGATE") {
        return Err(invalid("Task definition does not support launch_type FARGATE."));
    }
    let network = settings.get("networkConfiguration").and_then(|n| n.get("awsvpcConfiguration"));
    match network.filter(|n| !n.is_null()) {
        None if definition.uses_awsvpc() => {
            Err(invalid("Network Configuration must be provided when networkMode 'awsvpc' is specified."))
        }
        Some(_) if !definition.uses_awsvpc() => {
            Err(invalid("Network Configuration is not valid for the given networkMode of this task definition."))
        }
        Some(network) if list(network, "subnets").is_empty() => Err(invalid("subnets can not be empty.")),
        None | Some(_) => Ok(()),
    }
}

/// Why RunTask refuses members that a service may have: no service propagates tags to the task, and commands executed in it use its task
/// role.
///
/// # Errors
/// `InvalidParameterException`.
pub fn alone(input: &Value, definition: &TaskDefinition) -> Result<(), AwsError> {
    if text(input, "propagateTags") == Some("SERVICE") {
        return Err(invalid("The SERVICE option of propagateTags is not supported when running a task."));
    }
    let wanted = input.get("enableExecuteCommand").and_then(Value::as_bool).unwrap_or(false);
    let given = input.get("overrides").is_some_and(|o| text(o, "taskRoleArn").is_some());
    if wanted && !given && !definition.member("taskRoleArn").is_string() {
        return Err(invalid("The task definition does not have a task role, which execute command requires."));
    }
    Ok(())
}

fn balanced(balancer: &Value, definition: &TaskDefinition) -> Result<(), AwsError> {
    let Some(named) = text(balancer, "containerName") else { return Ok(()) };
    let containers = definition.containers();
    let Some(container) = containers.iter().find(|c| c.name == named) else {
        return Err(invalid(format!("The container {named} does not exist in the task definition.")));
    };
    match balancer.get("containerPort").and_then(Value::as_u64) {
        Some(port) if !container.ports.contains(&port) => {
            Err(invalid(format!("The container {named} did not have a container port {port} defined.")))
        }
        None | Some(_) => Ok(()),
    }
}
