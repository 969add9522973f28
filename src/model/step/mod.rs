//! A stage's steps. Each kind has a module with its form in the pipeline, its state, and the facts that change the state; the enums here
//! only delegate.

pub mod check;
mod kind;
pub mod part;
pub mod roll;
pub mod roll_state;
pub mod run;

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use self::check::{Check, CheckFact, CheckState};
use self::kind::{About, Spec, State};
use self::part::{StepPart, StepRef};
use self::roll::{Roll, RollFact};
use self::roll_state::RollStates;
use self::run::{Run, RunFact, RunState};
use super::effect::{Effect, Workload};
use super::fact_kind;
use super::ids::{AccountName, ServiceName, TaskName};
use super::illegal::IllegalReason;

/// The same for each kind of step: `each!(VALUE, ENUM, NAME => EXPRESSION)`. The expression names a method that every kind has in its own
/// module of the room, so that a new kind does not compile until it has it too.
macro_rules! each {
    ($value:expr, $kinds:ident, $name:ident => $then:expr) => {
        match $value {
            $kinds::Run($name) => $then,
            $kinds::Roll($name) => $then,
            $kinds::Check($name) => $then,
        }
    };
}
pub(crate) use each;

/// The kinds: the specification of each, its state, and its facts.
macro_rules! kinds {
    ($($kind:ident: $spec:ty, $state:ty, $fact:ty;)+) => {
        /// A step of the pipeline.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[serde(tag = "step", rename_all = "kebab-case")]
        pub enum Step {
            $($kind($spec),)+
        }

        /// The state of a step.
        #[derive(Debug, Clone, PartialEq)]
        pub enum StepState {
            $($kind($state),)+
        }

        /// A fact about a step.
        #[derive(Debug, Clone, PartialEq, Serialize)]
        #[serde(untagged)]
        pub enum StepFact {
            $($kind($fact),)+
        }

        $(impl From<$fact> for StepFact {
            fn from(fact: $fact) -> StepFact {
                StepFact::$kind(fact)
            }
        })+

        impl Step {
            /// Its state before its first fact.
            pub fn state(&self) -> StepState {
                match self {
                    $(Step::$kind(step) => StepState::$kind(step.state()),)+
                }
            }
        }

        impl StepState {
            /// Applies a fact about this step.
            ///
            /// # Errors
            /// Why it cannot follow.
            pub(super) fn take(&mut self, fact: &StepFact, step: &StepRef, at: Timestamp) -> Result<(), IllegalReason> {
                match self {
                    $(StepState::$kind(state) => {
                        let StepFact::$kind(fact) = fact else { return Err(IllegalReason::OtherStepKind) };
                        State::take(state, fact, step, at)
                    })+
                }
            }

            /// Checks that a fact agrees with those before it.
            ///
            /// # Errors
            /// What differs.
            pub(super) fn agrees(&self, fact: &StepFact, at: &StepRef) -> Result<(), IllegalReason> {
                match self {
                    $(StepState::$kind(state) => {
                        let StepFact::$kind(fact) = fact else { return Err(IllegalReason::OtherStepKind) };
                        State::agrees(state, fact, at)
                    })+
                }
            }
        }

        impl StepFact {
            /// Reads a fact of this kind; `None`: no step has a fact of this kind.
            pub(super) fn read(kind: &str, value: &Value) -> Option<serde_json::Result<StepFact>> {
                None$(.or_else(|| family::<$fact>(kind, value).map(|fact| fact.map(StepFact::$kind))))+
            }

            /// Whether a step has facts of this kind.
            pub(super) fn is_kind(kind: &str) -> bool {
                $(fact_kind::is_known(kind, |members| <$fact>::deserialize(members)))||+
            }
        }
    };
}

kinds! {
    Run: Run, RunState, RunFact;
    Roll: Roll, RollStates, RollFact;
    Check: Check, CheckState, CheckFact;
}

/// Reads a fact as one of this kind of step; `None`: it is of another kind.
fn family<F: DeserializeOwned>(kind: &str, value: &Value) -> Option<serde_json::Result<F>> {
    fact_kind::is_known(kind, |members| F::deserialize(members)).then(|| F::deserialize(value))
}

impl Step {
    /// The services that it changes.
    pub fn services(&self) -> &[ServiceName] {
        each!(self, Step, step => step.services())
    }

    /// The one-off task that it runs.
    pub fn task(&self) -> Option<&TaskName> {
        each!(self, Step, step => step.task())
    }

    /// The account whose credentials it passes to a command.
    pub fn account(&self) -> Option<&AccountName> {
        each!(self, Step, step => Spec::account(step))
    }

    /// The check, where the step is one.
    pub fn check(&self) -> Option<&Check> {
        if let Step::Check(check) = self { Some(check) } else { None }
    }

    /// Whether it has this part.
    pub fn has(&self, part: &StepPart) -> bool {
        self.parts().contains(part)
    }

    /// Its parts, in their order.
    pub fn parts(&self) -> Vec<StepPart> {
        each!(self, Step, step => step.parts())
    }
}

impl StepState {
    pub(super) fn intend(&mut self, effect: &Effect, at: Timestamp) {
        each!(self, StepState, state => state.intend(effect, at));
    }

    pub(super) fn register(&mut self, workload: &Workload, step: &StepRef, arn: &str) -> Result<(), IllegalReason> {
        each!(self, StepState, state => state.register(workload, step, arn))
    }

    pub(super) fn go_on(&mut self, at: Timestamp) {
        each!(self, StepState, state => state.go_on(at));
    }

    /// The services that it rolls.
    pub fn rolls(&self) -> Option<&RollStates> {
        each!(self, StepState, state => state.rolls())
    }
}

impl StepFact {
    /// The part of the step that it is about.
    pub fn part(&self) -> StepPart {
        each!(self, StepFact, fact => fact.part())
    }
}
