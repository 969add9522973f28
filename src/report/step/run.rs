//! A one-off task in reports.

use super::kind::{Cases, Story};
use crate::model::arn;
use crate::model::effect::{Effect, StepRef};
use crate::model::release::Release;
use crate::model::step::part::StepPart;
use crate::model::step::run::{RunFact, RunState};
use crate::report::held::Held;
use crate::report::line::{Line, Mark};
use crate::report::{effect, rollout};

impl Cases for RunState {
    fn name(&self, at: &StepRef, _part: &StepPart) -> String {
        effect::text(&Effect::RunTask { at: at.clone(), task: self.task.clone() })
    }

    fn held(&self, _part: &StepPart) -> Option<Held> {
        match &self.ended {
            Some(end) => Some(if end.exit_code == Some(0) { Held::Yes } else { Held::No }),
            None => self.overdue.then_some(Held::No),
        }
    }
}

impl Story for RunFact {
    fn line(&self, at: &StepRef, _release: &Release) -> Option<Line> {
        match self {
            RunFact::TaskStarted { task, arn } => {
                Line::new(Mark::Begun, format!("{}/{task}", at.stage), format!("runs as task {}", arn::last(arn)))
            }
            RunFact::TaskOverdue { task } => {
                Line::new(Mark::Failed, format!("{}/{task}", at.stage), "still runs after its timeout")
            }
            RunFact::TaskRan { task, end } => {
                let topic = format!("{}/{task}", at.stage);
                match end.exit_code {
                    Some(0) => Line::new(Mark::Done, topic, "ran, exit code 0"),
                    Some(code) => Line::new(Mark::Failed, topic, format!("exit code {code}{}", rollout::meaning(code))),
                    None => Line::new(Mark::Failed, topic, end.said.clone().unwrap_or_else(|| "never ran".to_owned())),
                }
            }
        }
    }

    fn closes(&self) -> bool {
        match self {
            RunFact::TaskRan { .. } => true,
            RunFact::TaskStarted { .. } | RunFact::TaskOverdue { .. } => false,
        }
    }
}
