use proptest::prelude::*;

use super::Repository;
use crate::model::finding::Severity;

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
