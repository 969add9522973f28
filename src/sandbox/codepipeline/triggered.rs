//! Executions that nobody starts by a call: an event's rule, a webhook, a poll.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::execution::{Trigger, TriggerType};
use super::{CodePipeline, api, flow, variables};
use crate::model::ids::{AccountId, Region};

/// What starts an execution of a pipeline.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Triggered {
    account: AccountId,
    region: Region,
    pipeline: String,
    trigger: TriggerType,
    /// `triggerDetail`: the rule's ARN, the webhook's.
    #[serde(default)]
    detail: String,
}

impl CodePipeline {
    /// Starts an execution with the defaults of its variables; its id.
    ///
    /// # Errors
    /// A sentence, where there is no such pipeline, or a variable has no default.
    pub fn trigger(&mut self, by: Triggered, now: Timestamp) -> Result<String, String> {
        let latency = self.latency;
        let pipelines = self.regions.get_mut(&(by.account, by.region));
        let pipeline = pipelines.and_then(|p| p.get_mut(&by.pipeline));
        let pipeline = pipeline.ok_or_else(|| format!("there is no pipeline {}", by.pipeline))?;
        let variables = variables::resolve(pipeline, &Value::Null).map_err(|e| e.message)?;
        let trigger = Trigger { kind: by.trigger, detail: by.detail };
        let id = api::begin(pipeline, variables, BTreeMap::new(), trigger, now);
        flow::admit(pipeline, now, latency);
        Ok(id)
    }
}
