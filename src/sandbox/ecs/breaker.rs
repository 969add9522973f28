//! The deployment circuit breaker: when it fires, and what follows.

use jiff::Timestamp;
use serde_json::Value;

use super::deploy;
use super::rollout::{Monitor, Status};
use super::service::{Rollout, Service};
use super::wire::flag;
use crate::sandbox::latency::Latency;

const FAILED: &str = "ECS deployment circuit breaker: tasks failed to start.";
const EXCEEDED: &str = "Service deployment rolled back because the circuit breaker threshold was exceeded.";
const NOT_ROLLED_BACK: &str = "Service deployment failed because the circuit breaker threshold was exceeded.";
const NOTHING_TO_ROLL_BACK_TO: &str = "The circuit breaker threshold was exceeded and there is no completed service \
                                       deployment to roll back to.";
const ROLLBACK_FAILED: &str = "Service deployment rollback failed because the circuit breaker threshold was exceeded.";

fn breaker(configuration: &Value) -> &Value {
    configuration.get("deploymentCircuitBreaker").unwrap_or(&Value::Null)
}

/// `deploymentCircuitBreaker.enable`.
pub fn is_on(configuration: &Value) -> bool {
    flag(breaker(configuration), "enable")
}

/// A healthy task sets the count back, unless `resetOnHealthyTask` is off.
pub fn resets(configuration: &Value) -> bool {
    breaker(configuration).get("resetOnHealthyTask").and_then(Value::as_bool).unwrap_or(true)
}

/// Failures at which the breaker fires: half of the desired count rounded up, kept within 3 and 200, unless
/// `thresholdConfiguration` says otherwise (`BOUNDED_PERCENT`, `UNBOUNDED_PERCENT`, `COUNT`).
pub fn threshold(configuration: &Value, desired: u32) -> u32 {
    let form = breaker(configuration).get("thresholdConfiguration");
    let kind = form.and_then(|f| f.get("type")).and_then(Value::as_str).unwrap_or("BOUNDED_PERCENT");
    let value = form.and_then(|f| f.get("value")).and_then(Value::as_u64).unwrap_or(50);
    let share = (value * u64::from(desired)).div_ceil(100);
    let failures = match kind {
        "COUNT" => value,
        "UNBOUNDED_PERCENT" => share.max(1),
        _ => share.clamp(3, 200),
    };
    u32::try_from(failures).unwrap_or(u32::MAX)
}

/// Fires when the PRIMARY deployment that is in progress has failed too often. Says whether it did.
pub fn check(service: &mut Service, at: Timestamp, latency: Latency) -> bool {
    let configuration = service.configuration().clone();
    let threshold = threshold(&configuration, service.desired);
    let monitored = is_on(&configuration) && service.desired > 0;
    let Some(primary) = service.deployments.first_mut() else { return false };
    if !monitored || primary.rollout != Rollout::InProgress || primary.failed_tasks < threshold {
        return false;
    }
    primary.rollout = Rollout::Failed;
    primary.reason = FAILED.to_owned();
    primary.updated = at;
    let told = format!("(deployment {}) deployment failed: tasks failed to start.", primary.id);
    service.tell(at, &told);
    let Some(running) = service.under_way() else { return true };
    running.breaker = Monitor::Triggered;
    match running.status() {
        Status::Pending | Status::StopRequested => {}
        Status::InProgress => after_failure(service, &configuration, at, latency),
        Status::RollbackRequested => {
            let wanted = running.rollback_wanted.clone().unwrap_or_else(|| EXCEEDED.to_owned());
            if deploy::roll_back(service, &wanted, at, latency).is_none() {
                end(service, Status::RollbackFailed, NOTHING_TO_ROLL_BACK_TO, at);
            }
        }
        Status::RollbackInProgress => end(service, Status::RollbackFailed, ROLLBACK_FAILED, at),
        Status::Successful | Status::Stopped | Status::RollbackSuccessful | Status::RollbackFailed => {}
    }
    true
}

fn after_failure(service: &mut Service, configuration: &Value, at: Timestamp, latency: Latency) {
    if !flag(breaker(configuration), "rollback") {
        // As `ServiceDeployment.stoppedAt` has it: without rollback the failed service deployment stops.
        end(service, Status::Stopped, NOT_ROLLED_BACK, at);
    } else if deploy::roll_back(service, EXCEEDED, at, latency).is_none()
        && let Some(running) = service.under_way()
    {
        // Nothing completed before: the deployment launches nothing more and goes nowhere.
        running.status_reason = Some(NOTHING_TO_ROLL_BACK_TO.to_owned());
        running.updated = at;
    }
}

fn end(service: &mut Service, status: Status, reason: &str, at: Timestamp) {
    if let Some(running) = service.under_way() {
        running.become_status(status, Some(reason), at);
    }
}
