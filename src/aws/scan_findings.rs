//! What both scanners answer with.

use crate::model::finding::{Finding, ScanState};
use crate::model::ids::Digest;
use crate::model::severity::Severity;

/// Inspector's and ECR's values for a severity. One that is newer than this program may be anything.
pub(super) fn severity(word: &str) -> Severity {
    match word {
        "CRITICAL" => Severity::Critical,
        "HIGH" => Severity::High,
        "MEDIUM" => Severity::Medium,
        "LOW" => Severity::Low,
        "INFORMATIONAL" => Severity::Informational,
        _ => Severity::Untriaged,
    }
}

/// States in the digests' order, the findings of all of them, and those that are suppressed.
pub(super) type Read = (Vec<(Digest, ScanState)>, Vec<Finding>, Vec<Finding>);
