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
    /// It is being done.
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
    /// Whether an approval was given where the record says.
    Comparison {
        stage: StageName,
    },
    Lock {
        stage: StageName,
    },
    /// A part of a step moves by itself.
    Step {
        at: StepRef,
        part: StepPart,
        progress: StepProgress,
    },
    /// The state cannot be read or written for now.
    Store {
        error: JournalError,
    },
    /// The end is decided; what is under way is waited for.
    Finishing {
        ending: Ending,
    },
}

/// Why a scan is not taken for read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScanPending {
    NotRead,
    Waits(ScanWait),
    /// It ended, and is read once more after the gate's settling time.
    ReadAgain,
}

/// How far a part of a step is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepProgress {
    /// A one-off task.
    Runs,
    /// A rollout, as last read.
    Rollout(Box<RolloutProgress>),
    /// A service was updated, and not read after that.
    Updated,
    /// Nothing had to change, and what runs is proven.
    Proving,
}
