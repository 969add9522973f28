//! The ranges that only the documentation of AWS's model gives. AWS's messages for a number out of range are not published: these are
//! the sandbox's own.

use std::ops::RangeInclusive;

use serde_json::Value;

use super::super::error::client;
use super::super::wire::list;
use super::name;
use crate::sandbox::service::AwsError;

/// Of `healthCheck`: in seconds, except the number of retries.
const HEALTH_CHECK: [(&str, RangeInclusive<i64>); 4] =
    [("interval", 5..=300), ("timeout", 2..=60), ("retries", 1..=10), ("startPeriod", 0..=300)];
/// A port that is bound on the host: 0 asks for one that is free.
const HOST_PORT: RangeInclusive<i64> = 0..=65_535;
const CONTAINER_PORT: RangeInclusive<i64> = 1..=65_535;

/// A member that is given has to be in the range.
pub fn within(of: &Value, member: &str, range: &RangeInclusive<i64>, called: &str) -> Result<(), AwsError> {
    match of.get(member).filter(|v| !v.is_null()) {
        Some(given) if !given.as_i64().is_some_and(|n| range.contains(&n)) => {
            Err(client(format!("{called} must be between {} and {}.", range.start(), range.end())))
        }
        None | Some(_) => Ok(()),
    }
}

pub fn container(container: &Value) -> Result<(), AwsError> {
    let of = name(container);
    for port in list(container, "portMappings") {
        within(port, "containerPort", &CONTAINER_PORT, &format!("'containerPort' of container '{of}'"))?;
        within(port, "hostPort", &HOST_PORT, &format!("'hostPort' of container '{of}'"))?;
    }
    let Some(check) = container.get("healthCheck").filter(|c| c.is_object()) else { return Ok(()) };
    if list(check, "command").is_empty() {
        return Err(client(format!("'healthCheck.command' of container '{of}' cannot be empty.")));
    }
    for (member, range) in &HEALTH_CHECK {
        within(check, member, range, &format!("'healthCheck.{member}' of container '{of}'"))?;
    }
    Ok(())
}
