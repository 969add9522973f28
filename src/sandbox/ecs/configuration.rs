//! `deploymentConfiguration`: its valid values, and what they mean.

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::error::invalid;
use super::lifecycle_stage::LifecycleStage;
use super::wire::{Members, flag, list, list_of, text, texts};
use crate::sandbox::service::AwsError;

/// `deploymentConfiguration.strategy`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strategy {
    Rolling,
    BlueGreen,
    Linear,
    Canary,
}

impl Strategy {
    const ALL: [Strategy; 4] = [Strategy::Rolling, Strategy::BlueGreen, Strategy::Linear, Strategy::Canary];

    fn name(self) -> &'static str {
        match self {
            Strategy::Rolling => "ROLLING",
            Strategy::BlueGreen => "BLUE_GREEN",
            Strategy::Linear => "LINEAR",
            Strategy::Canary => "CANARY",
        }
    }

    /// The strategy of a configuration; rolling where it names none.
    pub fn of(configuration: &Value) -> Strategy {
        let named = text(configuration, "strategy");
        Strategy::ALL.into_iter().find(|s| Some(s.name()) == named).unwrap_or(Strategy::Rolling)
    }

    /// The new revision starts beside the old one, and traffic is shifted to it.
    pub fn shifts(self) -> bool {
        match self {
            Strategy::Rolling => false,
            Strategy::BlueGreen | Strategy::Linear | Strategy::Canary => true,
        }
    }
}

/// One shift of production traffic.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    /// The new revision's share after it, in per cent.
    pub weight: f64,
    /// How long that share is watched; the deployment's own bake time follows the last step.
    pub bake: SignedDuration,
}

const WHOLE: u32 = 1000;

/// A member in tenths of a per cent, AWS's granularity.
fn tenths(value: &Value, member: &str, default: f64) -> u32 {
    (value.get(member).and_then(Value::as_f64).unwrap_or(default) * 10.0).round() as u32
}

fn minutes(value: &Value, member: &str, default: i64) -> SignedDuration {
    SignedDuration::from_mins(value.get(member).and_then(Value::as_i64).unwrap_or(default))
}

/// The shifts of production traffic; none for a rolling deployment.
pub fn steps(configuration: &Value) -> Vec<Step> {
    let part = |member: &str| configuration.get(member).cloned().unwrap_or(Value::Null);
    let step = |weight: u32, bake| Step {
        weight: f64::from(weight) / 10.0,
        bake: if weight < WHOLE { bake } else { SignedDuration::ZERO },
    };
    match Strategy::of(configuration) {
        Strategy::Rolling => Vec::new(),
        Strategy::BlueGreen => vec![step(WHOLE, SignedDuration::ZERO)],
        Strategy::Linear => {
            let linear = part("linearConfiguration");
            let (by, bake) =
                (tenths(&linear, "stepPercent", 10.0).max(1), minutes(&linear, "stepBakeTimeInMinutes", 6));
            (1..=WHOLE.div_ceil(by)).map(|n| step((n * by).min(WHOLE), bake)).collect()
        }
        Strategy::Canary => {
            let canary = part("canaryConfiguration");
            let (first, bake) =
                (tenths(&canary, "canaryPercent", 5.0), minutes(&canary, "canaryBakeTimeInMinutes", 10));
            let whole = step(WHOLE, bake);
            if first >= WHOLE { vec![whole] } else { vec![step(first, bake), whole] }
        }
    }
}

/// `bakeTimeInMinutes`.
pub fn bake(configuration: &Value) -> SignedDuration {
    minutes(configuration, "bakeTimeInMinutes", 0)
}

/// What a new service has.
pub fn default() -> Value {
    json!({
        "deploymentCircuitBreaker": { "enable": false, "rollback": false },
        "maximumPercent": 200,
        "minimumHealthyPercent": 100,
        "strategy": "ROLLING",
        "bakeTimeInMinutes": 0,
    })
}

