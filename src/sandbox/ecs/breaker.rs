//! The deployment circuit breaker, as a deployment configures it.

use serde_json::Value;

use super::wire::flag;

fn breaker(configuration: &Value) -> &Value {
    configuration.get("deploymentCircuitBreaker").unwrap_or(&Value::Null)
}

/// `deploymentCircuitBreaker.enable`.
pub fn is_on(configuration: &Value) -> bool {
    flag(breaker(configuration), "enable")
}

/// `deploymentCircuitBreaker.rollback`.
pub fn rolls_back(configuration: &Value) -> bool {
    flag(breaker(configuration), "rollback")
}

/// A healthy task resets the count, unless `resetOnHealthyTask` is off.
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
