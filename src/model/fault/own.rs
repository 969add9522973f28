//! Faults of kanmon itself: its process, its record, its defects.

use serde::{Deserialize, Serialize};

use super::state::JournalError;
use crate::model::check_result::CheckImpossible;
use crate::model::ids::StageName;

/// Why a call was not sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NotSent {
    /// The process was suspended just before the call.
    Asleep,
    /// The lease could not be renewed.
    NotRenewed,
    StageLost {
        stage: StageName,
    },
    StateTooSlow,
}

/// What an effect needs but the release does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Lack {
    Stage,
    Service,
    Roll,
    Task,
    Check,
    ApprovalPolicy,
    Plan,
    Baseline,
    Registered,
    Rolled,
    Restoration,
    RollbackTarget,
    Built,
    Given,
    ImageInAccount,
    TaskStarted,
    Deployment,
    LiveRevision,
    /// A part of the step that changes by itself.
    Movement,
    /// A look-up of the effect as its row in the effects' table says.
    Lookup,
}

/// A part of kanmon that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    Template,
    Manifest,
    Packing,
    LayerReader,
    /// The reader of pipeline files left out what is in the file.
    PipelineReader,
    /// A read-only session that would write.
    RegistrySession,
    /// A request that sets a tag, in a retry class that would repeat it.
    RegistryRetry,
    /// A call that changes something, made without the check of the lease.
    UncheckedCall,
}

problems! {
    /// What is wrong with kanmon itself.
    Own => OwnProblem {
        /// The process may have lost the stage's lease, so nothing was sent.
        StoodStill {
            why: NotSent,
            #[serde(default, skip_serializing_if = "Option::is_none")]
            because: Option<Box<JournalError>>,
        } = "process-paused", Unreachable;
        NotLocked {
            stage: StageName,
            because: Box<JournalError>,
        } = "stage-not-locked", Unreachable;
        /// An effect was sent, but its result does not exist.
        NoEffect = "sent-without-effect", Unreachable;
        CheckImpossible { why: CheckImpossible } = "check-not-possible", ToolMissing;
        Inconsistent { lacks: Lack } = "release-inconsistent", Defect;
        Broken { part: Part } = "kanmon-defect", Defect;
    }
}
