//! The words for an event that cannot follow those before it.

use super::words::Words;
use crate::model::illegal::{Illegal, IllegalReason};
use crate::model::step::part::{Direction, StepPart};
use crate::model::unresolved::Unresolved;

/// Sentence and cause.
pub fn words(illegal: &Illegal) -> Words {
    let Illegal { seq, kind, why } = illegal;
    if *why == IllegalReason::NoEvents {
        return Words::new(reason(why));
    }
    Words::new(format!("event {seq} ({kind}) cannot follow those before it")).cause(reason(why))
}

fn reason(why: &IllegalReason) -> String {
    match why {
        IllegalReason::NoEvents => "the record has no events".to_owned(),
        IllegalReason::NotStarted => "the first event must be `started`".to_owned(),
        IllegalReason::StartedTwice => "the release has already started".to_owned(),
        IllegalReason::OtherRelease => "it belongs to another release".to_owned(),
        IllegalReason::WrongNumber { expected } => format!("event {expected} was expected"),
        IllegalReason::AfterEnd => "the release has ended, and nobody has resumed it".to_owned(),
        IllegalReason::Unresolved(unresolved) => missing(unresolved),
        IllegalReason::EffectUnderWay => "the same effect is already in progress".to_owned(),
        IllegalReason::EffectNotUnderWay => "the effect is not in progress".to_owned(),
        IllegalReason::NoOpenRequest => "no approval was requested".to_owned(),
        IllegalReason::OtherThanRequested => "what was approved is not what was requested".to_owned(),
        IllegalReason::NothingToWithdraw => "there is no approval to withdraw".to_owned(),
        IllegalReason::NotPlannedOrJudged => "the stage has no plan, or its gate has not been evaluated".to_owned(),
        IllegalReason::EnteredTwice => "the stage was entered before".to_owned(),
        IllegalReason::GateNotPassed => "the stage's gate did not pass".to_owned(),
        IllegalReason::UnnamedGateNotPassed => {
            "the stage's gate did not pass for a container that the file does not name".to_owned()
        }
        IllegalReason::ApprovalMissing => "the stage needs an approval, and none was given".to_owned(),
        IllegalReason::NotEntered { stage } => format!("{stage} was not entered"),
        IllegalReason::OtherStepKind => "the step is of another kind".to_owned(),
        IllegalReason::RolloutNotStarted { direction: Direction::Forward } => "no rollout was started".to_owned(),
        IllegalReason::RolloutNotStarted { direction: Direction::Back } => "no rollback was started".to_owned(),
        IllegalReason::TaskNotStarted { stage } => format!("no task was started in {stage}"),
        IllegalReason::NoImage { image } => format!("the release does not have image {image} yet"),
        IllegalReason::OtherImage { image, own, found } => {
            format!("image {image} of the release is {}, not {}", own.short(), found.short())
        }
        IllegalReason::OtherImagePlanned { stage, container, image, own, planned } => format!(
            "image {image} of the release is {}, but container {container} of {stage} is planned with {planned}",
            own.short()
        ),
        IllegalReason::OtherDefinitionRegistered { stage, workload } => {
            format!("the task definition registered for {stage}/{workload} is not the one that was planned")
        }
        IllegalReason::OtherDefinitionRolled { stage, service, registered, rolled } => {
            format!("{registered} was registered for {stage}/{service}, but {rolled} was deployed")
        }
    }
}

/// What a pipeline lacks, as a sentence. People count steps from 1.
fn missing(unresolved: &Unresolved) -> String {
    match unresolved {
        Unresolved::NoStages => "the pipeline has no stages".to_owned(),
        Unresolved::RepeatedStage(stage) => format!("the pipeline has stage {stage} twice"),
        Unresolved::Account(name) => format!("the pipeline has no account {name}"),
        Unresolved::Image(name) => format!("the pipeline has no image {name}"),
        Unresolved::Service(name) => format!("the pipeline has no service {name}"),
        Unresolved::Task(name) => format!("the pipeline has no task {name}"),
        Unresolved::Stage(name) => format!("the pipeline has no stage {name}"),
        Unresolved::Step(at) => format!("stage {} has no step {}", at.stage, at.step + 1),
        Unresolved::Part(at, StepPart::Task(task)) => {
            format!("step {} of {} does not run {task}", at.step + 1, at.stage)
        }
        Unresolved::Part(at, StepPart::Service(service, _)) => {
            format!("step {} of {} does not deploy {service}", at.step + 1, at.stage)
        }
        Unresolved::Part(at, StepPart::Whole) => format!("step {} of {} is of another kind", at.step + 1, at.stage),
        Unresolved::ServiceOfStage { stage, service } => format!("stage {stage} does not deploy service {service}"),
        Unresolved::TaskOfStage { stage, task } => format!("stage {stage} does not run task {task}"),
        Unresolved::Container { stage, container } => format!("{stage} names no container {container}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::step::part::StepRef;

    #[test]
    fn an_event_that_cannot_follow_says_why() {
        let illegal = |why| Illegal { seq: 4, kind: "stage-entered".to_owned(), why };
        insta::assert_snapshot!(words(&illegal(IllegalReason::WrongNumber { expected: 3 })).line(), @"event 4 (stage-entered) cannot follow those before it: event 3 was expected");
        let unresolved = Unresolved::Stage("moon".parse().unwrap());
        insta::assert_snapshot!(words(&illegal(unresolved.into())).line(), @"event 4 (stage-entered) cannot follow those before it: the pipeline has no stage moon");
    }

    #[test]
    fn steps_are_counted_from_one() {
        let at = StepRef { stage: "dev".parse().unwrap(), step: 0 };
        let part = |part| missing(&Unresolved::Part(at.clone(), part));
        insta::assert_snapshot!(missing(&Unresolved::Step(at.clone())), @"stage dev has no step 1");
        insta::assert_snapshot!(part(StepPart::Task("migrate".parse().unwrap())), @"step 1 of dev does not run migrate");
        insta::assert_snapshot!(part(StepPart::Service("web".parse().unwrap(), Direction::Back)), @"step 1 of dev does not deploy web");
        insta::assert_snapshot!(part(StepPart::Whole), @"step 1 of dev is of another kind");
    }
}
