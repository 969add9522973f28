//! Names that a pipeline, or a record of one, uses but does not define.

use serde::{Deserialize, Serialize};

use super::effect::StepRef;
use super::ids::{AccountName, ImageName, ServiceName, StageName, TaskName};
use super::step::part::StepPart;

/// What the pipeline does not have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unresolved {
    /// Any stage.
    NoStages,
    /// A single stage of this name: there are two.
    RepeatedStage(StageName),
    Account(AccountName),
    Image(ImageName),
    Service(ServiceName),
    Task(TaskName),
    Stage(StageName),
    Step(StepRef),
    /// This part of an existing step.
    Part(StepRef, StepPart),
    /// A step of the stage that rolls the service.
    ServiceOfStage {
        stage: StageName,
        service: ServiceName,
    },
    /// A step of the stage that runs the task.
    TaskOfStage {
        stage: StageName,
        task: TaskName,
    },
    /// An image for the container in the stage.
    Container {
        stage: StageName,
        container: String,
    },
}
