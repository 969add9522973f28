//! What `decide` answers.

use jiff::{SignedDuration, Timestamp};

use crate::model::effect::{Effect, StepRef};
use crate::model::ending::Ending;
use crate::model::event::Fact;
use crate::model::ids::{AccountName, StageName};
use crate::model::scan_subject::ScanSubject;
use crate::model::step::part::StepPart;
use crate::model::waiting::Waiting;

/// What to do now.
#[derive(Debug, Clone, PartialEq)]
#[must_use]
pub enum Decision {
    /// These follow from what is known: write them down, then ask again.
    Record(Vec<Fact>),
    /// Start these, watch those, and ask again when something comes of it, at the latest at `wake_at`.
    Go { start: Vec<Effect>, watch: Vec<Watching>, wake_at: Option<Timestamp>, waiting: Vec<Waiting> },
    /// It is over for this process; nothing is in flight.
    Finish(Ending),
}

/// Something that moves by itself, and how often to read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watching {
    pub watch: Watch,
    pub every: SignedDuration,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Watch {
    Scan {
        image: ScanSubject,
        account: AccountName,
    },
    Approval {
        stage: StageName,
    },
    /// Whether the stage's lease can be had.
    Lock {
        stage: StageName,
    },
    /// A part of a step.
    Step {
        at: StepRef,
        part: StepPart,
    },
}
