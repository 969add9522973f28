//! What both scanners answer with.

use std::collections::BTreeMap;

use crate::model::aws::scan::FindingSeverity;
use crate::model::finding::{Finding, ScanState, TITLE};
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

/// What was found in digests.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Found {
    pub active: Vec<Finding>,
    /// Hidden by a filter of the account.
    pub suppressed: Vec<Finding>,
    /// What the vulnerabilities are about, by their ids.
    pub titles: BTreeMap<String, String>,
}

/// States in the digests' order, and the findings of all of them.
pub(super) type Read = (Vec<(Digest, ScanState)>, Found);

/// The first line of what a scanner says about a vulnerability, cut to what is kept of it; `None` where it says nothing.
pub(super) fn title_from(said: &str) -> Option<String> {
    let line = said.lines().map(str::trim).find(|line| !line.is_empty())?;
    Some(line.chars().take(TITLE).collect())
}
