//! The deployment circuit breaker: when it fires, and what follows.

use jiff::Timestamp;
use serde_json::Value;

use super::failure::{self, Verdict};
use super::rollout::Monitor;
use super::service::{Rollout, Service};
use super::wire::flag;
use crate::sandbox::latency::Latency;

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
    let Some(primary) = service.primary() else { return false };
    if !monitored || primary.rollout != Rollout::InProgress || primary.failed_tasks < threshold {
        return false;
    }
    if let Some(running) = service.under_way() {
        running.breaker = Monitor::Triggered;
    }
    let verdict = Verdict {
        rollback: flag(breaker(&configuration), "rollback"),
        failed: "ECS deployment circuit breaker: tasks failed to start.",
        event: "deployment failed: tasks failed to start.",
        rolled_back: "Service deployment rolled back because the circuit breaker threshold was exceeded.",
        not_rolled_back: "Service deployment failed because the circuit breaker threshold was exceeded.",
        nothing_to_roll_back_to: "The circuit breaker threshold was exceeded and there is no completed service deployment \
                                  to roll back to.",
        rollback_failed: "Service deployment rollback failed because the circuit breaker threshold was exceeded.",
    };
    failure::fall(service, &verdict, at, latency);
    true
}
