//! What every kind of step says in reports. No method has a default.

use crate::model::effect::StepRef;
use crate::model::release::Release;
use crate::model::step::part::StepPart;
use crate::report::case_status::CaseStatus;
use crate::report::story_line::StoryLine;

/// A step's state, as cases: what had to hold, one for each of its parts.
pub trait Cases {
    /// A case in the words by which the same is told while it is done.
    fn name(&self, at: &StepRef, part: &StepPart) -> String;
    /// Whether it held, once that is known for good.
    fn status(&self, part: &StepPart) -> Option<CaseStatus>;
}

/// A fact, as a line of the story.
pub trait Story {
    /// `None`: nothing that people want to read as it happens.
    fn line(&self, at: &StepRef, release: &Release) -> Option<StoryLine>;
    /// Whether nothing goes on about its case after it, until that is begun anew.
    fn closes(&self) -> bool;
}
