//! When a deployment is completed.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::configuration;
use super::hooks;
use super::lifecycle_stage::LifecycleStage;
use super::scheduler_context::SchedulerContext;
use super::service::{Rollout, Service};
use super::service_deployment::Status;
use super::tasks::Tasks;
use super::wire::flag;

/// All tasks as wanted, until the deployment counts as completed.
const STEADY: SignedDuration = SignedDuration::from_secs(10);

/// Completes the deployment if its tasks are as wanted for long enough.
pub fn finish(service: &mut Service, tasks: &Tasks, at: Timestamp, around: &SchedulerContext) {
    let Some(primary) = service.primary() else { return };
    let id = primary.id.clone();
    let desired = service.desired as usize;
    let new = tasks.tally(&service.name, &id);
    let up = new.healthy;
    let others_gone = tasks.tally_of_service(&service.name).without(new).present == 0;
    let all_up = up == desired && new.live == desired;
    let reached = early(service.configuration(), desired, up, others_gone).unwrap_or(all_up && others_gone);
    let rollout = primary.rollout;
    let rolling_back = service.under_way_status() == Some(Status::RollbackInProgress);
    match rollout {
        Rollout::Failed => return,
        Rollout::Completed => {
            if all_up && others_gone && !service.steady_state_reported {
                service.steady_state_reported = true;
                service.add_event(at, "has reached a steady state.");
            }
            return;
        }
        Rollout::InProgress => {}
    }
    if let Some(running) = service.under_way() {
        running.enter(if rolling_back && all_up { LifecycleStage::CleanUp } else { LifecycleStage::ScaleUp }, at);
    }
    let bake = if rolling_back { SignedDuration::ZERO } else { configuration::bake(service.configuration()) };
    let Some(primary) = service.deployments.first_mut() else { return };
    if !reached || primary.frozen {
        primary.steady_since = None;
        return;
    }
    let since = *primary.steady_since.get_or_insert(at);
    if !rolling_back && hooks::wait(service, LifecycleStage::PostScaleUp, at, around.latency) {
        return;
    }
    let stage = if bake.is_zero() { LifecycleStage::CleanUp } else { LifecycleStage::BakeTime };
    let (mut past, mut wait) = (since, STEADY);
    if let Some(running) = service.under_way() {
        running.enter(stage, at);
        if running.stage == Some(LifecycleStage::BakeTime) && at >= since.max(running.entered) + around.latency.of(bake)
        {
            running.enter(LifecycleStage::CleanUp, at);
        }
        past = since.max(running.entered);
        wait = if running.stage == Some(LifecycleStage::BakeTime) { bake } else { STEADY };
    }
    let done = past + around.latency.of(wait);
    if done > at {
        service.wake_at(done);
    } else {
        complete(service, at, all_up && others_gone);
    }
}

/// `earlySuccessCriteria`: enough tasks are healthy, and the old ones are gone where their removal blocks.
fn early(configuration: &Value, desired: usize, up: usize, others_gone: bool) -> Option<bool> {
    let criteria = configuration.get("earlySuccessCriteria").filter(|c| flag(c, "enable"))?;
    let percent = criteria.get("healthyPercent").and_then(Value::as_u64).unwrap_or(100) as usize;
    let deferred = criteria.get("sourceServiceRevisionCleanup").and_then(Value::as_str) == Some("DEFERRED");
    Some(up >= (desired * percent).div_ceil(100) && (deferred || others_gone))
}

/// PRIMARY is completed, and with it the service deployment.
pub fn complete(service: &mut Service, at: Timestamp, steady: bool) {
    let Some(primary) = service.deployments.first_mut() else { return };
    primary.rollout = Rollout::Completed;
    primary.reason = format!("ECS deployment {} completed.", primary.id);
    primary.updated = at;
    let message = format!("(deployment {}) deployment completed.", primary.id);
    service.completed = Some(primary.revision.clone());
    service.add_event(at, &message);
    if steady {
        service.steady_state_reported = true;
        service.add_event(at, "has reached a steady state.");
    }
    service.wake_at(at);
    let Some(running) = service.under_way() else { return };
    let end = match running.status() {
        Status::RollbackInProgress => Status::RollbackSuccessful,
        Status::Pending
        | Status::InProgress
        | Status::StopRequested
        | Status::RollbackRequested
        | Status::Successful
        | Status::Stopped
        | Status::RollbackSuccessful
        | Status::RollbackFailed => Status::Successful,
    };
    running.become_status(end, None, at);
}
