//! `check`: an HTTP request or a command that must succeed.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::kind::{About, Spec, State};
use super::part::{StepPart, StepRef};
use super::roll_state::RollStates;
use crate::model::check_result::CheckResult;
use crate::model::effect::{Effect, Workload};
use crate::model::ids::{AccountName, ServiceName, TaskName};
use crate::model::illegal::IllegalReason;
use crate::model::unresolved::Unresolved;
use crate::model::verdict::Verdict;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "check", rename_all = "kebab-case")]
pub enum Check {
    /// Repeated until the answer is as expected, or the timeout has passed.
    Http { url: String, status: u16, contains: Option<String>, timeout: SignedDuration },
    /// Runs once; exit code 0 passes.
    Command {
        argv: Vec<String>,
        timeout: SignedDuration,
        /// The account whose credentials it gets; `None`: none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        account: Option<AccountName>,
    },
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct CheckState {
    /// Its verdict and result.
    pub judged: Option<(Verdict, CheckResult)>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum CheckFact {
    CheckJudged { verdict: Verdict, result: CheckResult },
}

impl Check {
    /// The account whose credentials it gets.
    pub fn account(&self) -> Option<&AccountName> {
        match self {
            Check::Command { account, .. } => account.as_ref(),
            Check::Http { .. } => None,
        }
    }
}

impl Spec for Check {
    type State = CheckState;

    fn state(&self) -> CheckState {
        CheckState::default()
    }

    fn services(&self) -> &[ServiceName] {
        &[]
    }

    fn task(&self) -> Option<&TaskName> {
        None
    }

    fn account(&self) -> Option<&AccountName> {
        self.account()
    }

    fn parts(&self) -> Vec<StepPart> {
        vec![StepPart::Whole]
    }
}

impl State for CheckState {
    type Fact = CheckFact;

    fn take(&mut self, fact: &CheckFact, _step: &StepRef, _at: Timestamp) -> Result<(), IllegalReason> {
        let CheckFact::CheckJudged { verdict, result } = fact;
        self.judged = Some((*verdict, result.clone()));
        Ok(())
    }

    fn agrees(&self, _fact: &CheckFact, _at: &StepRef) -> Result<(), IllegalReason> {
        Ok(())
    }

    fn intend(&mut self, _effect: &Effect, _at: Timestamp) {}

    fn register(&mut self, workload: &Workload, step: &StepRef, _arn: &str) -> Result<(), IllegalReason> {
        Err(Unresolved::Part(step.clone(), workload.part()).into())
    }

    fn go_on(&mut self, _at: Timestamp) {}

    fn rolls(&self) -> Option<&RollStates> {
        None
    }
}

impl About for CheckFact {
    fn part(&self) -> StepPart {
        match self {
            CheckFact::CheckJudged { .. } => StepPart::Whole,
        }
    }
}
