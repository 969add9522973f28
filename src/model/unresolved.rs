//! A name that leads nowhere: a pipeline, or what is recorded of one, uses it, and the pipeline does not have it.

use super::effect::StepRef;
use super::ids::{AccountName, ImageName, ServiceName, StageName, TaskName};
use super::step::part::StepPart;

/// What the pipeline does not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unresolved {
    /// Not a single stage.
    NoStages,
    /// One stage of this name: it has two.
    RepeatedStage(StageName),
    Account(AccountName),
    Image(ImageName),
    Service(ServiceName),
    Task(TaskName),
    Stage(StageName),
    Step(StepRef),
    /// Such a part of a step that it has.
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
