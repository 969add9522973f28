//! The deployment circuit breaker at work: when it fires, and what follows.

use jiff::Timestamp;

use super::breaker;
use super::failure::{self, Verdict};
use super::service::{Rollout, Service};
use super::service_deployment::Monitor;
use crate::sandbox::latency::Latency;

/// Fires when the PRIMARY deployment that is in progress has failed too often. Returns whether it did.
pub fn check(service: &mut Service, at: Timestamp, latency: Latency) -> bool {
    let configuration = service.configuration().clone();
    let threshold = breaker::threshold(&configuration, service.desired);
    let monitored = breaker::is_on(&configuration) && service.desired > 0;
    let Some(primary) = service.primary() else { return false };
    if !monitored || primary.rollout != Rollout::InProgress || primary.failed_tasks < threshold {
        return false;
    }
    if let Some(running) = service.under_way() {
        running.breaker = Monitor::Triggered;
    }
    let verdict = Verdict {
        rollback: breaker::rolls_back(&configuration),
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
