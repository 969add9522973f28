//! The status of a case: of a condition that a release has to meet.

use crate::model::rollout::RolloutEnd;
use crate::model::verdict::Verdict;

/// The status of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CaseStatus {
    Passed,
    Failed,
    /// It could not be judged.
    Unknown,
    /// It has begun and is not decided.
    Waiting,
    NotReached,
}

impl From<Verdict> for CaseStatus {
    fn from(verdict: Verdict) -> CaseStatus {
        match verdict {
            Verdict::Pass | Verdict::Waived => CaseStatus::Passed,
            Verdict::Unknown => CaseStatus::Unknown,
            Verdict::Fail => CaseStatus::Failed,
        }
    }
}

impl From<&RolloutEnd> for CaseStatus {
    fn from(end: &RolloutEnd) -> CaseStatus {
        match end {
            RolloutEnd::Succeeded | RolloutEnd::Unchanged | RolloutEnd::Unverified => CaseStatus::Passed,
            RolloutEnd::RolledBack { .. }
            | RolloutEnd::Failed { .. }
            | RolloutEnd::Superseded { .. }
            | RolloutEnd::Stopped { .. }
            | RolloutEnd::Stuck { .. } => CaseStatus::Failed,
            RolloutEnd::StillRunning | RolloutEnd::Unknown { .. } => CaseStatus::Unknown,
        }
    }
}
