//! What a release waits for.

use jiff::{SignedDuration, Timestamp};

use super::effect::{Effect, StepRef};
use super::ending::Ending;
use super::fault::Fault;
use super::fault::state::JournalError;
use super::gate_reason::ScanWait;
use super::ids::{AccountName, StageName};
use super::rollout::RolloutProgress;
use super::scan_subject::ScanSubject;
use super::step::part::StepPart;

/// A wait, and how long it may take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wait {
    pub what: Waiting,
    /// When it began; for what another process began, when that was.
    pub since: Option<Timestamp>,
    /// When it ends at the latest, whatever happens; `None`: nothing limits it.
    pub until: Option<Timestamp>,
}

impl Wait {
    /// A wait that nothing limits.
    pub fn unlimited(what: Waiting, since: Option<Timestamp>) -> Wait {
        Wait { what, since, until: None }
    }

    /// A wait that ends at the latest this long after it began.
    pub fn at_most(what: Waiting, since: Timestamp, limit: SignedDuration) -> Wait {
        Wait { what, since: Some(since), until: since.checked_add(limit).ok() }
    }
}

/// Why something is not being done now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Waiting {
    /// An effect is under way.
    Effect(Effect),
    Retry {
        effect: Effect,
        because: Fault,
    },
    Scan {
        image: ScanSubject,
        account: AccountName,
        pending: ScanPending,
    },
    Approval {
        stage: StageName,
    },
    /// The recorded approval is compared with CodePipeline.
    Comparison {
        stage: StageName,
    },
    Lock {
        stage: StageName,
    },
    /// A part of a step changes by itself.
    Step {
        at: StepRef,
        part: StepPart,
        progress: StepProgress,
    },
    /// The state cannot be read or written for now.
    Store {
        error: JournalError,
    },
    /// The ending is decided; effects under way must end first.
    Finishing {
        ending: Ending,
    },
}

/// Why a scan has no final reading yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScanPending {
    NotRead,
    Waits(ScanWait),
    /// It ended, and is read again after the gate's settling time.
    ReadAgain,
}

/// The progress of a part of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepProgress {
    /// A one-off task.
    Runs,
    /// A rollout, as last read.
    Rollout(Box<RolloutProgress>),
    /// A service was updated, but not read yet.
    Updated,
    /// Nothing had to change, and what runs is proven.
    Proving,
}
