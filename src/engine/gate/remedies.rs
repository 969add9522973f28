//! What helps a gate that is closed because nobody knows what an image contains.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{Scanned, out_of_date};
use crate::model::finding::ScanState;
use crate::model::gate::GateRules;
use crate::model::words::moment;

/// One sentence for each kind of reason; none where only findings block. `judge_again` is a sentence that says how it is judged again.
pub fn remedies(rules: &GateRules, scans: &[Scanned<'_>], now: Timestamp, judge_again: &str) -> Vec<String> {
    let mut found = BTreeSet::new();
    for Scanned { image, account, reading } in scans {
        found.extend(match &reading.state {
            ScanState::Waiting { .. } => Some(format!("when the scan has ended, {judge_again}")),
            ScanState::Closed { reason } => Some(of_closed(reason, judge_again)),
            ScanState::Scanned { at, again_from } => out_of_date(rules, *at, now).map(|_| match again_from {
                Some(from) => format!("after {}, when ECR may make another scan, {judge_again}", moment(*from)),
                None if now < *at => format!("set the clock of this machine; then {judge_again}"),
                None => format!(
                    "nothing renews the scan of {image} in {account}: let Inspector scan the repository with CONTINUOUS_SCAN, or build \
                     the image again and release it"
                ),
            }),
        });
    }
    found.into_iter().collect()
}

/// What helps where the scanner gives no answer that counts: waiting never does. By Inspector's and ECR's own words (coverage reasons,
/// statuses of a basic scan).
fn of_closed(reason: &str, judge_again: &str) -> String {
    let is = |words: &[&str]| words.iter().any(|word| reason.starts_with(word));
    if is(&["UNSUPPORTED_OS", "UNSUPPORTED_IMAGE", "UNSUPPORTED_RUNTIME"]) {
        return "no later scan answers for this image: build it on a base that the scanner supports, and release again"
            .to_owned();
    }
    if is(&["SCAN_ELIGIBILITY_EXPIRED", "IMAGE_ARCHIVED"]) {
        return "the scanner no longer looks at this image: let it scan the repository's images for longer, or build the image again and \
                release it"
            .to_owned();
    }
    if is(&["ACCESS_DENIED", "SCAN_FREQUENCY_MANUAL", "EXCLUDED_BY_TAG", "PENDING_DISABLE"]) {
        return format!("correct how the account's scanner is set up; then {judge_again}");
    }
    "waiting changes nothing: build the image without what the reason names, and release again".to_owned()
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use rstest::rstest;

    use super::*;
    use crate::model::finding::ScanReading;
    use crate::model::release::samples::{at, id};

    fn closed(reason: &str) -> ScanState {
        ScanState::Closed { reason: reason.into() }
    }

    fn scanned(age: i64, again_from: Option<Timestamp>) -> ScanState {
        ScanState::Scanned { at: at(-age), again_from }
    }

    #[rstest]
    #[case::waits(ScanState::Waiting { reason: "PENDING".into() }, "when the scan has ended, X")]
    #[case::foreign_layer(closed("layer 1 of 2 is not in the registry"), "waiting changes nothing")]
    #[case::media_type(closed("2 has a part of media type x/y, which is not known here"), "waiting changes nothing")]
    #[case::base(closed("UNSUPPORTED_OS (0123)"), "no later scan answers for this image: build it on a base")]
    #[case::expired(closed("SCAN_ELIGIBILITY_EXPIRED"), "the scanner no longer looks at this image")]
    #[case::set_up(closed("ACCESS_DENIED_TO_ENCRYPTION_KEY"), "correct how the account's scanner is set up; then X")]
    #[case::old(scanned(7200, None), "nothing renews the scan of web in main")]
    #[case::old_and_limited(
        scanned(7200, Some(at(60))),
        "after 2027-01-15 08:01 UTC, when ECR may make another scan, X"
    )]
    #[case::of_the_future(scanned(-90_000, None), "set the clock of this machine; then X")]
    fn each_reason_has_its_remedy(#[case] state: ScanState, #[case] expected: &str) {
        let rules = GateRules { max_age: SignedDuration::from_hours(1), ..GateRules::default() };
        let reading = ScanReading { state, findings: vec![], suppressed: vec![] };
        let scan = Scanned { image: &id("web"), account: &id("main"), reading: &reading };
        let [remedy] = &remedies(&rules, &[scan], at(0), "X")[..] else { panic!("one remedy for {reading:?}") };
        assert!(remedy.starts_with(expected), "{remedy}");
    }

    #[test]
    fn a_scan_that_counts_needs_none() {
        let reading = ScanReading { state: scanned(0, None), findings: vec![], suppressed: vec![] };
        let scan = Scanned { image: &id("web"), account: &id("main"), reading: &reading };
        assert!(remedies(&GateRules::default(), &[scan], at(0), "X").is_empty());
    }
}
