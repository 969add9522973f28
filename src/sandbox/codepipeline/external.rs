//! Actions whose work is done outside, such as a build: they end when somebody reports the end.

use jiff::Timestamp;
use serde::Deserialize;

use super::CodePipeline;
use super::execution::ActionStatus;
use super::flow;
use super::pipeline::ActionResult;
use crate::model::ids::{AccountId, Region};

/// How one run of an action ended.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActionEnd {
    account: AccountId,
    region: Region,
    pipeline: String,
    execution: String,
    /// `STAGE/ACTION`.
    action: String,
    #[serde(default)]
    end: ActionResult,
}

impl CodePipeline {
    /// Ends an action that waits for its end from outside.
    ///
    /// # Errors
    /// A sentence, where no such action waits.
    pub fn end_action(&mut self, end: ActionEnd, now: Timestamp) -> Result<(), String> {
        let latency = self.latency;
        let pipelines = self.regions.get_mut(&(end.account, end.region));
        let pipeline = pipelines.and_then(|p| p.get_mut(&end.pipeline));
        let pipeline = pipeline.ok_or_else(|| format!("there is no pipeline {}", end.pipeline))?;
        let e = pipeline.executions.iter().position(|e| e.id == end.execution);
        let e = e.ok_or_else(|| format!("there is no execution {}", end.execution))?;
        let waits = |stage: &super::pipeline::Stage, action: usize| {
            let declared = &stage.actions[action];
            declared.behaviour.external && format!("{}/{}", stage.name, declared.name) == end.action
        };
        let runs = pipeline.stages.iter().zip(&mut pipeline.executions[e].stages);
        let run = runs
            .flat_map(|(stage, run)| run.actions.iter_mut().map(move |a| (stage, a)))
            .find(|(stage, run)| run.status == ActionStatus::InProgress && waits(stage, run.action));
        let (_, run) = run.ok_or_else(|| format!("no action {} waits for its end", end.action))?;
        flow::conclude(run, end.end, now);
        flow::proceed(pipeline, e, now, latency);
        flow::admit(pipeline, now, latency);
        Ok(())
    }
}
