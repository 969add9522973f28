use jiff::SignedDuration;
use proptest::prelude::*;

use super::Repository;
use crate::model::gate::Suppressed;
use crate::model::severity::Severity;

/// What a gate sets for each severity: nothing, a limit, or unlimited.
type Limits = Vec<Option<Option<u32>>>;

fn any_limits() -> impl Strategy<Value = Limits> {
    let one = prop_oneof![3 => Just(None), 3 => (0..4u32).prop_map(|n| Some(Some(n))), 1 => Just(Some(None))];
    prop::collection::vec(one, Severity::ALL.len())
}

fn written(limits: &Limits) -> String {
    let limits = Severity::ALL.iter().zip(limits).filter_map(|(severity, limit)| {
        let limit = (*limit)?.map_or("unlimited".to_owned(), |n| n.to_string());
        Some(format!("{}: {limit}", severity.word()))
    });
    format!("{{ at_most: {{ {} }} }}", limits.collect::<Vec<_>>().join(", "))
}

/// The same rule computed differently: unlimited is the largest number.
fn number(limit: Option<u32>) -> u64 {
    limit.map_or(u64::MAX, u64::from)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn stages_only_tighten(file in any_limits(), dev in any_limits(), prod in any_limits()) {
        let mut expected: Vec<u64> = Severity::ALL
            .iter()
            .map(|s| match s {
                Severity::Critical | Severity::High | Severity::Untriaged => 0,
                Severity::Medium | Severity::Low | Severity::Informational => u64::MAX,
            })
            .collect();
        for (above, here) in expected.iter_mut().zip(&file) {
            *above = here.map_or(*above, number);
        }
        let mut loosened = 0;
        let mut of_stages = Vec::new();
        for limits in [&dev, &prod] {
            for (above, limit) in expected.iter_mut().zip(limits) {
                let here = limit.map_or(*above, number);
                loosened += usize::from(here > *above);
                *above = here.min(*above);
            }
            of_stages.push(expected.clone());
        }

        // The stage's gate is replaced first, because the other texts may contain the one that it replaces.
        let dev_gate = format!("    values: deploy/dev.yaml\n    enter: {{ gate: {} }}\n", written(&dev));
        let loaded = Repository::new().with(&[
            ("gate: { at_most: { medium: 0 } }", &format!("gate: {}", written(&prod))),
            ("    values: deploy/dev.yaml\n", &dev_gate),
            ("gate:\n  at_most: { critical: 0, high: 0, medium: 20 }", &format!("gate: {}", written(&file))),
        ]);
        match loaded {
            Ok(loaded) => {
                prop_assert_eq!(loosened, 0);
                for (stage, expected) in loaded.pipeline.stages.iter().zip(of_stages) {
                    let limits: Vec<u64> = Severity::ALL.iter().map(|s| number(stage.gate.at_most[s])).collect();
                    prop_assert_eq!(limits, expected);
                }
            }
            Err(diagnostics) => prop_assert_eq!(diagnostics.items().len(), loosened, "{}", diagnostics),
        }
    }
}

#[test]
fn a_stage_cannot_loosen_scan_times_or_the_rule_for_suppressed_findings() {
    let above = ("gate:\n", "gate:\n  settle: 10s\n  timeout: 30m\n  max_age: 2d\n  suppressed: count\n");
    let with = |stage: &str| {
        let stage = format!("gate: {{ {stage}, at_most");
        Repository::new().with(&[above, ("gate: { at_most", &stage)])
    };
    for (loose, hint) in [
        ("settle: 9s", "write at least 10s here"),
        ("timeout: 31m", "write at most 30m here"),
        ("max_age: 3d", "write at most 2d here"),
        ("suppressed: show", "write `count` here"),
    ] {
        let mistakes = with(loose).unwrap_err();
        let [mistake] = mistakes.items() else { panic!("{loose}: {} mistakes", mistakes.items().len()) };
        let text = mistake.to_string();
        assert!(text.contains(&format!("stage `prod` loosens the gate above it: `{loose}`")), "{text}");
        assert!(text.contains(&format!("a stage may only tighten the gate: {hint}")) && text.contains('^'), "{text}");
    }
    let tight = with("settle: 11s, timeout: 29m, max_age: 1d, suppressed: count").unwrap().pipeline;
    let rules = &tight.stages[1].gate;
    assert_eq!((rules.settle, rules.timeout), (SignedDuration::from_secs(11), SignedDuration::from_mins(29)));
    assert_eq!((rules.max_age, rules.suppressed), (SignedDuration::from_hours(24), Suppressed::Count));
}
