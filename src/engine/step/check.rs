//! A check: done once, and judged.

use super::kind::Walk;
use crate::engine::agenda::{Agenda, Flow, Halt};
use crate::engine::ending;
use crate::model::effect::{Effect, StepRef};
use crate::model::pipeline::Stage;
use crate::model::step::check::CheckState;
use crate::model::verdict::Verdict;

impl Walk for CheckState {
    fn walk(&self, a: &mut Agenda<'_>, stage: &Stage, at: &StepRef) -> Flow {
        match &self.judged {
            None => a.effect(Effect::Check { at: at.clone() }),
            Some((verdict, _)) if verdict.passes() => Ok(()),
            Some((verdict, result)) => Err(Halt::End(ending::check_failed(&stage.name, *verdict, result))),
        }
    }

    fn ran(&self) -> bool {
        false
    }

    fn is_unknown(&self) -> bool {
        self.judged.as_ref().is_some_and(|(verdict, _)| *verdict == Verdict::Unknown)
    }
}
