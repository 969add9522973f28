//! Why an event cannot follow the events before it, as data. `report` writes the words.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::effect::Workload;
use super::ids::{Digest, ImageName, ServiceName, StageName};
use super::step::part::Direction;
use super::unresolved::Unresolved;

/// An event that cannot follow the events before it: the journal is damaged, or kanmon has a defect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Illegal {
    /// The event's number; 0 where there is no event.
    pub seq: u64,
    /// The fact's kind, as in the journal.
    pub kind: String,
    pub why: IllegalReason,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IllegalReason {
    NoEvents,
    /// The first event does not start a release.
    NotStarted,
    StartedTwice,
    OtherRelease,
    WrongNumber {
        expected: u64,
    },
    /// The release has ended, and no process has taken it up again.
    AfterEnd,
    /// It names something that the release's pipeline does not have.
    Unresolved(Unresolved),
    EffectUnderWay,
    EffectNotUnderWay,
    /// No approval is requested.
    NoOpenRequest,
    /// The approval is of another plan, or does not approve.
    OtherThanRequested,
    NothingToWithdraw,
    /// A stage is entered without a plan and a judgement of the gate.
    NotPlannedOrJudged,
    EnteredTwice,
    GateNotPassed,
    /// The gate did not pass for a container that the file does not name.
    UnnamedGateNotPassed,
    ApprovalMissing,
    NotEntered {
        stage: StageName,
    },
    /// The step is of another kind than the fact.
    OtherStepKind,
    RolloutNotStarted {
        direction: Direction,
    },
    TaskNotStarted {
        stage: StageName,
    },
    NoImage {
        image: ImageName,
    },
    /// The release has another digest of the image.
    OtherImage {
        image: ImageName,
        own: Digest,
        found: Digest,
    },
    /// A container is planned with another image than the release's, by its reference.
    OtherImagePlanned {
        stage: StageName,
        container: String,
        image: ImageName,
        own: Digest,
        planned: String,
    },
    /// What was registered is not what was planned.
    OtherDefinitionRegistered {
        stage: StageName,
        workload: Workload,
    },
    /// Task definitions by their ARNs.
    OtherDefinitionRolled {
        stage: StageName,
        service: ServiceName,
        registered: String,
        rolled: String,
    },
}

impl From<Unresolved> for IllegalReason {
    fn from(unresolved: Unresolved) -> IllegalReason {
        IllegalReason::Unresolved(unresolved)
    }
}

impl std::error::Error for Illegal {}

/// For logs: the event's number, the fact's kind, and the reason as data.
impl fmt::Display for Illegal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {:?}", self.seq, self.kind, self.why)
    }
}
