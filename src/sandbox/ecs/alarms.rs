//! CloudWatch alarms as a deployment watches them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::failure::{self, Verdict};
use super::rollout::{Monitor, Status};
use super::service::{Rollout, Service};
use super::tasks::Tasks;
use super::wire::{flag, texts};
use crate::sandbox::latency::Latency;

/// `StateValue` of CloudWatch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AlarmState {
    Ok,
    Alarm,
    InsufficientData,
}

/// The alarms of an account and region, by name. One that is not here is not firing.
#[derive(Debug, Clone, Default)]
pub struct Alarms(BTreeMap<String, AlarmState>);

impl Alarms {
    pub fn set(&mut self, name: &str, state: AlarmState) {
        self.0.insert(name.to_owned(), state);
    }

    /// Those of the names that are in ALARM.
    pub fn firing(&self, names: &[&str]) -> Vec<String> {
        let fires = |n: &&&str| self.0.get(**n) == Some(&AlarmState::Alarm);
        names.iter().filter(fires).map(|n| (*n).to_owned()).collect()
    }
}

fn configured(configuration: &Value) -> Option<&Value> {
    configuration.get("alarms").filter(|a| flag(a, "enable"))
}

/// The alarms that a deployment with this configuration watches.
pub fn watched(configuration: &Value) -> Vec<&str> {
    configured(configuration).map(|a| texts(a, "alarmNames")).unwrap_or_default()
}

/// Gives the deployment up when an alarm fires that did not when it began: those are ignored until its end, so that a
/// deployment can bring what mends them. ECS begins to look once a task of the new revision runs (AWS's announcement of the feature, and
/// the reason why no deployment goes back from PENDING). Says whether it did.
pub fn check(service: &mut Service, tasks: &Tasks, alarms: &Alarms, at: Timestamp, latency: Latency) -> bool {
    let Some(primary) = service.primary().filter(|p| p.rollout == Rollout::InProgress) else { return false };
    let runs = tasks.tally(&service.name, &primary.id).running > 0;
    let Some(running) = service.under_way().filter(|d| d.status() == Status::InProgress) else { return false };
    running.alarms.begun |= runs;
    if !running.alarms.begun {
        return false;
    }
    let mut firing = alarms.firing(&watched(&running.configuration));
    firing.retain(|name| !running.alarms.ignored.contains(name));
    if firing.is_empty() {
        return false;
    }
    running.alarms.triggered = firing;
    running.alarms.monitor = Monitor::Triggered;
    let rollback = configured(&running.configuration).is_some_and(|a| flag(a, "rollback"));
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
