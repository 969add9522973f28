//! A check in reports.

use super::kind::{Cases, Story};
use crate::model::effect::{Effect, StepRef};
use crate::model::release::Release;
use crate::model::step::check::{CheckFact, CheckState};
use crate::model::step::part::StepPart;
use crate::report::case_status::CaseStatus;
use crate::report::story_line::{Mark, StoryLine};
use crate::report::{check, effect};

impl Cases for CheckState {
    fn name(&self, at: &StepRef, _part: &StepPart) -> String {
        effect::text(&Effect::Check { at: at.clone() })
    }

    fn status(&self, _part: &StepPart) -> Option<CaseStatus> {
        self.judged.as_ref().map(|(verdict, _)| CaseStatus::from(*verdict))
    }
}

impl Story for CheckFact {
    fn line(&self, at: &StepRef, _release: &Release) -> Option<StoryLine> {
        let CheckFact::CheckJudged { verdict, result } = self;
        let mark = if verdict.passes() { Mark::Done } else { Mark::Failed };
        StoryLine::new(mark, at.stage.as_str(), format!("check: {}", check::result(result)))
    }

    fn closes(&self) -> bool {
        let CheckFact::CheckJudged { .. } = self;
        true
    }
}
