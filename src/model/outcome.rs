//! The outcome of a release, or of a process working on one.

use serde::{Deserialize, Serialize};

use super::exit_code::ExitCode;

/// An outcome. Each has an exit code and a sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    Succeeded,
    /// Everything ran already, and that was proven.
    Unchanged,
    /// A build, push or copy failed.
    BuildFailed,
    /// A gate blocks.
    Blocked,
    Rejected,
    /// Nobody decided in time.
    Expired,
    /// Failed, and everything changed in the stage was rolled back.
    RolledBack,
    /// Somebody else deployed over the release; their deployment was not changed.
    Superseded,
    /// Failed, and the rollback failed or is unknown: a person is needed.
    Stuck,
    Aborted,
    /// Failed without a rollback: rollback is off, or nothing was changed yet.
    Failed,
    /// Stopped; `resume` continues it.
    Suspended,
    /// ECS had not finished at the deadline.
    StillRunning,
    /// It is unknown whether something took place.
    Unknown,
    /// Access or set-up is missing.
    Access,
    /// Another release holds the stage.
    Locked,
}

impl Outcome {
    /// The process's exit code.
    pub fn exit_code(self) -> ExitCode {
        match self {
            Outcome::Succeeded | Outcome::Unchanged => ExitCode::Done,
            Outcome::BuildFailed => ExitCode::BuildFailed,
            Outcome::Blocked => ExitCode::Blocked,
            Outcome::Rejected => ExitCode::Rejected,
            Outcome::Expired => ExitCode::Expired,
            Outcome::RolledBack => ExitCode::RolledBack,
            Outcome::Superseded => ExitCode::Superseded,
            Outcome::Stuck => ExitCode::Stuck,
            Outcome::Aborted => ExitCode::Aborted,
            Outcome::Failed => ExitCode::Failed,
            Outcome::Suspended => ExitCode::Suspended,
            Outcome::StillRunning => ExitCode::StillRunning,
            Outcome::Unknown => ExitCode::Unknown,
            Outcome::Access => ExitCode::Access,
            Outcome::Locked => ExitCode::Locked,
        }
    }

    /// Whether `resume` can continue. A resumable outcome is recorded as suspended, the others as finished.
    pub fn is_resumable(self) -> bool {
        match self {
            Outcome::Suspended | Outcome::StillRunning | Outcome::Unknown | Outcome::Access | Outcome::Locked => true,
            Outcome::Succeeded
            | Outcome::Unchanged
            | Outcome::BuildFailed
            | Outcome::Blocked
            | Outcome::Rejected
            | Outcome::Expired
            | Outcome::RolledBack
            | Outcome::Superseded
            | Outcome::Stuck
            | Outcome::Aborted
            | Outcome::Failed => false,
        }
    }

    pub fn is_success(self) -> bool {
        self.exit_code() == ExitCode::Done
    }
}
