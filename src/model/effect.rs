//! What kanmon does to the world. An effect is its own identity: intended once at a time, concluded by exactly one fact.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::ids::{AccountName, ImageName, PlanHash, ServiceName, StageName, TaskName};

/// The place of a step: its stage and its position in the stage's list.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct StepRef {
    pub stage: StageName,
    pub step: usize,
}

/// What a task definition is for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Workload {
    Service(ServiceName),
    Task(TaskName),
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
    /// `UpdateService`.
    Update {
        #[serde(rename = "place")]
        at: StepRef,
        service: ServiceName,
    },
    /// `StopServiceDeployment` with rollback.
    StopRollout {
        #[serde(rename = "place")]
        at: StepRef,
        service: ServiceName,
    },
    /// See to it that what ran before can be put back: a revision that was deregistered is registered again.
    PrepareRestore {
        #[serde(rename = "place")]
        at: StepRef,
        service: ServiceName,
    },
    /// `UpdateService` back to what ran before.
    Restore {
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

impl Effect {
    /// Whether it leaves nothing behind outside, so that an unconcluded one is simply done again.
    pub fn is_read_only(&self) -> bool {
        match self {
            Effect::Survey { .. } | Effect::Plan { .. } | Effect::Baseline { .. } | Effect::Confirm { .. } => true,
            // A check may be a command of the user's; it is written to be run any number of times.
            Effect::Check { .. } => true,
            Effect::Build { .. }
            | Effect::Adopt { .. }
            | Effect::Copy { .. }
            | Effect::RequestApproval { .. }
            | Effect::Register { .. }
            | Effect::RunTask { .. }
            | Effect::Update { .. }
            | Effect::StopRollout { .. }
            | Effect::PrepareRestore { .. }
            | Effect::Restore { .. } => false,
        }
    }

    /// Whether it brings something new into a stage. What only puts back, stops or looks is never held up by a freeze.
    pub fn goes_forward(&self) -> bool {
        match self {
            Effect::Register { .. } | Effect::RunTask { .. } | Effect::Update { .. } => true,
            Effect::Survey { .. }
            | Effect::Build { .. }
            | Effect::Adopt { .. }
            | Effect::Copy { .. }
            | Effect::Plan { .. }
            | Effect::RequestApproval { .. }
            | Effect::Baseline { .. }
            | Effect::StopRollout { .. }
            | Effect::PrepareRestore { .. }
            | Effect::Restore { .. }
            | Effect::Check { .. }
            | Effect::Confirm { .. } => false,
        }
    }

    /// The stage it belongs to, where it belongs to one.
    pub fn stage(&self) -> Option<&StageName> {
        match self {
            Effect::Survey { .. } | Effect::Build { .. } | Effect::Adopt { .. } | Effect::Copy { .. } => None,
            Effect::Plan { stage } | Effect::RequestApproval { stage, .. } | Effect::Confirm { stage } => Some(stage),
            Effect::Baseline { at, .. }
            | Effect::Register { at, .. }
            | Effect::RunTask { at, .. }
            | Effect::Update { at, .. }
            | Effect::StopRollout { at, .. }
            | Effect::PrepareRestore { at, .. }
            | Effect::Restore { at, .. }
            | Effect::Check { at } => Some(&at.stage),
        }
    }
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Effect::Survey { .. } => write!(f, "look at the accounts"),
            Effect::Build { image } => write!(f, "build and push {image}"),
            Effect::Adopt { image } => write!(f, "take {image} as it is"),
            Effect::Copy { image, account } => write!(f, "copy {image} into {account}"),
            Effect::Plan { stage } => write!(f, "plan {stage}"),
            Effect::RequestApproval { stage, .. } => write!(f, "ask for approval of {stage}"),
            Effect::Baseline { at, service } => write!(f, "read {}/{service}", at.stage),
            Effect::Register { at, workload } => write!(f, "register {}/{workload}'s task definition", at.stage),
            Effect::RunTask { at, task } => write!(f, "run {}/{task}", at.stage),
            Effect::Update { at, service } => write!(f, "update {}/{service}", at.stage),
            Effect::StopRollout { at, service } => write!(f, "stop and roll back {}/{service}", at.stage),
            Effect::PrepareRestore { at, service } => write!(f, "prepare the way back of {}/{service}", at.stage),
            Effect::Restore { at, service } => write!(f, "restore {}/{service}", at.stage),
            Effect::Check { at } => write!(f, "check {} (step {})", at.stage, at.step + 1),
            Effect::Confirm { stage } => write!(f, "look at {stage} once more"),
        }
    }
}
