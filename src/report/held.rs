//! Whether something held that had to.

use crate::model::rollout::RolloutEnd;
use crate::model::verdict::Verdict;

/// Whether something held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Held {
    Yes,
    No,
    /// It could not be told.
    Unknown,
    /// It has begun and is not decided.
    Waiting,
    NotReached,
}

impl From<Verdict> for Held {
    fn from(verdict: Verdict) -> Held {
        match verdict {
            Verdict::Pass | Verdict::Waived => Held::Yes,
            Verdict::Unknown => Held::Unknown,
            Verdict::Fail => Held::No,
        }
    }
}

impl From<&RolloutEnd> for Held {
    fn from(end: &RolloutEnd) -> Held {
        match end {
            RolloutEnd::Succeeded | RolloutEnd::Unchanged | RolloutEnd::Unverified => Held::Yes,
            RolloutEnd::RolledBack { .. }
            | RolloutEnd::Failed { .. }
            | RolloutEnd::Superseded { .. }
            | RolloutEnd::Stopped { .. }
            | RolloutEnd::Stuck { .. } => Held::No,
            RolloutEnd::StillRunning | RolloutEnd::Unknown { .. } => Held::Unknown,
        }
    }
}