/// Merges the request's `deploymentConfiguration` into the present one in `settings`.
///
/// # Errors
/// `InvalidParameterException` for what AWS's documentation does not allow.
pub fn lay_over(settings: &mut Members, input: &Value) -> Result<(), AwsError> {
    let Some(given) = input.get("deploymentConfiguration").and_then(Value::as_object) else { return Ok(()) };
    let present = settings.get("deploymentConfiguration").cloned().unwrap_or(Value::Null);
    let mut merged = present.as_object().cloned().unwrap_or_default();
    let given_value = Value::Object(given.clone());
    if given.contains_key("strategy") && text(&given_value, "strategy") != text(&present, "strategy") {
        for of_another in ["linearConfiguration", "canaryConfiguration", "earlySuccessCriteria"] {
            merged.remove(of_another);
        }
        // The model: "You must provide this parameter when you use the BLUE_GREEN deployment strategy."
        if text(&given_value, "strategy") == Some("BLUE_GREEN") && !given.contains_key("bakeTimeInMinutes") {
            return Err(invalid("bakeTimeInMinutes must be specified for the BLUE_GREEN deployment strategy."));
        }
    }
    merged.extend(given.clone());
    let merged = Value::Object(merged);
    check(&merged, settings)?;
    settings.insert("deploymentConfiguration".to_owned(), merged);
    Ok(())
}

fn within(value: &Value, member: &str, range: std::ops::RangeInclusive<f64>) -> Result<(), AwsError> {
    match value.get(member).filter(|v| !v.is_null()) {
        Some(v) if !v.as_f64().is_some_and(|n| range.contains(&n)) => {
            Err(invalid(format!("{member} must be between {} and {}.", range.start(), range.end())))
        }
        _ => Ok(()),
    }
}

fn check(merged: &Value, settings: &Members) -> Result<(), AwsError> {
    let percent = |member: &str| merged.get(member).and_then(Value::as_i64);
    let (least, most) = (percent("minimumHealthyPercent").unwrap_or(100), percent("maximumPercent").unwrap_or(200));
    if !(0..=200).contains(&least) || most < 1 || most < least {
        return Err(invalid("maximumPercent must be greater than or equal to minimumHealthyPercent."));
    }
    within(merged, "bakeTimeInMinutes", 0.0..=1440.0)?;
    check_steps(merged, settings)?;
    check_breaker(merged)?;
    check_early_success(merged, least)?;
    list(merged, "lifecycleHooks").iter().try_for_each(check_hook)
}

fn check_steps(merged: &Value, settings: &Members) -> Result<(), AwsError> {
    let strategy = Strategy::of(merged);
    for (member, of) in [("linearConfiguration", Strategy::Linear), ("canaryConfiguration", Strategy::Canary)] {
        if merged.get(member).is_some_and(|v| !v.is_null()) && strategy != of {
            return Err(invalid(format!("{member} is only valid when the deployment strategy is {}.", of.name())));
        }
    }
    let part = |member: &str| merged.get(member).cloned().unwrap_or(Value::Null);
    let (linear, canary) = (part("linearConfiguration"), part("canaryConfiguration"));
    within(&linear, "stepPercent", 3.0..=100.0)?;
    within(&linear, "stepBakeTimeInMinutes", 0.0..=1440.0)?;
    within(&canary, "canaryPercent", 0.1..=100.0)?;
    within(&canary, "canaryBakeTimeInMinutes", 0.0..=1440.0)?;
    for (value, member) in [(&linear, "stepPercent"), (&canary, "canaryPercent")] {
        let given = value.get(member).and_then(Value::as_f64).unwrap_or(1.0) * 10.0;
        if (given - given.round()).abs() > 1e-6 {
            return Err(invalid(format!("{member} must be a multiple of 0.1.")));
        }
    }
    if !strategy.shifts() {
        return Ok(());
    }
    if settings.get("deploymentController").and_then(|c| text(c, "type")).unwrap_or("ECS") != "ECS" {
        return Err(invalid("The deployment strategy is only valid with the ECS deployment controller."));
    }
    let balanced = list_of(settings, "loadBalancers");
    let connected = settings.get("serviceConnectConfiguration").is_some_and(|c| flag(c, "enabled"));
    // Blue/green works without any of them, and then shifts no traffic.
    if balanced.is_empty() && !connected && strategy != Strategy::BlueGreen {
        return Err(invalid(format!(
            "The {} deployment strategy needs Elastic Load Balancing or Service Connect.",
            strategy.name()
        )));
    }
    let complete = |balancer: &Value| {
        let advanced = balancer.get("advancedConfiguration").unwrap_or(&Value::Null);
        ["alternateTargetGroupArn", "productionListenerRule", "roleArn"].iter().all(|m| text(advanced, m).is_some())
    };
    match balanced.iter().all(complete) {
        true => Ok(()),
        false => Err(invalid(
            "advancedConfiguration with alternateTargetGroupArn, productionListenerRule and roleArn is required for each \
             load balancer.",
        )),
    }
}

