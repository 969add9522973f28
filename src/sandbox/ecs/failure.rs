//! What follows when a monitor ends a deployment: the rollback, the stop, or the stall.

use jiff::Timestamp;

use super::deploy;
use super::service::{Rollout, Service};
use super::service_deployment::Status;
use crate::sandbox::latency::Latency;

/// A monitor's messages for what it detected, and what it does.
pub struct Verdict {
    pub rollback: bool,
    /// `rolloutStateReason` of the failed deployment.
    pub failed: &'static str,
    /// The service's event, after `(deployment ID) `.
    pub event: &'static str,
    pub rolled_back: &'static str,
    pub not_rolled_back: &'static str,
    pub nothing_to_roll_back_to: &'static str,
    pub rollback_failed: &'static str,
}

/// Ends PRIMARY: it launches nothing more.
pub fn fall(service: &mut Service, verdict: &Verdict, at: Timestamp, latency: Latency) {
    let Some(primary) = service.deployments.first_mut() else { return };
    primary.rollout = Rollout::Failed;
    primary.reason = verdict.failed.to_owned();
    primary.updated = at;
    let message = format!("(deployment {}) {}", primary.id, verdict.event);
    service.add_event(at, &message);
    let Some(running) = service.under_way() else { return };
    match running.status() {
        Status::Pending | Status::StopRequested => {}
        Status::InProgress => after(service, verdict, at, latency),
        Status::RollbackRequested => {
            let wanted = running.rollback_wanted.clone().unwrap_or_else(|| verdict.rolled_back.to_owned());
            if deploy::roll_back(service, &wanted, at, latency).is_none() {
                end(service, Status::RollbackFailed, verdict.nothing_to_roll_back_to, at);
            }
        }
        Status::RollbackInProgress => end(service, Status::RollbackFailed, verdict.rollback_failed, at),
        Status::Successful | Status::Stopped | Status::RollbackSuccessful | Status::RollbackFailed => {}
    }
}

fn after(service: &mut Service, verdict: &Verdict, at: Timestamp, latency: Latency) {
    if !verdict.rollback {
        // As `ServiceDeployment.stoppedAt` has it: without rollback the failed service deployment stops.
        end(service, Status::Stopped, verdict.not_rolled_back, at);
    } else if deploy::roll_back(service, verdict.rolled_back, at, latency).is_none()
        && let Some(running) = service.under_way()
    {
        // Nothing completed before: the deployment launches nothing more and stalls.
        running.status_reason = Some(verdict.nothing_to_roll_back_to.to_owned());
        running.updated = at;
    }
}

fn end(service: &mut Service, status: Status, reason: &str, at: Timestamp) {
    if let Some(running) = service.under_way() {
        running.become_status(status, Some(reason), at);
    }
}
