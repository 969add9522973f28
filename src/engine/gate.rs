//! The severity gate: counts against limits; what is unknown is closed.

mod remedies;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::model::finding::{Finding, ScanReading, ScanState, Severity};
use crate::model::gate::{GateJudgement, GateRules, SCAN_AHEAD, Suppressed};
use crate::model::ids::AccountName;
use crate::model::scan_subject::ScanSubject;
use crate::model::verdict::Verdict;
use crate::model::words::{lasting, moment};

pub use remedies::remedies;

/// One image's scan in one account.
pub struct Scanned<'a> {
    pub image: &'a ScanSubject,
    pub account: &'a AccountName,
    pub reading: &'a ScanReading,
}

/// Judges everything that a stage would run, `now`. The same image scanned in two accounts counts the worse of the two, not the sum.
pub fn judge(rules: &GateRules, scans: &[Scanned<'_>], now: Timestamp) -> GateJudgement {
    let mut reasons = BTreeSet::new();
    let mut verdict = Verdict::Pass;
    let mut found: BTreeSet<(&ScanSubject, &Finding)> = BTreeSet::new();
    let mut suppressed: BTreeSet<(&ScanSubject, &Finding)> = BTreeSet::new();
    if scans.is_empty() {
        verdict = Verdict::Unknown;
        reasons.insert("there is nothing to judge".to_owned());
    }
    for scan in scans {
        match &scan.reading.state {
            ScanState::Scanned { at, again_from } => {
                found.extend(scan.reading.findings.iter().map(|f| (scan.image, f)));
                let hidden = scan.reading.suppressed.iter().map(|f| (scan.image, f));
                match rules.suppressed {
                    Suppressed::Count => found.extend(hidden),
                    Suppressed::Show => suppressed.extend(hidden),
                }
                if let Some(why) = out_of_date(rules, *at, now) {
                    verdict = verdict.max(Verdict::Unknown);
                    let again =
                        again_from.map_or_else(String::new, |t| format!("; ECR makes no other before {}", moment(t)));
                    reasons.insert(format!("the scan of {} in {} {why}{again}", scan.image, scan.account));
                }
            }
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
    let (counts, suppressed) = (counted(&found), counted(&suppressed));
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

/// Why a scan of this time counts as none.
fn out_of_date(rules: &GateRules, at: Timestamp, now: Timestamp) -> Option<String> {
    let age = now.duration_since(at);
    if age > rules.max_age {
        return Some(format!("is of {}, and may be {} old at most", moment(at), lasting(rules.max_age)));
    }
    (-age > SCAN_AHEAD).then(|| format!("is of {}, which is in the future: one of the clocks is wrong", moment(at)))
}

#[cfg(test)]
mod tests;
