//! What each step kind implements for reports. No method has a default.

use crate::model::effect::StepRef;
use crate::model::release::Release;
use crate::model::step::part::StepPart;
use crate::report::case_status::CaseStatus;
use crate::report::story_line::StoryLine;

/// A step's state as cases, one for each of its parts.
pub trait Cases {
    /// The name of a case, in the words of the story.
    fn name(&self, at: &StepRef, part: &StepPart) -> String;
    /// Its status, once it is final.
    fn status(&self, part: &StepPart) -> Option<CaseStatus>;
}

/// A fact, as a line of the story.
pub trait Story {
    /// `None`: people do not read it as it happens.
    fn line(&self, at: &StepRef, release: &Release) -> Option<StoryLine>;
    /// Whether no work on its case is in progress after it.
    fn closes(&self) -> bool;
}
