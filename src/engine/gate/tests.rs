use jiff::SignedDuration;
use proptest::prelude::*;

use super::*;
use crate::model::gate_reason::{ScanBlock, ScanWait};
use crate::model::release::samples::{at, id};

fn finding(number: usize, severity: Severity) -> Finding {
    Finding { id: format!("CVE-{number}"), severity, package: "ssl".into(), installed: None, fixed_in: None }
}

fn scanned(findings: Vec<Finding>) -> ScanReading {
    ScanReading {
        state: ScanState::Scanned { at: at(0), again_from: None },
        findings,
        suppressed: vec![],
        titles: Default::default(),
    }
}

fn only(severity: Severity, limit: Option<u32>) -> GateRules {
    let at_most = Severity::ALL.into_iter().map(|s| (s, if s == severity { limit } else { None })).collect();
    GateRules { at_most, ..GateRules::default() }
}

/// Judges readings of the image `web` in the account `main`, each as one scan.
fn judge_all(rules: &GateRules, readings: &[ScanReading]) -> GateJudgement {
    let owned: Vec<(ScanSubject, AccountName)> =
        (0..readings.len()).map(|i| (id(&format!("image{i}")), id("main"))).collect();
    let scans: Vec<Scanned<'_>> =
        owned.iter().zip(readings).map(|((image, account), reading)| Scanned { image, account, reading }).collect();
    judge(rules, &scans, at(0))
}

#[test]
fn a_limit_of_n_passes_exactly_n() {
    for severity in Severity::ALL {
        for limit in 0..4_u32 {
            for count in 0..6_u32 {
                let findings = (0..count as usize).map(|n| finding(n, severity)).collect();
                let judged = judge_all(&only(severity, Some(limit)), &[scanned(findings)]);
                assert_eq!(judged.verdict.passes(), count <= limit, "{count} of {severity:?}, at most {limit}");
                assert_eq!(judged.blocking.len() as u32, if count <= limit { 0 } else { count });
                assert_eq!(judged.reasons.is_empty(), count <= limit);
            }
        }
    }
}

#[test]
fn by_default_a_gate_blocks_critical_high_and_untriaged() {
    for severity in Severity::ALL {
        let judged = judge_all(&GateRules::default(), &[scanned(vec![finding(1, severity)])]);
        let stops = matches!(severity, Severity::Critical | Severity::High | Severity::Untriaged);
        assert_eq!(judged.verdict, if stops { Verdict::Fail } else { Verdict::Pass }, "{severity:?}");
    }
}

#[test]
fn a_severity_that_the_rules_do_not_name_does_not_pass() {
    let rules = GateRules { at_most: BTreeMap::new(), ..GateRules::default() };
    for severity in Severity::ALL {
        assert_eq!(judge_all(&rules, &[scanned(vec![finding(1, severity)])]).verdict, Verdict::Fail);
    }
    assert_eq!(judge_all(&rules, &[scanned(vec![])]).verdict, Verdict::Pass);
}

#[test]
fn an_image_without_a_scan_result_is_unknown_and_never_passes() {
    let waiting = ScanReading {
        state: ScanState::Waiting { waits: ScanWait::Status { status: "PENDING".into() } },
        findings: vec![],
        suppressed: vec![],
        titles: Default::default(),
    };
    let unscannable = ScanReading {
        state: ScanState::Unscannable { block: ScanBlock::Status { status: "UNSUPPORTED_OS".into(), said: None } },
        findings: vec![],
        suppressed: vec![],
        titles: Default::default(),
    };
    for reading in [waiting, unscannable] {
        let judged = judge_all(&GateRules::default(), &[scanned(vec![]), reading]);
        assert_eq!(judged.verdict, Verdict::Unknown);
        assert_eq!(judged.reasons.len(), 1, "the scanner's reason is kept: {:?}", judged.reasons);
        let reason = format!("{:?}", judged.reasons[0]);
        assert!(reason.contains("PENDING") || reason.contains("UNSUPPORTED_OS"), "{reason}");
    }
    assert_eq!(judge_all(&GateRules::default(), &[]).verdict, Verdict::Unknown, "nothing judged is not clean");
}

