//! What a release, or a process working on one, came to.

use serde::{Deserialize, Serialize};

use super::exit_code::ExitCode;

/// What it came to. Each has its own exit code and its own sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    Succeeded,
    /// Everything asked for ran already, and that was proven.
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
    /// Somebody else deployed over ours; theirs was left alone.
    Superseded,
    /// Failed, and the rollback failed or is unknown: a person is needed.
    Stuck,
    Aborted,
    /// Failed, nothing rolled back: rollback is off, or nothing had been rolled yet.
    Failed,
    /// Stopped on the way; `resume` goes on.
    Suspended,
    /// ECS still works on it at the deadline.
    StillRunning,
    /// It is unknown.
    Unknown,
    /// Access or set-up is missing.
    Access,
    /// Another release holds the stage.
    Locked,
}

impl Outcome {
    /// What the process ends with.
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

    /// Whether `resume` can go on from here. What is resumable is recorded as suspended, the rest as finished.
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
