//! CloudWatch alarms, and which of them a deployment watches.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::wire::{flag, texts};

/// `StateValue` of CloudWatch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AlarmState {
    Ok,
    Alarm,
    InsufficientData,
}

/// The alarms of an account and region, by name. One that is not listed does not fire.
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

/// `alarms` of a deployment's configuration, where they are watched.
pub fn configured(configuration: &Value) -> Option<&Value> {
    configuration.get("alarms").filter(|a| flag(a, "enable"))
}

/// The alarms that a deployment with this configuration watches.
pub fn watched(configuration: &Value) -> Vec<&str> {
    configured(configuration).map(|a| texts(a, "alarmNames")).unwrap_or_default()
}
