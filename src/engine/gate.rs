//! The severity gate: counts against limits; what is unknown is closed.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::finding::{Finding, ScanReading, ScanState, Severity};
use crate::model::gate::{GateJudgement, GateRules};
use crate::model::ids::{AccountName, ImageName};
use crate::model::verdict::Verdict;
use crate::model::words::lasting;

/// One image's scan in one account.
pub struct Scanned<'a> {
    pub image: &'a ImageName,
    pub account: &'a AccountName,
    pub reading: &'a ScanReading,
}

/// Judges everything that a stage would run. The same image scanned in two accounts counts the worse of the two, not the sum.
pub fn judge(rules: &GateRules, scans: &[Scanned<'_>]) -> GateJudgement {
    let mut reasons = BTreeSet::new();
    let mut verdict = Verdict::Pass;
    let mut found: BTreeSet<(&ImageName, &Finding)> = BTreeSet::new();
    if scans.is_empty() {
        verdict = Verdict::Unknown;
        reasons.insert("there is nothing to judge".to_owned());
    }
    for scan in scans {
        match &scan.reading.state {
            ScanState::Scanned { .. } => found.extend(scan.reading.findings.iter().map(|f| (scan.image, f))),
            ScanState::Waiting { reason } => {
                verdict = verdict.max(Verdict::Unknown);
                reasons.insert(format!(
                    "the scan of {} in {} did not end within {}: {reason}",
                    scan.image,
                    scan.account,
                    lasting(rules.timeout)
                ));
            }
            ScanState::Closed { reason } => {
                verdict = verdict.max(Verdict::Unknown);
                reasons.insert(format!("{} cannot be scanned in {}: {reason}", scan.image, scan.account));
            }
        }
    }
    let mut counts: BTreeMap<Severity, u32> = BTreeMap::new();
    for (_, finding) in &found {
        *counts.entry(finding.severity).or_default() += 1;
    }
    let mut blocking = BTreeSet::new();
    for (severity, count) in &counts {
        // A severity that the rules do not name has no limit of its own to exceed: closed, not open.
        let limit = rules.at_most.get(severity).copied().unwrap_or(Some(0));
        if let Some(limit) = limit.filter(|limit| count > limit) {
            verdict = verdict.max(Verdict::Fail);
            reasons.insert(format!("{count} {} (at most {limit})", severity.word()));
            blocking.extend(found.iter().filter(|(_, f)| f.severity == *severity).map(|(_, f)| (*f).clone()));
        }
    }
    GateJudgement { verdict, counts, blocking: blocking.into_iter().collect(), reasons: reasons.into_iter().collect() }
}

#[cfg(test)]
mod tests;
