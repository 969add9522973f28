//! What the scheduler needs beyond a service and its tasks.

use jiff::SignedDuration;

use super::alarms::Alarms;
use super::families::Families;
use crate::sandbox::latency::Latency;

/// From a task's change to the scheduler's reaction.
pub const REACTION: SignedDuration = SignedDuration::from_secs(1);

/// A container that AWS puts beside those of the task definition.
#[derive(Debug, Clone, PartialEq)]
pub struct Injected {
    pub name: String,
    pub image: String,
}

/// What the scheduler needs beyond a service and its tasks.
pub struct SchedulerContext<'a> {
    pub families: &'a Families,
    pub injected: &'a [Injected],
    pub alarms: &'a Alarms,
    pub latency: Latency,
}