fn check_breaker(merged: &Value) -> Result<(), AwsError> {
    let Some(breaker) = merged.get("deploymentCircuitBreaker") else { return Ok(()) };
    let Some(form) = breaker.get("thresholdConfiguration").filter(|f| !f.is_null()) else { return Ok(()) };
    let value = form.get("value").and_then(Value::as_i64).unwrap_or_default();
    let most = if text(form, "type") == Some("COUNT") { i64::from(i32::MAX) } else { 100 };
    if (1..=most).contains(&value) { Ok(()) } else { Err(invalid("thresholdConfiguration.value is out of range.")) }
}

fn check_early_success(merged: &Value, least: i64) -> Result<(), AwsError> {
    let Some(criteria) = merged.get("earlySuccessCriteria").filter(|c| flag(c, "enable")) else { return Ok(()) };
    if Strategy::of(merged).shifts() {
        return Err(invalid("earlySuccessCriteria can only be used with the ROLLING deployment strategy."));
    }
    let cleanup = text(criteria, "sourceServiceRevisionCleanup").unwrap_or_default();
    match criteria.get("healthyPercent").and_then(Value::as_i64) {
        Some(healthy) if (least..=100).contains(&healthy) && ["BLOCKING", "DEFERRED"].contains(&cleanup) => Ok(()),
        _ => Err(invalid(
            "earlySuccessCriteria needs a healthyPercent of at least minimumHealthyPercent, and a \
             sourceServiceRevisionCleanup.",
        )),
    }
}

fn check_hook(hook: &Value) -> Result<(), AwsError> {
    let kind = text(hook, "targetType").unwrap_or("AWS_LAMBDA");
    let pause = kind == "PAUSE";
    if !pause && (text(hook, "hookTargetArn").is_none() || text(hook, "roleArn").is_none()) {
        return Err(invalid("hookTargetArn and roleArn must be specified for AWS_LAMBDA hooks."));
    }
    let stages = texts(hook, "lifecycleStages");
    if stages.is_empty() {
        return Err(invalid("lifecycleStages must be specified for a lifecycle hook."));
    }
    for stage in stages {
        let fits = |s: &LifecycleStage| s.name() == stage && if pause { s.takes_pause() } else { s.takes_hooks() };
        if !LifecycleStage::ALL.iter().any(fits) {
            return Err(invalid(format!("{kind} hooks cannot be configured at {stage}.")));
        }
    }
    let timeout = hook.get("timeoutConfiguration").unwrap_or(&Value::Null);
    within(timeout, "timeoutInMinutes", 1.0..=20160.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weights(configuration: Value) -> Vec<f64> {
        steps(&configuration).iter().map(|s| s.weight).collect()
    }

    #[test]
    fn traffic_moves_in_the_strategys_steps_and_ends_whole() {
        assert_eq!(weights(json!({})), Vec::<f64>::new());
        assert_eq!(weights(json!({ "strategy": "BLUE_GREEN" })), [100.0]);
        let linear = |by: f64| json!({ "strategy": "LINEAR", "linearConfiguration": { "stepPercent": by } });
        assert_eq!(weights(linear(30.0)), [30.0, 60.0, 90.0, 100.0]);
        assert_eq!(weights(linear(33.4)), [33.4, 66.8, 100.0]);
        assert_eq!(weights(json!({ "strategy": "LINEAR" })).len(), 10);
        assert_eq!(weights(json!({ "strategy": "CANARY" })), [5.0, 100.0]);
        let canary = json!({ "strategy": "CANARY", "canaryConfiguration": { "canaryPercent": 0.1 } });
        assert_eq!(weights(canary.clone()), [0.1, 100.0]);
        assert_eq!(steps(&canary).iter().map(|s| s.bake.as_mins()).collect::<Vec<_>>(), [10, 0]);
    }
}
