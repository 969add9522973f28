//! A stage's steps in reports: one file for each kind.

mod check;
mod kind;
mod roll;
mod run;

use self::kind::{Cases, Story};
use super::case_status::CaseStatus;
use super::story_line::StoryLine;
use crate::model::effect::StepRef;
use crate::model::release::Release;
use crate::model::step::part::StepPart;
use crate::model::step::{StepFact, StepState, each};

/// The line for a fact, if people read it as it happens.
pub fn line(fact: &StepFact, at: &StepRef, release: &Release) -> Option<StoryLine> {
    each!(fact, StepFact, fact => fact.line(at, release))
}

/// Whether no work on its case is in progress after it.
pub fn closes(fact: &StepFact) -> bool {
    each!(fact, StepFact, fact => fact.closes())
}

/// A part of a step as people read it: `STAGE/NAME`, or the stage alone.
pub fn part(at: &StepRef, part: &StepPart) -> String {
    match part {
        StepPart::Whole => at.stage.to_string(),
        StepPart::Task(task) => format!("{}/{task}", at.stage),
        StepPart::Service(service, _) => format!("{}/{service}", at.stage),
    }
}

/// The name of a case.
pub fn name(state: &StepState, at: &StepRef, part: &StepPart) -> String {
    each!(state, StepState, state => state.name(at, part))
}

/// The status of a case, once it is final.
pub fn status(state: &StepState, part: &StepPart) -> Option<CaseStatus> {
    each!(state, StepState, state => state.status(part))
}
