//! For how long after its push an image is scanned again: `ecrConfiguration` of GetConfiguration and UpdateConfiguration.
//! Pulls and use, which can prolong it in AWS, are not followed here.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::Inspector;
use super::filter::invalid;
use crate::model::ids::{AccountId, Region};
use crate::sandbox::service::{Answer, Call};
use crate::sandbox::wire::epoch;

/// `EcrRescanDuration`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Duration {
    Lifetime,
    Days(u32),
}

impl Duration {
    fn named(name: &str) -> Option<Duration> {
        match name.strip_prefix("DAYS_") {
            Some(days) => {
                let days = days.parse().ok()?;
                [3, 7, 14, 30, 60, 90, 180].contains(&days).then_some(Duration::Days(days))
            }
            None => (name == "LIFETIME").then_some(Duration::Lifetime),
        }
    }

    fn name(self) -> String {
        match self {
            Duration::Lifetime => "LIFETIME".to_owned(),
            Duration::Days(days) => format!("DAYS_{days}"),
        }
    }

    /// `None`: as long as the image exists.
    pub fn days(self) -> Option<u32> {
        match self {
            Duration::Lifetime => None,
            Duration::Days(days) => Some(days),
        }
    }
}

/// An account's setting in a region.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rescans {
    pub push: Duration,
    updated: Option<Timestamp>,
}

impl Default for Rescans {
    /// 14 days, as new accounts have it.
    fn default() -> Rescans {
        Rescans { push: Duration::Days(14), updated: None }
    }
}

impl Inspector {
    pub fn rescans(&self, account: &AccountId, region: &Region) -> Rescans {
        self.rescans.get(&(account.clone(), region.clone())).copied().unwrap_or_default()
    }
}

pub fn get(inspector: &Inspector, call: &Call) -> Value {
    let rescans = inspector.rescans(call.account, call.region);
    let mut state = json!({"rescanDuration": rescans.push.name(), "status": "SUCCESS"});
    if let Some(at) = rescans.updated {
        state["updatedAt"] = epoch(at);
    }
    json!({"ecrConfiguration": {"rescanDurationState": state}})
}

pub fn update(inspector: &mut Inspector, call: &Call) -> Answer {
    if let Some(ecr) = call.input.get("ecrConfiguration").filter(|c| !c.is_null()) {
        let name = ecr.get("rescanDuration").and_then(Value::as_str).unwrap_or_default();
        let push = Duration::named(name).ok_or_else(|| invalid(format!("rescanDuration {name} is not valid")))?;
        let place = (call.account.clone(), call.region.clone());
        inspector.rescans.insert(place, Rescans { push, updated: Some(call.now) });
    }
    Ok(json!({}))
}