#[test]
fn a_failure_counts_before_an_unknown_result() {
    let unscannable = ScanReading {
        state: ScanState::Unscannable { block: ScanBlock::Status { status: "x".into(), said: None } },
        findings: vec![],
        suppressed: vec![],
        titles: Default::default(),
    };
    let judged = judge_all(&GateRules::default(), &[unscannable, scanned(vec![finding(1, Severity::Critical)])]);
    assert_eq!(judged.verdict, Verdict::Fail);
    assert_eq!(judged.reasons.len(), 2, "both are reported");
}

#[test]
fn one_finding_counts_once_for_an_image_in_two_accounts_and_once_for_each_image() {
    let reading = scanned(vec![finding(1, Severity::Low)]);
    let (web, admin, dev, prod) = (id("web"), id("admin"), id("dev"), id("prod"));
    let in_two_accounts = [
        Scanned { image: &web, account: &dev, reading: &reading },
        Scanned { image: &web, account: &prod, reading: &reading },
    ];
    assert_eq!(judge(&GateRules::default(), &in_two_accounts, at(0)).counts[&Severity::Low], 1);
    let two = [
        Scanned { image: &web, account: &dev, reading: &reading },
        Scanned { image: &admin, account: &dev, reading: &reading },
    ];
    assert_eq!(judge(&GateRules::default(), &two, at(0)).counts[&Severity::Low], 2);
}

#[test]
fn every_finding_of_a_severity_over_its_limit_is_named_and_no_other() {
    let findings = vec![finding(1, Severity::High), finding(2, Severity::High), finding(3, Severity::Low)];
    let judged = judge_all(&GateRules::default(), &[scanned(findings.clone())]);
    assert_eq!(judged.blocking, findings[..2]);
}

#[test]
fn a_scan_that_is_too_old_or_in_the_future_is_unknown() {
    let rules = GateRules { max_age: SignedDuration::from_hours(24), ..GateRules::default() };
    let (web, main) = (id("web"), id("main"));
    let at_age = |seconds: i64| {
        let reading = scanned(vec![]);
        judge(&rules, &[Scanned { image: &web, account: &main, reading: &reading }], at(seconds))
    };
    let day = 24 * 3600;
    for (age, passes) in [(0, true), (day, true), (day + 1, false), (-day, true), (-day - 1, false)] {
        let judged = at_age(age);
        assert_eq!(judged.verdict, if passes { Verdict::Pass } else { Verdict::Unknown }, "{age}");
        assert_eq!(judged.reasons.len(), usize::from(!passes), "{:?}", judged.reasons);
    }
    let old = &at_age(day + 1).reasons[0];
    assert!(matches!(old, GateReason::ScanTooOld { max_age, .. } if *max_age == rules.max_age), "{old:?}");
    assert!(matches!(at_age(-day - 1).reasons[0], GateReason::ScanInFuture { .. }));
}

#[test]
fn suppressed_findings_are_counted_separately_or_with_the_others() {
    let reading =
        ScanReading { suppressed: vec![finding(2, Severity::Critical)], ..scanned(vec![finding(1, Severity::Low)]) };
    let shown = judge_all(&GateRules::default(), std::slice::from_ref(&reading));
    assert_eq!((shown.verdict, shown.suppressed), (Verdict::Pass, BTreeMap::from([(Severity::Critical, 1)])));
    assert_eq!(shown.counts, BTreeMap::from([(Severity::Low, 1)]));
    let rules = GateRules { suppressed: Suppressed::Count, ..GateRules::default() };
    let counted = judge_all(&rules, &[reading]);
    assert_eq!((counted.verdict, counted.suppressed.len()), (Verdict::Fail, 0));
    assert_eq!(counted.blocking, [finding(2, Severity::Critical)]);
}

fn any_severity() -> impl Strategy<Value = Severity> {
    prop::sample::select(Severity::ALL.to_vec())
}

fn any_reading() -> impl Strategy<Value = ScanReading> {
    let findings = prop::collection::btree_set((0..12_usize, any_severity()), 0..8)
        .prop_map(|set| scanned(set.into_iter().map(|(n, s)| finding(n, s)).collect()));
    prop_oneof![
        8 => findings,
        1 => Just(ScanReading { state: ScanState::Waiting { waits: ScanWait::Status { status: "soon".into() } }, findings: vec![], suppressed: vec![], titles: Default::default() }),
        1 => Just(ScanReading { state: ScanState::Unscannable { block: ScanBlock::Status { status: "never".into(), said: None } }, findings: vec![], suppressed: vec![], titles: Default::default() }),
    ]
}

