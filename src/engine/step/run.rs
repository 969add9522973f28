//! A one-off task: its task definition, its start, its end.

use super::kind::Walk;
use crate::engine::agenda::{Agenda, Flow, Halt};
use crate::engine::decision::Watch;
use crate::engine::{ending, enter};
use crate::model::effect::{Effect, StepRef, Workload};
use crate::model::pipeline::Stage;
use crate::model::step::part::StepPart;
use crate::model::step::run::RunState;
use crate::model::waiting::{StepProgress, Wait, Waiting};

impl Walk for RunState {
    fn walk(&self, a: &mut Agenda<'_>, stage: &Stage, at: &StepRef) -> Flow {
        let pipeline = &a.release.started.pipeline;
        let task = &self.task;
        if let Some(end) = &self.ended {
            return match end.exit_code {
                Some(0) => Ok(()),
                Some(_) | None => Err(Halt::End(ending::task_failed(&at.stage, task, end))),
            };
        }
        if self.started.is_none() {
            enter::still_valid(a, stage)?;
        }
        if self.registered.is_none() {
            return a.effect(Effect::Register { at: at.clone(), workload: Workload::Task(task.clone()) });
        }
        let Some((arn, counted_from)) = &self.started else {
            return a.effect(Effect::RunTask { at: at.clone(), task: task.clone() });
        };
        // The clock alone is not enough: it may have ended while it could not be read.
        if self.overdue {
            return Err(Halt::End(ending::task_timed_out(&at.stage, task, arn, pipeline.task(task).timeout)));
        }
        let part = StepPart::Task(task.clone());
        let what = Waiting::Step { at: at.clone(), part: part.clone(), progress: StepProgress::Runs };
        let why = Wait::at_most(what, *counted_from, pipeline.task(task).timeout);
        a.watch(Watch::Step { at: at.clone(), part }, pipeline.poll, why)
    }

    fn ran(&self) -> bool {
        self.ended.is_some()
    }

    fn is_unknown(&self) -> bool {
        false
    }
}
