//! Actions whose work is done outside, as a build's is: they end when that is told.

use jiff::Timestamp;
use serde::Deserialize;

use super::CodePipeline;
use super::execution::ActionStatus;
use super::flow;
use super::pipeline::End;
use crate::model::ids::{AccountId, Region};

/// How one run of an action ended.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Told {
    account: AccountId,
    region: Region,
    pipeline: String,
    execution: String,
    /// `STAGE/ACTION`.
    action: String,
    #[serde(default)]
    end: End,
}

impl CodePipeline {
    /// Ends an action that waits to be told how.
    ///
    /// # Errors
    /// A sentence, where no such action waits.
    pub fn tell(&mut self, told: Told, now: Timestamp) -> Result<(), String> {
        let latency = self.latency;
        let place = self.places.get_mut(&(told.account, told.region));
        let pipeline = place.and_then(|p| p.get_mut(&told.pipeline));
        let pipeline = pipeline.ok_or_else(|| format!("there is no pipeline {}", told.pipeline))?;
        let e = pipeline.executions.iter().position(|e| e.id == told.execution);
        let e = e.ok_or_else(|| format!("there is no execution {}", told.execution))?;
        let waits = |stage: &super::pipeline::Stage, action: usize| {
            let declared = &stage.actions[action];
            declared.script.told && format!("{}/{}", stage.name, declared.name) == told.action
        };
        let runs = pipeline.stages.iter().zip(&mut pipeline.executions[e].stages);
        let run = runs
            .flat_map(|(stage, run)| run.actions.iter_mut().map(move |a| (stage, a)))
            .find(|(stage, run)| run.status == ActionStatus::InProgress && waits(stage, run.action));
        let (_, run) = run.ok_or_else(|| format!("no action {} waits to be told how it ends", told.action))?;
        flow::conclude(run, told.end, now);
        flow::proceed(pipeline, e, now, latency);
        flow::admit(pipeline, now, latency);
        Ok(())
    }
}