fn any_rules() -> impl Strategy<Value = GateRules> {
    prop::collection::btree_map(any_severity(), prop::option::of(0..4_u32), 0..7)
        .prop_map(|at_most| GateRules { at_most, ..GateRules::default() })
}

/// Image, account and reading; two images and two accounts, so that one image is often scanned in both.
fn any_scans() -> impl Strategy<Value = Vec<(ScanSubject, AccountName, ScanReading)>> {
    let name = |names: &'static [&'static str]| prop::sample::select(names);
    prop::collection::vec((name(&["web", "admin"]), name(&["dev", "prod"]), any_reading()), 0..5)
        .prop_map(|all| all.into_iter().map(|(i, a, r)| (id(i), id(a), r)).collect())
}

fn judged(rules: &GateRules, scans: &[(ScanSubject, AccountName, ScanReading)]) -> GateJudgement {
    let scans: Vec<Scanned<'_>> =
        scans.iter().map(|(image, account, reading)| Scanned { image, account, reading }).collect();
    judge(rules, &scans, at(0))
}

/// An independent implementation: whether everything was scanned, and whether a severity has too many findings.
fn oracle(rules: &GateRules, scans: &[(ScanSubject, AccountName, ScanReading)]) -> (bool, bool) {
    let known = !scans.is_empty() && scans.iter().all(|(_, _, r)| matches!(r.state, ScanState::Scanned { .. }));
    let mut seen: Vec<(&ScanSubject, &Finding)> = Vec::new();
    for (image, _, reading) in scans {
        for finding in &reading.findings {
            if !seen.contains(&(image, finding)) {
                seen.push((image, finding));
            }
        }
    }
    let bad = Severity::ALL.iter().any(|severity| {
        let count = seen.iter().filter(|(_, f)| f.severity == *severity).count();
        match rules.at_most.get(severity) {
            Some(None) => false,
            Some(Some(limit)) => count > *limit as usize,
            None => count > 0,
        }
    });
    (known, bad)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn it_agrees_with_the_oracle(rules in any_rules(), scans in any_scans()) {
        let (known, bad) = oracle(&rules, &scans);
        let expected = match (known, bad) {
            (_, true) => Verdict::Fail,
            (false, false) => Verdict::Unknown,
            (true, false) => Verdict::Pass,
        };
        let judged = judged(&rules, &scans);
        prop_assert_eq!(judged.verdict, expected);
        prop_assert_eq!(judged.verdict.passes(), judged.reasons.is_empty(), "a gate that does not pass has a reason");
    }

    #[test]
    fn the_order_of_scans_is_irrelevant(
        rules in any_rules(),
        (scans, shuffled) in any_scans().prop_flat_map(|s| (Just(s.clone()), Just(s).prop_shuffle())),
    ) {
        prop_assert_eq!(judged(&rules, &scans), judged(&rules, &shuffled));
    }

    #[test]
    fn one_finding_more_never_lets_a_blocked_gate_pass(
        rules in any_rules(),
        scans in any_scans(),
        which in any::<prop::sample::Index>(),
        severity in any_severity(),
    ) {
        prop_assume!(!scans.is_empty());
        let mut more = scans.clone();
        let reading = &mut more[which.index(scans.len())].2;
        if matches!(reading.state, ScanState::Scanned { .. }) {
            reading.findings.push(finding(99, severity));
        }
        prop_assert!(judged(&rules, &more).verdict >= judged(&rules, &scans).verdict);
    }

    #[test]
    fn one_scan_more_never_lets_a_blocked_gate_pass(
        rules in any_rules(),
        scans in any_scans().prop_filter("nothing to judge does not pass", |s| !s.is_empty()),
        more in any_scans(),
    ) {
        let all: Vec<_> = scans.iter().cloned().chain(more).collect();
        prop_assert!(judged(&rules, &all).verdict >= judged(&rules, &scans).verdict);
    }

    #[test]
    fn a_lower_limit_never_lets_a_blocked_gate_pass(rules in any_rules(), scans in any_scans(), severity in any_severity()) {
        let mut tighter = rules.clone();
        if let Some(limit) = tighter.at_most.get_mut(&severity) {
            *limit = Some(limit.map_or(3, |l| l.saturating_sub(1)));
        }
        prop_assert!(judged(&tighter, &scans).verdict >= judged(&rules, &scans).verdict);
    }
}
