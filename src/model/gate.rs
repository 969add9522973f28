//! The severity gate: its rules, and what came of them.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::finding::{Finding, Severity};
use super::verdict::Verdict;

/// How many findings of each severity still pass; `None` is unlimited.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GateRules {
    pub at_most: BTreeMap<Severity, Option<u32>>,
    /// How long a scan may take before the gate closes.
    pub timeout: SignedDuration,
    /// How far apart two identical readings must be: findings can appear after "complete".
    pub settle: SignedDuration,
}

/// Inspector's first scan of an image is a matter of minutes; an hour without one is a fault to be looked at.
pub const SCAN_TIMEOUT: SignedDuration = SignedDuration::from_mins(60);
/// Findings have been seen to trail "complete" by seconds, not by minutes.
pub const SCAN_SETTLE: SignedDuration = SignedDuration::from_secs(20);

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
        }
    }
}

/// A severity gate's judgement of everything a stage would run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GateJudgement {
    pub verdict: Verdict,
    /// Findings by severity, over all images; one vulnerability in one package counts once per image.
    pub counts: BTreeMap<Severity, u32>,
    /// The findings of every severity that is over its limit.
    pub blocking: Vec<Finding>,
    /// One sentence for each thing that closes the gate.
    pub reasons: Vec<String>,
}
