//! `run`: a one-off task.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::kind::{About, Spec, State};
use super::part::{StepPart, StepRef};
use super::roll_state::RollStates;
use crate::model::effect::{Effect, Workload};
use crate::model::ids::{AccountName, ServiceName, TaskName};
use crate::model::illegal::IllegalReason;
use crate::model::unresolved::Unresolved;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    pub task: TaskName,
}

#[derive(Debug, Clone, PartialEq)]
pub struct RunState {
    pub task: TaskName,
    /// The task definition's ARN.
    pub registered: Option<String>,
    /// When the start was first requested, with any result: its client token is valid from then.
    pub first_requested: Option<Timestamp>,
    /// The task's ARN, and the start of its timeout: the start, or the last resumption.
    pub started: Option<(String, Timestamp)>,
    /// Whether it was seen running after its timeout.
    pub overdue: bool,
    pub ended: Option<TaskEnd>,
}

/// How a one-off task ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskEnd {
    /// The named container's exit code; `None`: it never ran.
    pub exit_code: Option<i32>,
    /// ECS's own words, where the exit code does not explain it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum RunFact {
    TaskStarted {
        task: TaskName,
        arn: String,
    },
    /// It was seen running after its timeout.
    TaskOverdue {
        task: TaskName,
    },
    TaskRan {
        task: TaskName,
        end: TaskEnd,
    },
}

impl Spec for Run {
    type State = RunState;

    fn state(&self) -> RunState {
        RunState {
            task: self.task.clone(),
            registered: None,
            first_requested: None,
            started: None,
            overdue: false,
            ended: None,
        }
    }

    fn services(&self) -> &[ServiceName] {
        &[]
    }

    fn task(&self) -> Option<&TaskName> {
        Some(&self.task)
    }

    fn account(&self) -> Option<&AccountName> {
        None
    }

    fn parts(&self) -> Vec<StepPart> {
        vec![StepPart::Task(self.task.clone())]
    }
}

impl State for RunState {
    type Fact = RunFact;

    fn take(&mut self, fact: &RunFact, _step: &StepRef, at: Timestamp) -> Result<(), IllegalReason> {
        match fact {
            RunFact::TaskStarted { task: _, arn } => self.started = Some((arn.clone(), at)),
            RunFact::TaskOverdue { task: _ } => self.overdue = true,
            RunFact::TaskRan { task: _, end } => self.ended = Some(end.clone()),
        }
        Ok(())
    }

    fn agrees(&self, fact: &RunFact, at: &StepRef) -> Result<(), IllegalReason> {
        match fact {
            RunFact::TaskOverdue { .. } | RunFact::TaskRan { .. } if self.started.is_none() => {
                Err(IllegalReason::TaskNotStarted { stage: at.stage.clone() })
            }
            RunFact::TaskStarted { .. } | RunFact::TaskOverdue { .. } | RunFact::TaskRan { .. } => Ok(()),
        }
    }

    fn intend(&mut self, effect: &Effect, at: Timestamp) {
        if let Effect::RunTask { .. } = effect {
            self.first_requested.get_or_insert(at);
        }
    }

    fn register(&mut self, workload: &Workload, step: &StepRef, arn: &str) -> Result<(), IllegalReason> {
        match workload {
            Workload::Task(_) => self.registered = Some(arn.to_owned()),
            Workload::Service(_) => return Err(Unresolved::Part(step.clone(), workload.part()).into()),
        }
        Ok(())
    }

    fn go_on(&mut self, at: Timestamp) {
        self.overdue = false;
        if let Some((_, counted_from)) = &mut self.started {
            *counted_from = at;
        }
    }

    fn rolls(&self) -> Option<&RollStates> {
        None
    }
}

impl About for RunFact {
    fn part(&self) -> StepPart {
        match self {
            RunFact::TaskStarted { task, .. } | RunFact::TaskOverdue { task } | RunFact::TaskRan { task, .. } => {
                StepPart::Task(task.clone())
            }
        }
    }
}
