//! kanmon itself: its process, its record, its own defects.

use serde::{Deserialize, Serialize};

use super::state::JournalError;
use crate::model::check_result::CheckImpossible;
use crate::model::ids::StageName;

/// Why a call was not sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NotSent {
    /// The process fell asleep just before it.
    Asleep,
    /// The lease could not be renewed.
    NotRenewed,
    StageLost {
        stage: StageName,
    },
    StateTooSlow,
}

/// What a release has to have by the time that an effect needs it.
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
    /// Something of the step that moves by itself.
    Movement,
}

/// Something of kanmon's own that broke.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    Template,
    Manifest,
    Packing,
    LayerReader,
    /// A session for reading that would write.
    RegistrySession,
}

problems! {
    /// What is wrong with kanmon itself.
    Own => OwnProblem {
        /// It may not be the stage's holder any more, so that nothing was sent.
        StoodStill {
            why: NotSent,
            #[serde(default, skip_serializing_if = "Option::is_none")]
            because: Option<Box<JournalError>>,
        } = "process-stood-still", Unreachable;
        NotLocked {
            stage: StageName,
            because: Box<JournalError>,
        } = "stage-not-locked", Unreachable;
        /// An effect that was sent and is not there.
        NoEffect = "sent-without-effect", Unreachable;
        CheckImpossible { why: CheckImpossible } = "check-not-possible", ToolMissing;
        Inconsistent { lacks: Lack } = "release-inconsistent", Defect;
        Broken { part: Part } = "kanmon-defect", Defect;
    }
}
