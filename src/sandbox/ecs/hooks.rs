//! Lifecycle hooks: PAUSE hooks, which wait and are continued, rolled back or timed out, and Lambda hooks, which always succeed.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::arn;
use super::error::invalid;
use super::hook::{Hook, HookStatus};
use super::lifecycle_stage::LifecycleStage;
use super::requests;
use super::service::Service;
use super::service_deployment::Status;
use super::wire::{list, text, texts};
use crate::sandbox::latency::Latency;
use crate::sandbox::service::AwsError;

/// `timeoutConfiguration.timeoutInMinutes` where the hook has none. A caller's own wait: never shortened.
const TIMEOUT_MINUTES: i64 = 1440;
/// How long a Lambda function takes, nominally. There is none here: it always answers SUCCEEDED.
const LAMBDA: SignedDuration = SignedDuration::from_secs(5);
const TIMED_OUT: &str = "The lifecycle hook timed out and the service deployment was rolled back.";
const ROLLED_BACK: &str = "The service deployment was rolled back by a ContinueServiceDeployment request.";

/// Whether hooks at `stage` keep the deployment waiting; the first time it gets there, they begin. The stages about the
/// production traffic have theirs again at each shift.
pub fn wait(service: &mut Service, stage: LifecycleStage, at: Timestamp, latency: Latency) -> bool {
    // A request to roll back may lose the race against success, but not while the deployment is paused.
    let beginning = match service.under_way_status() {
        Some(Status::InProgress) => true,
        Some(Status::RollbackRequested | Status::StopRequested) => false,
        Some(Status::Pending | Status::RollbackInProgress) | None => return false,
        Some(Status::Successful | Status::Stopped | Status::RollbackSuccessful | Status::RollbackFailed) => {
            return false;
        }
    };
    let Some(running) = service.under_way() else { return false };
    let each_shift =
        matches!(stage, LifecycleStage::PreProductionTrafficShift | LifecycleStage::ProductionTrafficShift);
    let shift = if each_shift { running.shifts } else { 0 };
    let here = |h: &&Hook| (h.at.0, h.at.1) == (stage, shift);
    if let Some(closed) = running.hooks.iter().filter(here).map(|h| !h.is_open()).max() {
        return closed;
    }
    let configuration = running.configuration.clone();
    let configured = list(&configuration, "lifecycleHooks").iter().enumerate();
    let reached: Vec<(usize, &Value)> =
        configured.filter(|(_, h)| texts(h, "lifecycleStages").contains(&stage.name())).collect();
    if reached.is_empty() || !beginning {
        return false;
    }
    for (n, hook) in reached {
        let timeout = hook.get("timeoutConfiguration").unwrap_or(&Value::Null);
        let minutes = timeout.get("timeoutInMinutes").and_then(Value::as_i64).unwrap_or(TIMEOUT_MINUTES);
        let pause = text(hook, "targetType") == Some("PAUSE");
        let hook = Hook {
            id: arn::uuid(&["hook", &service.next_key()]),
            at: (stage, shift, n),
            lambda: if pause { None } else { text(hook, "hookTargetArn").map(str::to_owned) },
            status: if pause { HookStatus::AwaitingAction } else { HookStatus::InProgress },
            ends: if pause { at + SignedDuration::from_mins(minutes) } else { at + latency.of(LAMBDA) },
            timeout_action: text(timeout, "action").unwrap_or("ROLLBACK").to_owned(),
        };
        if let Some(running) = service.under_way() {
            running.enter(stage, at);
            running.hooks.push(hook);
        }
    }
    true
}

/// ContinueServiceDeployment.
///
/// # Errors
/// `InvalidParameterException` when no such hook waits.
pub fn answer(
    service: &mut Service,
    hook_id: &str,
    action: &str,
    at: Timestamp,
    latency: Latency,
) -> Result<(), AwsError> {
    let go_on = action == "CONTINUE";
    let waiting = service.under_way().and_then(|d| d.hooks.iter().find(|h| h.id == hook_id));
    if !waiting.is_some_and(|h| h.status == HookStatus::AwaitingAction) {
        return Err(invalid("The specified hookId does not wait for an action in this service deployment."));
    }
    let status = if go_on { HookStatus::Succeeded } else { HookStatus::Failed };
    conclude(service, hook_id, status, (!go_on).then_some(ROLLED_BACK), at, latency);
    Ok(())
}

/// Ends hooks that end by themselves: a Lambda hook succeeds, one that nobody answered does what its `timeoutAction` says.
pub fn end_due(service: &mut Service, at: Timestamp, latency: Latency) {
    while let Some(hook) = service.under_way().and_then(|d| d.waiting().cloned()).filter(|h| h.ends <= at) {
        let (status, go_on) = match hook.lambda {
            Some(_) => (HookStatus::Succeeded, true),
            None => (HookStatus::TimedOut, hook.timeout_action == "CONTINUE"),
        };
        conclude(service, &hook.id, status, (!go_on).then_some(TIMED_OUT), at, latency);
    }
}

fn conclude(
    service: &mut Service,
    hook_id: &str,
    status: HookStatus,
    roll_back: Option<&str>,
    at: Timestamp,
    latency: Latency,
) {
    if let Some(running) = service.under_way()
        && let Some(hook) = running.hooks.iter_mut().find(|h| h.id == hook_id)
    {
        hook.status = status;
        running.updated = at;
    }
    if let Some(why) = roll_back {
        requests::ask_to_roll_back(service, why, at, latency);
    }
    service.wake_at(at);
}
