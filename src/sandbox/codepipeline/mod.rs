//! AWS CodePipeline: pipelines with stages and actions, executions that move with time, manual approvals.
//!
//! A pure model like ECS's: whatever takes time has a date, and [`CodePipeline::advance`] lets things happen in the order of
//! their dates. Names are those of AWS's API model (`codepipeline/2015-07-09`). Actions other than approvals do nothing but
//! take their time and end as the seed says, or as somebody outside who does their work reports.

#![allow(clippy::result_large_err, reason = "the seam's error carries members of its own, and errors are rare here")]

mod api;
mod approval;
mod error;
mod execution;
pub mod external;
mod flow;
mod mode;
mod pipeline;
pub mod seed;
pub mod triggered;
mod variables;
mod view;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

use crate::model::ids::{AccountId, Region};
use crate::sandbox::latency::Latency;
use crate::sandbox::service::{Answer, Call};
use pipeline::Pipeline;

/// Pipelines of one account in one region, by name.
type Pipelines = BTreeMap<String, Pipeline>;

/// CodePipeline of all accounts and regions.
#[derive(Debug, Clone)]
pub struct CodePipeline {
    latency: Latency,
    regions: BTreeMap<(AccountId, Region), Pipelines>,
}

impl CodePipeline {
    pub fn new(latency: Latency) -> CodePipeline {
        CodePipeline { latency, regions: BTreeMap::new() }
    }

    /// Answers a call, after everything that is due by then has happened.
    ///
    /// # Errors
    /// AWS's own, by code; `UnknownOperationException` for an operation that is not served.
    pub fn handle(&mut self, call: &Call) -> Answer {
        self.advance(call.now);
        let latency = self.latency;
        let pipelines = self.regions.entry((call.account.clone(), call.region.clone())).or_default();
        api::answer(pipelines, call, latency)
    }

    /// Lets everything due until `now` happen, in the order of its dates.
    pub fn advance(&mut self, now: Timestamp) {
        while let Some((at, key, name)) = self.next_due().filter(|(at, ..)| *at <= now) {
            if let Some(pipeline) = self.regions.get_mut(&key).and_then(|p| p.get_mut(&name)) {
                flow::fire(pipeline, at, self.latency);
            }
        }
    }

    /// Sets up pipelines: see [`mod@seed`] for the form.
    ///
    /// # Errors
    /// A sentence about what is wrong in the seed.
    pub fn seed(&mut self, seed: &Value, now: Timestamp) -> Result<(), String> {
        seed::apply(self, seed, now)
    }

    /// When something next happens by itself, so that a clock may jump there.
    pub fn next_at(&self) -> Option<Timestamp> {
        self.next_due().map(|(at, ..)| at)
    }

    fn next_due(&self) -> Option<(Timestamp, (AccountId, Region), String)> {
        let mut next: Option<(Timestamp, (AccountId, Region), String)> = None;
        for (key, pipelines) in &self.regions {
            for (name, pipeline) in pipelines {
                if let Some(at) = pipeline.due()
                    && next.as_ref().is_none_or(|(t, ..)| at < *t)
                {
                    next = Some((at, key.clone(), name.clone()));
                }
            }
        }
        next
    }
}
