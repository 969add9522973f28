//! Positions in a release: a step, and a part of it.

use serde::{Deserialize, Serialize};

use crate::model::ids::{ServiceName, StageName, TaskName};

/// A step, by its stage and its position in the stage's list.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct StepRef {
    pub stage: StageName,
    pub step: usize,
}

/// The direction of a rollout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// To what is released.
    Forward,
    /// To what ran before.
    Back,
}

/// The part of a step that something is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StepPart {
    Whole,
    Task(TaskName),
    Service(ServiceName, Direction),
}
