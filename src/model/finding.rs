//! The result of an image's scan.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::gate_reason::{ScanBlock, ScanWait};
use super::ids::{AccountName, Digest};
use super::scan_subject::ScanSubject;
use super::severity::Severity;

/// One vulnerability in one package of an image: the part of a finding that rules look at.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Finding {
    /// `CVE-…` or the scanner's own id.
    pub id: String,
    pub severity: Severity,
    /// The package it was found in, where the scanner names one.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub package: String,
    /// The package's version in the image, where the scanner names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub installed: Option<String>,
    /// A version that fixes it, where one is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fixed_in: Option<String>,
}

/// Which scanner a registry has (ECR's `scanType`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ScanType {
    Basic,
    Enhanced,
}

/// The state of a digest's scan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum ScanState {
    /// There is no result yet.
    Waiting { waits: ScanWait },
    /// Scanned at this time or later than the push.
    Scanned {
        at: Timestamp,
        /// Set where the scan is too old and the scanner makes no other before this time.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        again_from: Option<Timestamp>,
    },
    /// There will be no scan of this digest.
    Unscannable { block: ScanBlock },
}

/// One reading of a digest's scan, every platform child included.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScanReading {
    #[serde(flatten)]
    pub state: ScanState,
    /// Sorted and without repeats; empty unless scanned.
    pub findings: Vec<Finding>,
    /// Findings that a suppression rule of the scanner's account hides; likewise.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub suppressed: Vec<Finding>,
    /// What the vulnerabilities are about, by their ids, as far as the scanner says so, cut to [`TITLE`]. For people: no rule looks at it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub titles: BTreeMap<String, String>,
}

/// The characters of a vulnerability's title that are kept: a line. Scanners describe one on pages.
pub const TITLE: usize = 160;

impl ScanReading {
    /// The reading of an image that cannot be scanned.
    pub fn unscannable(block: ScanBlock) -> ScanReading {
        ScanReading::without_findings(ScanState::Unscannable { block })
    }

    /// A reading in which nothing was found.
    pub fn without_findings(state: ScanState) -> ScanReading {
        ScanReading { state, findings: Vec::new(), suppressed: Vec::new(), titles: BTreeMap::new() }
    }

    /// Whether both have the same result. The time of the last scan is ignored: a scanner may renew it with every reading. So are titles.
    pub fn is_same_result(&self, other: &ScanReading) -> bool {
        let state = match (&self.state, &other.state) {
            (ScanState::Scanned { .. }, ScanState::Scanned { .. }) => true,
            (one, another) => one == another,
        };
        state && self.findings == other.findings && self.suppressed == other.suppressed
    }
}

/// An image's last reading, where it was read.
#[derive(Debug, PartialEq)]
pub struct ImageFindings<'r> {
    pub image: &'r ScanSubject,
    /// The accounts whose scanners have this result.
    pub accounts: Vec<&'r AccountName>,
    pub digest: Option<&'r Digest>,
    pub reading: &'r ScanReading,
}

/// Findings in the order in which people read them: the worst first.
pub fn worst_first(findings: &[Finding]) -> Vec<&Finding> {
    let mut sorted: Vec<&Finding> = findings.iter().collect();
    sorted.sort_by_key(|finding| (finding.severity.rank(), *finding));
    sorted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_come_first_and_untriaged_ones_last() {
        let finding = |severity| Finding {
            id: "CVE-1".into(),
            severity,
            package: String::new(),
            installed: None,
            fixed_in: None,
        };
        let all = [Severity::Untriaged, Severity::Low, Severity::Critical, Severity::High].map(finding);
        let order: Vec<_> = worst_first(&all).into_iter().map(|f| f.severity).collect();
        assert_eq!(order, [Severity::Critical, Severity::High, Severity::Low, Severity::Untriaged]);
    }
}
