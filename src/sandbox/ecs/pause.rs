//! PAUSE lifecycle hooks of a rolling deployment: reached, waited at, continued, rolled back or timed out.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::arn;
use super::error::invalid;
use super::requests;
use super::rollout::{Hook, HookStatus, Stage, Status};
use super::service::Service;
use super::wire::{list, text, texts};
use crate::sandbox::latency::Latency;
use crate::sandbox::service::AwsError;

/// `timeoutConfiguration.timeoutInMinutes` where the hook has none. A caller's own wait: never shortened.
const TIMEOUT_MINUTES: i64 = 1440;
const CONTINUED_LATE: &str = "The lifecycle hook timed out and the service deployment was rolled back.";
const ROLLED_BACK: &str = "The service deployment was rolled back by a ContinueServiceDeployment request.";

/// Whether a PAUSE hook at `stage` keeps the deployment waiting; the first time it gets there, the hook begins to wait.
pub fn holds(service: &mut Service, stage: Stage, at: Timestamp) -> bool {
    // A request to roll back may lose the race against success, but not where the deployment stands still.
    let beginning = match service.under_way_status() {
        Some(Status::InProgress) => true,
        Some(Status::RollbackRequested | Status::StopRequested) => false,
        Some(Status::Pending | Status::RollbackInProgress) | None => return false,
        Some(Status::Successful | Status::Stopped | Status::RollbackSuccessful | Status::RollbackFailed) => {
            return false;
        }
    };
    let configured = configured(service, stage);
    let id = arn::uuid(&["hook", &service.fresh()]);
    let Some(running) = service.under_way() else { return false };
    if let Some(hook) = running.hooks.iter().find(|h| h.stage == stage) {
        return !hook.is_open();
    }
    let Some(configured) = configured.filter(|_| beginning) else { return false };
    let timeout = configured.get("timeoutConfiguration").unwrap_or(&Value::Null);
    let minutes = timeout.get("timeoutInMinutes").and_then(Value::as_i64).unwrap_or(TIMEOUT_MINUTES);
    running.stage = Some(stage);
    running.updated = at;
    running.hooks.push(Hook {
        id,
        stage,
        status: HookStatus::AwaitingAction,
        expires: at + SignedDuration::from_mins(minutes),
        timeout_action: text(timeout, "action").unwrap_or("ROLLBACK").to_owned(),
    });
    true
}

fn configured(service: &Service, stage: Stage) -> Option<Value> {
    let hooks = list(service.configuration(), "lifecycleHooks");
    let pause =
        |h: &&Value| text(h, "targetType") == Some("PAUSE") && texts(h, "lifecycleStages").contains(&stage.name());
    hooks.iter().find(pause).cloned()
}

/// ContinueServiceDeployment.
///
/// # Errors
/// `InvalidParameterException` when no such hook waits, or for another action.
pub fn answer(
    service: &mut Service,
    hook_id: &str,
    action: &str,
    at: Timestamp,
    latency: Latency,
) -> Result<(), AwsError> {
    if !["CONTINUE", "ROLLBACK"].contains(&action) {
        return Err(invalid(format!("action {action} is not valid. Valid values are CONTINUE, ROLLBACK.")));
    }
    let waiting = service.under_way().and_then(|d| d.hooks.iter_mut().find(|h| h.id == hook_id));
    if !waiting.is_some_and(|h| h.status == HookStatus::AwaitingAction) {
        return Err(invalid("The specified hookId does not wait for an action in this service deployment."));
    }
    conclude(service, hook_id, action == "CONTINUE", HookStatus::Succeeded, ROLLED_BACK, at, latency);
    Ok(())
}

/// Lets a hook that nobody answered do what its `timeoutAction` says.
pub fn time_out(service: &mut Service, at: Timestamp, latency: Latency) {
    let waiting = service.under_way().and_then(|d| d.paused().cloned()).filter(|h| h.expires <= at);
    if let Some(hook) = waiting {
        let go_on = hook.timeout_action == "CONTINUE";
        conclude(service, &hook.id, go_on, HookStatus::TimedOut, CONTINUED_LATE, at, latency);
    }
}

fn conclude(
    service: &mut Service,
    hook_id: &str,
    go_on: bool,
    status: HookStatus,
    why_not: &str,
    at: Timestamp,
    latency: Latency,
) {
    if let Some(running) = service.under_way()
        && let Some(hook) = running.hooks.iter_mut().find(|h| h.id == hook_id)
    {
        hook.status = if go_on || status == HookStatus::TimedOut { status } else { HookStatus::Failed };
        running.updated = at;
    }
    if !go_on {
        requests::ask_to_roll_back(service, why_not, at, latency);
    }
    service.wake_at(at);
}
