//! A one-off task in reports.

use super::kind::{Cases, Story};
use crate::model::arn;
use crate::model::effect::{Effect, StepRef};
use crate::model::release::Release;
use crate::model::step::part::StepPart;
use crate::model::step::run::{RunFact, RunState};
use crate::report::case_status::CaseStatus;
use crate::report::story_line::{Mark, StoryLine};
use crate::report::{effect, rollout};

impl Cases for RunState {
    fn name(&self, at: &StepRef, _part: &StepPart) -> String {
        effect::text(&Effect::RunTask { at: at.clone(), task: self.task.clone() })
    }

    fn status(&self, _part: &StepPart) -> Option<CaseStatus> {
        match &self.ended {
            Some(end) => Some(if end.exit_code == Some(0) { CaseStatus::Passed } else { CaseStatus::Failed }),
            None => self.overdue.then_some(CaseStatus::Failed),
        }
    }
}

impl Story for RunFact {
    fn line(&self, at: &StepRef, _release: &Release) -> Option<StoryLine> {
        match self {
            RunFact::TaskStarted { task, arn } => {
                StoryLine::new(Mark::Begun, format!("{}/{task}", at.stage), format!("runs as task {}", arn::last(arn)))
            }
            RunFact::TaskOverdue { task } => {
                StoryLine::new(Mark::Failed, format!("{}/{task}", at.stage), "still runs after its timeout")
            }
            RunFact::TaskRan { task, end } => {
                let topic = format!("{}/{task}", at.stage);
                match end.exit_code {
                    Some(0) => StoryLine::new(Mark::Done, topic, "ran, exit code 0"),
                    Some(code) => {
                        StoryLine::new(Mark::Failed, topic, format!("exit code {code}{}", rollout::meaning(code)))
                    }
                    None => StoryLine::new(
                        Mark::Failed,
                        topic,
                        end.said.clone().unwrap_or_else(|| "never started".to_owned()),
                    ),
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
