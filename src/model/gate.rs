//! The severity gate: its rules and its judgement.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::finding::Finding;
use super::gate_reason::GateReason;
use super::severity::Severity;
use super::verdict::Verdict;

/// How many findings of each severity still pass; `None` is unlimited.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GateRules {
    pub at_most: BTreeMap<Severity, Option<u32>>,
    /// How long a scan may take before the gate blocks.
    pub timeout: SignedDuration,
    /// How far apart two identical readings must be: findings can appear after "complete".
    pub settle: SignedDuration,
    /// How old a scan may be; an older one counts as none.
    pub max_age: SignedDuration,
    pub suppressed: Suppressed,
}

/// What happens to findings that a suppression rule of the scanner's account hides.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Suppressed {
    /// They are shown but do not count.
    #[default]
    Show,
    /// They count like the others.
    Count,
}

/// Inspector's first scan of an image takes minutes; after an hour without one something is wrong.
pub const SCAN_TIMEOUT: SignedDuration = SignedDuration::from_mins(60);
/// Findings have been seen to appear seconds after "complete", not minutes.
pub const SCAN_SETTLE: SignedDuration = SignedDuration::from_secs(20);

/// New vulnerabilities become known every day, so a scan loses value over time. Continuous scanning renews scans; a scan on push or a
/// basic scan is too old after a month, which leaves enough time from a build to production.
pub const SCAN_MAX_AGE: SignedDuration = SignedDuration::from_hours(30 * 24);
/// How far in the future a scan's time may be. It is by AWS's clock, and a machine's clock may be some hours off (up to 14 with a wrong time
/// zone); more than this is an error.
pub const MAX_CLOCK_SKEW: SignedDuration = SignedDuration::from_hours(24);

impl Default for GateRules {
    /// Critical, high and untriaged 0, the rest unlimited.
    fn default() -> Self {
        let limit = |s| match s {
            Severity::Critical | Severity::High | Severity::Untriaged => Some(0),
            Severity::Medium | Severity::Low | Severity::Informational => None,
        };
        GateRules {
            at_most: Severity::ALL.into_iter().map(|s| (s, limit(s))).collect(),
            timeout: SCAN_TIMEOUT,
            settle: SCAN_SETTLE,
            max_age: SCAN_MAX_AGE,
            suppressed: Suppressed::default(),
        }
    }
}

/// A severity gate's judgement of everything that a stage would run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GateJudgement {
    pub verdict: Verdict,
    /// Findings by severity, over all images; one vulnerability in one package counts once per image.
    pub counts: BTreeMap<Severity, u32>,
    /// Suppressed findings that do not count, likewise.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub suppressed: BTreeMap<Severity, u32>,
    /// The findings of every severity that is over its limit.
    pub blocking: Vec<Finding>,
    /// Each reason why the gate does not pass.
    pub reasons: Vec<GateReason>,
}
