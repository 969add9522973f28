//! The result of `decide`.

use jiff::{SignedDuration, Timestamp};

use crate::model::effect::{Effect, StepRef};
use crate::model::ending::Ending;
use crate::model::event::Fact;
use crate::model::ids::{AccountName, StageName};
use crate::model::scan_subject::ScanSubject;
use crate::model::step::part::StepPart;
use crate::model::waiting::Wait;

/// What to do now.
#[derive(Debug, Clone, PartialEq)]
#[must_use]
pub enum Decision {
    /// Facts that follow from what is known: record them, then decide again.
    Record(Vec<Fact>),
    /// Start these, watch those, and decide again when something changes, at the latest at `wake_at`.
    Go { start: Vec<Effect>, watch: Vec<Watching>, wake_at: Option<Timestamp>, waiting: Vec<Wait> },
    /// This process ends its work; no effect is under way.
    Finish(Ending),
}

/// Something that changes by itself, and how often to read it.
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
    /// Whether the stage's lease is available.
    Lock {
        stage: StageName,
    },
    /// A part of a step.
    Step {
        at: StepRef,
        part: StepPart,
    },
}
