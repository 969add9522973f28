//! What kanmon does outside itself. An effect is identified by its value: it is intended once at a time, and exactly one fact concludes it.

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
    /// The part of a step that it belongs to.
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

/// One action. Everything else that it needs is in the release.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "effect", rename_all = "kebab-case")]
pub enum Effect {
    /// Check that everything that the stages from `from` to `until` name exists and may be used. Reads only.
    Survey { from: StageName, until: StageName },
    /// Build an image and push it under the release's tag.
    Build { image: ImageName },
    /// Use an existing image, and copy it into the image's own repository where it is missing there.
    Adopt { image: ImageName },
    /// Copy an image's digest into another account's repository.
    Copy { image: ImageName, account: AccountName },
    /// Compute what a stage would change. Reads only.
    Plan { stage: StageName },
    /// Request approval.
    RequestApproval { stage: StageName, plan: PlanHash },
    /// Record a service's state before it is changed. Reads only.
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
    /// `UpdateService`: forward to the release, or back to what ran before.
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
    /// Make sure that what ran before can be restored: a deregistered revision is registered again.
    PrepareRollback {
        #[serde(rename = "place")]
        at: StepRef,
        service: ServiceName,
    },
    /// Run a check.
    Check {
        #[serde(rename = "place")]
        at: StepRef,
    },
    /// Check that the services still have the release's task definitions: others can deploy during the stage's later steps. Reads only.
    Confirm { stage: StageName },
}

#[cfg(test)]
pub(crate) mod samples;
