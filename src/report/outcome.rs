//! Outcomes in words.

use crate::model::outcome::Outcome;

/// One or two words.
pub fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Succeeded => "succeeded",
        Outcome::Unchanged => "unchanged",
        Outcome::BuildFailed => "build failed",
        Outcome::Blocked => "blocked",
        Outcome::Rejected => "rejected",
        Outcome::Expired => "expired",
        Outcome::RolledBack => "rolled back",
        Outcome::Superseded => "superseded",
        Outcome::Stuck => "stuck",
        Outcome::Aborted => "aborted",
        Outcome::Failed => "failed",
        Outcome::Suspended => "suspended",
        Outcome::StillRunning => "still running",
        Outcome::Unknown => "unknown",
        Outcome::Access => "access or set-up",
        Outcome::Locked => "locked",
    }
}
