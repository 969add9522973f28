//! What every kind of step says in reports. No method has a default.

use crate::model::effect::StepRef;
use crate::model::release::Release;
use crate::model::step::part::StepPart;
use crate::report::case_status::CaseStatus;
use crate::report::story_line::StoryLine;

/// A step's state, as cases: what had to hold, one for each of its parts.
pub trait Cases {
    /// A case, in the words that the story uses for it.
    fn name(&self, at: &StepRef, part: &StepPart) -> String;
    /// Its status, once it is final.
    fn status(&self, part: &StepPart) -> Option<CaseStatus>;
}

/// A fact, as a line of the story.
pub trait Story {
    /// `None`: nothing that people want to read as it happens.
    fn line(&self, at: &StepRef, release: &Release) -> Option<StoryLine>;
    /// Whether its case rests after it, until that begins again.
    fn closes(&self) -> bool;
}
