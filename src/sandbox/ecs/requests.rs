//! Requests to a service deployment, and their later effect: StopServiceDeployment's stop types.

use jiff::Timestamp;

use super::deploy;
use super::error::conflict;
use super::scheduler_context::REACTION;
use super::service::{Rollout, Service};
use super::service_deployment::{HAND_OVER, Status};
use crate::sandbox::latency::Latency;
use crate::sandbox::service::AwsError;

const BY_USER: &str = "Service deployment was stopped by a user-initiated StopServiceDeployment request.";
const ROLLED_BACK_BY_USER: &str =
    "Service deployment rolled back because of a user-initiated StopServiceDeployment request.";
const NOTHING_TO_ROLL_BACK_TO: &str =
    "Service deployment rollback failed because there is no completed service revision.";

/// StopServiceDeployment. A deployment that already stops or rolls back continues; one that has ended cannot be stopped.
///
/// # Errors
/// `ConflictException` when the service deployment has ended.
pub fn stop(
    service: &mut Service,
    arn: &str,
    stop_type: &str,
    at: Timestamp,
    latency: Latency,
) -> Result<(), AwsError> {
    let Some(running) = service.under_way().filter(|d| d.arn == arn) else {
        return Err(conflict("The service deployment is not in a state that can be stopped."));
    };
    match running.status() {
        Status::Pending | Status::InProgress => {
            if stop_type == "ROLLBACK" {
                ask_to_roll_back(service, ROLLED_BACK_BY_USER, at, latency);
            } else {
                running.become_status(Status::StopRequested, Some(BY_USER), at);
                running.due = Some(at + latency.of(HAND_OVER));
            }
            Ok(())
        }
        Status::StopRequested | Status::RollbackRequested | Status::RollbackInProgress => Ok(()),
        Status::Successful | Status::Stopped | Status::RollbackSuccessful | Status::RollbackFailed => {
            Err(conflict("The service deployment is not in a state that can be stopped."))
        }
    }
}

/// Requests a rollback of the deployment in progress; it may still succeed before the rollback begins.
pub fn ask_to_roll_back(service: &mut Service, reason: &str, at: Timestamp, latency: Latency) {
    if let Some(running) = service.under_way()
        && running.become_status(Status::RollbackRequested, Some(reason), at)
    {
        running.rollback_wanted = Some(reason.to_owned());
        running.due = Some(at + latency.of(HAND_OVER));
    }
}

/// Ends a status that ends by itself: PENDING begins, a requested stop stops, a requested rollback rolls back.
pub fn fire(service: &mut Service, at: Timestamp, latency: Latency) {
    let Some(running) = service.under_way() else { return };
    if running.due.is_none_or(|due| due > at) {
        return;
    }
    running.due = None;
    match running.status() {
        Status::Pending => {
            running.become_status(Status::InProgress, None, at);
            service.wake_at(at);
        }
        Status::StopRequested => {
            running.become_status(Status::Stopped, None, at);
            give_up(service, "stopped", at);
            if let Some(primary) = service.deployments.first_mut() {
                primary.frozen = true;
            }
        }
        Status::RollbackRequested => {
            let reason = running.rollback_wanted.clone().unwrap_or_else(|| ROLLED_BACK_BY_USER.to_owned());
            if deploy::roll_back(service, &reason, at, latency).is_some() {
                if let Some(replaced) = service.deployments.get_mut(1) {
                    replaced.rollout = Rollout::Failed;
                    replaced.reason = format!("ECS deployment {} was stopped and rolled back.", replaced.id);
                    replaced.updated = at;
                }
            } else if let Some(running) = service.under_way() {
                running.become_status(Status::RollbackFailed, Some(NOTHING_TO_ROLL_BACK_TO), at);
                give_up(service, "could not be rolled back", at);
            }
            service.wake_at(at + latency.of(REACTION));
        }
        Status::InProgress
        | Status::RollbackInProgress
        | Status::Successful
        | Status::Stopped
        | Status::RollbackSuccessful
        | Status::RollbackFailed => {}
    }
}

/// PRIMARY launches nothing more.
fn give_up(service: &mut Service, how: &str, at: Timestamp) {
    if let Some(primary) = service.deployments.first_mut().filter(|p| p.rollout == Rollout::InProgress) {
        primary.rollout = Rollout::Failed;
        primary.reason = format!("ECS deployment {} {how}.", primary.id);
        primary.updated = at;
    }
}
