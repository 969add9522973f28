//! What a release waits for.

use jiff::Timestamp;

use super::effect::{Effect, StepRef};
use super::ending::Ending;
use super::fault::Fault;
use super::fault::state::JournalError;
use super::gate_reason::ScanWait;
use super::ids::{AccountName, StageName};
use super::rollout::RolloutProgress;
use super::scan_subject::ScanSubject;
use super::step::part::StepPart;

/// Why something is not being done now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Waiting {
    /// An effect is under way.
    Effect(Effect),
    Retry {
        effect: Effect,
        at: Timestamp,
        because: Fault,
    },
    Scan {
        image: ScanSubject,
        account: AccountName,
        pending: ScanPending,
    },
    Approval {
        stage: StageName,
        expires_at: Timestamp,
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
