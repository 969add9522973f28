//! The severity gate: compares counts with limits. An unknown result does not pass.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use crate::model::finding::{Finding, ScanReading, ScanState};
use crate::model::gate::{GateJudgement, GateRules, MAX_CLOCK_SKEW, Suppressed};
use crate::model::gate_reason::GateReason;
use crate::model::ids::AccountName;
use crate::model::scan_subject::ScanSubject;
use crate::model::severity::Severity;
use crate::model::verdict::Verdict;

/// One image's scan in one account.
pub struct Scanned<'a> {
    pub image: &'a ScanSubject,
    pub account: &'a AccountName,
    pub reading: &'a ScanReading,
}

/// Judges everything that a stage would run, `now`. For an image that is scanned in two accounts, equal findings count once.
pub fn judge(rules: &GateRules, scans: &[Scanned<'_>], now: Timestamp) -> GateJudgement {
    // The settling time counts between readings, not here.
    let GateRules { at_most, timeout, settle: _, max_age, suppressed: of_suppressed } = rules;
    let mut reasons = BTreeSet::new();
    let mut verdict = Verdict::Pass;
    let mut found: BTreeSet<(&ScanSubject, &Finding)> = BTreeSet::new();
    let mut suppressed: BTreeSet<(&ScanSubject, &Finding)> = BTreeSet::new();
    if scans.is_empty() {
        verdict = Verdict::Unknown;
        reasons.insert(GateReason::NothingToJudge);
    }
    for scan in scans {
        match &scan.reading.state {
            ScanState::Scanned { at, again_from } => {
                found.extend(scan.reading.findings.iter().map(|f| (scan.image, f)));
                let hidden = scan.reading.suppressed.iter().map(|f| (scan.image, f));
                match of_suppressed {
                    Suppressed::Count => found.extend(hidden),
                    Suppressed::Show => suppressed.extend(hidden),
                }
                if let Some(reason) = out_of_date(*max_age, scan, *at, *again_from, now) {
                    verdict = verdict.max(Verdict::Unknown);
                    reasons.insert(reason);
                }
            }
            ScanState::Waiting { waits } => {
                verdict = verdict.max(Verdict::Unknown);
                let (image, account) = (scan.image.clone(), scan.account.clone());
                reasons.insert(GateReason::ScanTimedOut { image, account, timeout: *timeout, waits: waits.clone() });
            }
            ScanState::Unscannable { block } => {
                verdict = verdict.max(Verdict::Unknown);
                let (image, account) = (scan.image.clone(), scan.account.clone());
                reasons.insert(GateReason::NotScannable { image, account, block: block.clone() });
            }
        }
    }
    let (counts, suppressed) = (counted(&found), counted(&suppressed));
    let mut blocking = BTreeSet::new();
    for (severity, count) in &counts {
        // For a severity that the rules do not name, no finding passes.
        let limit = at_most.get(severity).copied().unwrap_or(Some(0));
        if let Some(limit) = limit.filter(|limit| count > limit) {
            verdict = verdict.max(Verdict::Fail);
            reasons.insert(GateReason::OverLimit { severity: *severity, count: *count, limit });
            blocking.extend(found.iter().filter(|(_, f)| f.severity == *severity).map(|(_, f)| (*f).clone()));
        }
    }
    let (blocking, reasons) = (blocking.into_iter().collect(), reasons.into_iter().collect());
    GateJudgement { verdict, counts, suppressed, blocking, reasons }
}

fn counted(found: &BTreeSet<(&ScanSubject, &Finding)>) -> BTreeMap<Severity, u32> {
    let mut counts = BTreeMap::new();
    for (_, finding) in found {
        *counts.entry(finding.severity).or_default() += 1;
    }
    counts
}

/// Why a scan with this time does not count.
fn out_of_date(
    max_age: SignedDuration,
    scan: &Scanned<'_>,
    scanned_at: Timestamp,
    again_from: Option<Timestamp>,
    now: Timestamp,
) -> Option<GateReason> {
    let age = now.duration_since(scanned_at);
    let (image, account) = (scan.image.clone(), scan.account.clone());
    if age > max_age {
        return Some(GateReason::ScanTooOld { image, account, scanned_at, max_age, again_from });
    }
    (-age > MAX_CLOCK_SKEW).then_some(GateReason::ScanInFuture { image, account, scanned_at })
}

#[cfg(test)]
mod tests;
