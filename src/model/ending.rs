//! How a release, or a process working on one, ended.

use serde::{Deserialize, Serialize};

use super::fault::Fault;
use super::ids::ServiceName;
use super::outcome::Outcome;
use super::reason::Reason;
use super::rollout::RolloutEnd;

/// How a release, or a process working on it, ended: the reason, and the result of the rollback of a stage.
///
/// The outcome follows from these, so a record cannot contradict it; it is written down for readers of the JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Recorded", into = "Recorded")]
pub struct Ending {
    pub reason: Reason,
    pub rollback: Option<Rollback>,
}

/// The result of a failed stage, by service.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rollback {
    /// Services that run again what ran before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub restored: Vec<ServiceName>,
    /// Services that do not, although they should.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stuck: Vec<Stuck>,
    /// Whether a service still runs the release.
    #[serde(default)]
    pub changed: bool,
    /// Set where the stage froze: what a person can do by hand for each service that was not restored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frozen: Option<Vec<ManualStep>>,
}

/// A service that does not run what ran before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stuck {
    pub service: ServiceName,
    pub end: RolloutEnd,
    /// Whether `end` is the end of the rollback, else of the rollout.
    pub restoring: bool,
}

/// What a person can do about a service that still runs what failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "kebab-case")]
pub enum ManualStep {
    /// Roll back to this task definition, by its ARN.
    Restore { service: ServiceName, task_definition: String },
    /// kanmon refused to restore the recorded task definition, and nobody should do so only because the record names it.
    Refused { service: ServiceName, fault: Fault },
}

impl Ending {
    pub fn of(reason: Reason) -> Ending {
        Ending { reason, rollback: None }
    }

    /// The outcome, with the result of the rollback.
    pub fn outcome(&self) -> Outcome {
        let outcome = self.reason.outcome();
        let Some(rollback) = &self.rollback else { return outcome };
        if [Outcome::Superseded, Outcome::Stuck].contains(&outcome) {
            outcome
        } else if !rollback.stuck.is_empty() {
            Outcome::Stuck
        } else if outcome == Outcome::Aborted {
            Outcome::Aborted
        } else if !rollback.restored.is_empty() && !rollback.changed {
            Outcome::RolledBack
        } else {
            Outcome::Failed
        }
    }
}

/// An ending as it is written down.
#[derive(Clone, Serialize, Deserialize)]
struct Recorded {
    outcome: Outcome,
    reason: Reason,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rollback: Option<Rollback>,
}

impl From<Ending> for Recorded {
    fn from(ending: Ending) -> Recorded {
        let outcome = ending.outcome();
        let Ending { reason, rollback } = ending;
        Recorded { outcome, reason, rollback }
    }
}

/// A recorded outcome that does not follow from the recorded reason.
#[derive(Debug, thiserror::Error)]
#[error("outcome-mismatch")]
pub struct OutcomeMismatch;

impl TryFrom<Recorded> for Ending {
    type Error = OutcomeMismatch;

    fn try_from(recorded: Recorded) -> Result<Ending, OutcomeMismatch> {
        let Recorded { outcome, reason, rollback } = recorded;
        let ending = Ending { reason, rollback };
        if ending.outcome() == outcome { Ok(ending) } else { Err(OutcomeMismatch) }
    }
}
