//! What kanmon does to the world. An effect is its own identity: intended once at a time, concluded by exactly one fact.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::ids::{AccountName, ImageName, PlanHash, ServiceName, StageName, TaskName};
use super::step::part::{Direction, StepPart};

pub use super::step::part::StepRef;

/// What a task definition is for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Workload {
    Service(ServiceName),
    Task(TaskName),
}

impl Workload {
    /// The part of its step that it is.
    pub fn part(&self) -> StepPart {
        match self {
            Workload::Service(service) => StepPart::Service(service.clone(), Direction::Forward),
            Workload::Task(task) => StepPart::Task(task.clone()),
        }
    }
}

impl fmt::Display for Workload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Workload::Service(s) => write!(f, "{s}"),
            Workload::Task(t) => write!(f, "{t}"),
        }
    }
}

/// One thing to do. What it needs to know beyond its name, it finds in the release.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "effect", rename_all = "kebab-case")]
pub enum Effect {
    /// Look whether everything that the stages from `from` to the release's end name is there and may be used. Reads only.
    Survey { from: StageName, until: StageName },
    /// Build an image and push it under the release's tag.
    Build { image: ImageName },
    /// Take an image that exists, into the image's own repository where it is not there yet.
    Adopt { image: ImageName },
    /// Copy an image's digest into another account's repository.
    Copy { image: ImageName, account: AccountName },
    /// Work out what a stage would change. Reads only.
    Plan { stage: StageName },
    /// Put the question to those who decide.
    RequestApproval { stage: StageName, plan: PlanHash },
    /// Read a service as it is before it is changed. Reads only.
    Baseline {
        #[serde(rename = "place")]
        at: StepRef,
        service: ServiceName,
    },
    /// Register a task definition, or find the revision that already has its content.
    Register {
        #[serde(rename = "place")]
        at: StepRef,
        workload: Workload,
    },
    /// Start a one-off task.
    RunTask {
        #[serde(rename = "place")]
        at: StepRef,
        task: TaskName,
    },
    /// `UpdateService`: to what is released, or back to what ran before.
    Update {
        #[serde(rename = "place")]
        at: StepRef,
        service: ServiceName,
        direction: Direction,
    },
    /// `StopServiceDeployment` with rollback.
    StopRollout {
        #[serde(rename = "place")]
        at: StepRef,
        service: ServiceName,
    },
    /// See to it that what ran before can be put back: a revision that was deregistered is registered again.
    PrepareRollback {
        #[serde(rename = "place")]
        at: StepRef,
        service: ServiceName,
    },
    /// Ask whether the stage works.
    Check {
        #[serde(rename = "place")]
        at: StepRef,
    },
    /// Look whether the services are still set to what they were brought to: others can deploy while the stage's later steps take
    /// their time. Reads only.
    Confirm { stage: StageName },
}

#[cfg(test)]
pub(crate) mod samples;
