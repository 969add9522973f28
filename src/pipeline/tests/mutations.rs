use proptest::prelude::*;

use super::{FILE, GOOD, Repository};
use crate::pipeline::yaml;

/// The valid file with pieces removed, doubled, or replaced by texts that are special in YAML.
fn mutated() -> impl Strategy<Value = String> {
    let odd = prop::sample::select(vec![
        "",
        "\t",
        ":",
        "- ",
        "{",
        "}",
        "[",
        "]",
        "&a ",
        "*a ",
        "!!int ",
        "<<: ",
        "|",
        ">",
        "\"",
        "'",
        "~",
        "-1",
        "0x10",
        "99999999999999999999",
        "#",
        "\n",
        "---\n",
        "...\n",
        "{{",
        "}}",
        "関門",
        "\u{0}",
        "\u{feff}",
        "? ",
        "%YAML 9\n",
    ]);
    let mutation = (any::<prop::sample::Index>(), any::<prop::sample::Index>(), odd, 0..4u8);
    prop::collection::vec(mutation, 1..6).prop_map(|mutations| {
        let mut chars: Vec<char> = GOOD.chars().collect();
        for (a, b, odd, kind) in mutations {
            let (a, b) = (a.index(chars.len() + 1), b.index(chars.len() + 1));
            let (from, to) = (a.min(b), a.max(b).min(a.min(b) + 40));
            match kind {
                0 => drop(chars.splice(from..to, odd.chars())),
                1 => drop(chars.splice(from..from, odd.chars())),
                2 => {
                    let piece: Vec<char> = chars[from..to].to_vec();
                    chars.splice(from..from, piece);
                }
                _ => drop(chars.drain(from..to)),
            }
        }
        chars.into_iter().collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn a_mutated_file_is_valid_or_its_mistakes_are_reported(text in mutated()) {
        let repository = Repository::new();
        repository.write(FILE, &text);
        if let Err(diagnostics) = repository.load() {
            prop_assert!(!diagnostics.items().is_empty());
            let lines = text.lines().count();
            for item in diagnostics.items().iter().filter(|i| i.file == FILE) {
                prop_assert!(item.line <= lines + 1, "{item}");
            }
            let shown = diagnostics.to_string();
            prop_assert!(shown.len() < 200_000);
            prop_assert!(!shown.contains("a defect of kanmon"), "{shown}");
        }
    }

    #[test]
    fn the_parser_accepts_or_reports_every_text(text in "[-{}\\[\\]:,&*!|>'\"%@`#?~a \n\t]{0,200}") {
        let mut mistakes = Vec::new();
        if yaml::parse(&text, &mut mistakes).is_none() {
            prop_assert!(!mistakes.is_empty());
        }
    }
}
