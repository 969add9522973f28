//! What `decide` answers.

use std::fmt;

use jiff::{SignedDuration, Timestamp};

use crate::model::effect::{Effect, StepRef};
use crate::model::event::Fact;
use crate::model::ids::{AccountName, StageName};
use crate::model::outcome::Ending;
use crate::model::scan_subject::ScanSubject;
use crate::model::step::part::{Direction, StepPart};

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

/// Why something is not being done now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Waiting {
    /// It is being done.
    Effect(Effect),
    Retry {
        effect: Effect,
        at: Timestamp,
        because: String,
    },
    Scan {
        image: ScanSubject,
        account: AccountName,
        reason: String,
    },
    Approval {
        stage: StageName,
        expires_at: Timestamp,
    },
    /// Whether an approval was given where the record says.
    Comparison {
        stage: StageName,
    },
    Lock {
        stage: StageName,
    },
    /// A part of a step moves by itself; where it stands.
    Step {
        at: StepRef,
        part: StepPart,
        what: String,
    },
    /// The end is decided; what is under way is waited for.
    Finishing {
        ending: Ending,
    },
}

impl fmt::Display for Waiting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Waiting::Effect(effect) => write!(f, "{effect}"),
            Waiting::Retry { effect, because, .. } => write!(f, "{effect} again soon ({because})"),
            Waiting::Scan { image, account, reason } => write!(f, "scan of {image} in {account}: {reason}"),
            Waiting::Approval { stage, expires_at } => {
                write!(f, "approval of {stage}, until {}", expires_at.strftime("%Y-%m-%d %H:%M UTC"))
            }
            Waiting::Comparison { stage } => write!(f, "the approval of {stage} to be read in CodePipeline"),
            Waiting::Lock { stage } => write!(f, "{stage} is held by another release"),
            Waiting::Step { at, part, what } => match part {
                StepPart::Whole | StepPart::Service(_, Direction::Forward) => write!(f, "{}: {what}", part.of(at)),
                StepPart::Service(_, Direction::Back) => write!(f, "{} going back: {what}", part.of(at)),
                StepPart::Task(_) => write!(f, "{} {what}", part.of(at)),
            },
            Waiting::Finishing { .. } => write!(f, "finishing what is under way"),
        }
    }
}
