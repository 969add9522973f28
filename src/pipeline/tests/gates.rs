use jiff::SignedDuration;
use proptest::prelude::*;

use super::Repository;
use crate::model::gate::Suppressed;
use crate::model::severity::Severity;

/// What a gate says of each severity: nothing, a limit, or unlimited.
type Said = Vec<Option<Option<u32>>>;

fn said() -> impl Strategy<Value = Said> {
    let one = prop_oneof![3 => Just(None), 3 => (0..4u32).prop_map(|n| Some(Some(n))), 1 => Just(Some(None))];
    prop::collection::vec(one, Severity::ALL.len())
}

fn written(said: &Said) -> String {
    let limits = Severity::ALL.iter().zip(said).filter_map(|(severity, said)| {
        let limit = (*said)?.map_or("unlimited".to_owned(), |n| n.to_string());
        Some(format!("{}: {limit}", severity.word()))
    });
    format!("{{ at_most: {{ {} }} }}", limits.collect::<Vec<_>>().join(", "))
}

/// The same rule by another way: unlimited is the largest number.
fn number(limit: Option<u32>) -> u64 {
    limit.map_or(u64::MAX, u64::from)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn stages_only_tighten(file in said(), dev in said(), prod in said()) {
        let mut expected: Vec<u64> = Severity::ALL
            .iter()
            .map(|s| match s {
                Severity::Critical | Severity::High | Severity::Untriaged => 0,
                Severity::Medium | Severity::Low | Severity::Informational => u64::MAX,
            })
            .collect();
        for (above, said) in expected.iter_mut().zip(&file) {
            *above = said.map_or(*above, number);
        }
        let mut loosened = 0;
        let mut of_stages = Vec::new();
        for said in [&dev, &prod] {
            for (above, said) in expected.iter_mut().zip(said) {
                let here = said.map_or(*above, number);
                loosened += usize::from(here > *above);
                *above = here.min(*above);
            }
            of_stages.push(expected.clone());
        }

        // The stage's own first: what it replaces could be written by the others.
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
fn a_stage_loosens_neither_the_times_of_a_scan_nor_what_becomes_of_suppressed_findings() {
    let above = ("gate:\n", "gate:\n  settle: 10s\n  timeout: 30m\n  max_age: 2d\n  suppressed: count\n");
    let with = |stage: &str| {
        let stage = format!("gate: {{ {stage}, at_most");
        Repository::new().with(&[above, ("gate: { at_most", &stage)])
    };
    for (loose, hint) in [
        ("settle: 9s", "at least 10s here"),
        ("timeout: 31m", "at most 30m here"),
        ("max_age: 3d", "at most 2d here"),
        ("suppressed: show", "`count` here"),
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
