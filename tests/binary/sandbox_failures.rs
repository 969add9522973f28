//! The table of README.md about what can go wrong in the sandbox, row by row: with the label on the image, and with the rule in the seed.

use std::path::Path;

use super::test_env::{Sandbox, TestEnv};

const BY_LABEL: usize = 1;
const BY_RULE: usize = 2;
const EXIT_CODE: usize = 3;

/// The cells of the table's rows.
fn rows() -> Vec<Vec<String>> {
    let readme = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let section = readme.split("\n### What can go wrong there\n").nth(1).expect("the section");
    let rows = section.lines().skip_while(|l| !l.starts_with("| ---")).skip(1).take_while(|l| l.starts_with('|'));
    let cells = |row: &str| row.trim_matches('|').split('|').map(|c| c.trim().trim_matches('`').to_owned()).collect();
    let rows: Vec<Vec<String>> = rows.map(cells).collect();
    assert!(rows.len() >= 5 && rows.iter().all(|row| row.len() == 4), "{rows:?}");
    rows
}

/// Releases into dev; the exit code must be the row's, and what is printed must be about this failure.
fn released(sandbox: &Sandbox, test_env: &TestEnv, row: &[String]) {
    // As short as the waiting for a scan that never ends.
    test_env.edit("timeout: 10m", if row[0].contains("never") { "timeout: 3s" } else { "timeout: 2m" });
    let ran = test_env.run(&sandbox.keys("developer"), &["release", "--until", "dev"]);
    let ran = ran.ended(row[EXIT_CODE].parse().unwrap());
    let words: &[&str] = match row[0].as_str() {
        "a blocked gate" => &["1 critical"],
        "a crash loop" => &["exit", "rolled back"],
        "a slow scan" => &["scan"],
        "a scan that never ends" => &["scan"],
        "an image that cannot be pulled" => &["no such host", "rolled back"],
        other => panic!("a new row: {other}"),
    };
    let said = format!("{}{}", ran.out, ran.err);
    for words in words {
        assert!(said.contains(words), "{}: not printed: `{words}`\n{said}", row[0]);
    }
    if row[0] == "a slow scan" {
        // A scan without this takes 20 seconds of AWS's; this one is read again and again meanwhile.
        assert!(sandbox.done("ListCoverage").len() > 10, "{said}");
    }
}

#[test]
fn a_label_on_the_image_makes_the_failure_that_is_documented() {
    for row in rows() {
        let sandbox = Sandbox::start();
        let test_env = TestEnv::demo(&sandbox);
        let (name, value) = row[BY_LABEL].split_once(": ").unwrap();
        test_env.label(name.strip_prefix("dev.kanmon.sandbox.").unwrap(), value);
        released(&sandbox, &test_env, &row);
    }
}

#[test]
fn a_rule_in_the_printed_seed_makes_the_failure_that_is_documented() {
    let printed = TestEnv::empty().run(&[], &["sandbox", "--print-seed"]).ended(0).out;
    let rows: Vec<_> = rows().into_iter().filter(|row| !row[BY_RULE].is_empty()).collect();
    assert!(rows.len() >= 3, "{rows:?}");
    for row in rows {
        let folder = tempfile::tempdir().unwrap();
        let seed = folder.path().join("seed.yaml");
        let rule = format!("inspector:\n  - images: {{ repository: hello }}\n    {}\n", row[BY_RULE]);
        std::fs::write(&seed, printed.replacen("inspector:\n", &rule, 1)).unwrap();
        let sandbox = Sandbox::with(&["--speed", "120", "--seed", seed.to_str().unwrap()]);
        released(&sandbox, &TestEnv::demo(&sandbox), &row);
    }
}
