//! A deployment's alarms: when one ends it.

use jiff::Timestamp;

use super::alarms::{self, Alarms};
use super::failure::{self, Verdict};
use super::service::{Rollout, Service};
use super::service_deployment::{Monitor, Status};
use super::tasks::Tasks;
use super::wire::flag;
use crate::sandbox::latency::Latency;

/// Ends the deployment when an alarm fires that did not fire when it began: those are ignored until its end, so that a
/// deployment can fix their cause. ECS begins to look once a task of the new revision runs (AWS's announcement of the feature, and
/// the reason why no deployment goes back from PENDING). Returns whether it did.
pub fn check(service: &mut Service, tasks: &Tasks, states: &Alarms, at: Timestamp, latency: Latency) -> bool {
    let Some(primary) = service.primary().filter(|p| p.rollout == Rollout::InProgress) else { return false };
    let runs = tasks.tally(&service.name, &primary.id).running > 0;
    let Some(running) = service.under_way().filter(|d| d.status() == Status::InProgress) else { return false };
    running.alarms.begun |= runs;
    if !running.alarms.begun {
        return false;
    }
    let mut firing = states.firing(&alarms::watched(&running.configuration));
    firing.retain(|name| !running.alarms.ignored.contains(name));
    if firing.is_empty() {
        return false;
    }
    running.alarms.triggered = firing;
    running.alarms.monitor = Monitor::Triggered;
    let rollback = alarms::configured(&running.configuration).is_some_and(|a| flag(a, "rollback"));
    let verdict = Verdict {
        rollback,
        failed: "ECS deployment failed: alarm detected.",
        event: "deployment failed: alarm detected.",
        rolled_back: "Service deployment rolled back because of an alarm that was detected.",
        not_rolled_back: "Service deployment failed because of an alarm that was detected.",
        nothing_to_roll_back_to: "An alarm was detected and there is no completed service deployment to roll back to.",
        rollback_failed: "Service deployment rollback failed because of an alarm that was detected.",
    };
    failure::fall(service, &verdict, at, latency);
    true
}
