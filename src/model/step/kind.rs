//! What every kind of step defines. No method has a default: a new kind defines all of them in its own module.

use jiff::Timestamp;

use super::part::{StepPart, StepRef};
use super::roll_state::RollStates;
use crate::model::effect::{Effect, Workload};
use crate::model::ids::{AccountName, ServiceName, TaskName};
use crate::model::illegal::IllegalReason;

/// A kind of step, as the file has it.
pub trait Spec {
    type State;

    /// Its state before its first fact.
    fn state(&self) -> Self::State;
    /// The services that it changes.
    fn services(&self) -> &[ServiceName];
    /// The one-off task that it runs.
    fn task(&self) -> Option<&TaskName>;
    /// The account whose credentials it passes to a command.
    fn account(&self) -> Option<&AccountName>;
    /// Its parts, in their order.
    fn parts(&self) -> Vec<StepPart>;
}

/// The state of a kind of step.
pub trait State {
    type Fact;

    /// Applies a fact; `step` is the step's position.
    ///
    /// # Errors
    /// Why it cannot follow; likewise below.
    fn take(&mut self, fact: &Self::Fact, step: &StepRef, at: Timestamp) -> Result<(), IllegalReason>;
    /// Checks that a fact agrees with those before it; `at` is the step's position.
    fn agrees(&self, fact: &Self::Fact, at: &StepRef) -> Result<(), IllegalReason>;
    /// Applies that an effect of this step is intended.
    fn intend(&mut self, effect: &Effect, at: Timestamp);
    /// Applies that a task definition was registered.
    fn register(&mut self, workload: &Workload, step: &StepRef, arn: &str) -> Result<(), IllegalReason>;
    /// Another process continues: deadlines and what counts in consecutive readings start again.
    fn go_on(&mut self, at: Timestamp);
    /// The services that it rolls.
    fn rolls(&self) -> Option<&RollStates>;
}

/// A fact of a kind of step.
pub trait About {
    fn part(&self) -> StepPart;
}
