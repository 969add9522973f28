//! How a scan behaves and what it finds, by the seed.

use jiff::Timestamp;
use serde::Deserialize;

use super::finding::{Spec, Status};
use super::location::Location;
use crate::model::ids::AccountId;
use crate::sandbox::iam::pattern;

/// A rule for images: the status and the findings of their scan. All rules that match an image apply.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Behaviour {
    #[serde(default)]
    pub images: Images,
    /// The coverage reason at which the scan stays, e.g. `UNSUPPORTED_OS`, or `PENDING_INITIAL_SCAN` for one that never
    /// ends.
    pub reason: Option<String>,
    /// How long it stays there, in AWS's seconds, before it starts again; for ever if absent.
    pub reason_lasts: Option<u32>,
    /// How long a scan takes, in AWS's seconds.
    pub takes: Option<u32>,
    /// How long after a scan's end its findings appear, in AWS's seconds.
    pub findings_after: Option<u32>,
    #[serde(default)]
    pub findings: Findings,
}

/// A selection of images; an absent member matches all.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Images {
    pub account: Option<AccountId>,
    /// A wildcard over repositories' names.
    pub repository: Option<String>,
    pub digest: Option<String>,
}

/// Findings in full, or counted by severity as in `CRITICAL:1,HIGH:2`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Findings {
    Counted(String),
    Listed(Vec<Spec>),
}

impl Default for Findings {
    fn default() -> Findings {
        Findings::Listed(Vec::new())
    }
}

/// Findings that a re-scan status_changes up from a time on.
#[derive(Debug, Clone, PartialEq)]
pub struct LaterFindings {
    pub images: Images,
    pub at: Timestamp,
    pub findings: Findings,
}

/// A new status of findings from a time on: fixed or withdrawn ones are CLOSED, others are suppressed by a rule.
#[derive(Debug, Clone, PartialEq)]
pub struct StatusChange {
    pub images: Images,
    pub at: Timestamp,
    /// The vulnerabilities' ids.
    pub ids: Vec<String>,
    pub status: Status,
}

impl Images {
    pub fn covers(&self, location: &Location, digest: &str) -> bool {
        self.account.as_ref().is_none_or(|a| a == location.account)
            && self.repository.as_ref().is_none_or(|p| pattern::matches(p, location.repository))
            && self.digest.as_ref().is_none_or(|d| d == digest)
    }
}

impl Findings {
    /// The findings one by one. The error names what could not be read.
    pub fn specs(&self) -> Result<Vec<Spec>, String> {
        match self {
            Findings::Listed(list) => Ok(list.clone()),
            Findings::Counted(text) => counted(text),
        }
    }
}

/// `CRITICAL:1,HIGH:2`: the same counts give the same CVEs, so that a waiver can name them.
fn counted(text: &str) -> Result<Vec<Spec>, String> {
    let mut specs = Vec::new();
    for part in text.split(',').map(str::trim).filter(|p| !p.is_empty()) {
        let (severity, count) = part.split_once(':').unwrap_or((part, "1"));
        let severity = severity.parse()?;
        let count: u32 = count.trim().parse().map_err(|_| format!("`{part}` is not SEVERITY:COUNT"))?;
        specs.extend((1..=count).map(|n| Spec::numbered(severity, n)));
    }
    Ok(specs)
}
