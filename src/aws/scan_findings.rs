//! What both scanners answer with.

use crate::model::aws::scan::FindingSeverity;
use crate::model::finding::{Finding, ScanState};
use crate::model::ids::Digest;
use crate::model::severity::Severity;

/// One that is newer than this program may be anything.
pub(super) fn severity(word: &str) -> Severity {
    match FindingSeverity::from(word) {
        FindingSeverity::Critical => Severity::Critical,
        FindingSeverity::High => Severity::High,
        FindingSeverity::Medium => Severity::Medium,
        FindingSeverity::Low => Severity::Low,
        FindingSeverity::Informational => Severity::Informational,
        FindingSeverity::Untriaged | FindingSeverity::Undefined | FindingSeverity::Unknown(_) => Severity::Untriaged,
    }
}

/// States in the digests' order, the findings of all of them, and those that are suppressed.
pub(super) type Read = (Vec<(Digest, ScanState)>, Vec<Finding>, Vec<Finding>);
