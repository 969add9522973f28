//! Manual pages, by the verdict of the programs that show them.

use std::process::{Command, Stdio};

use super::test_env::TestEnv;
use crate::real::peers::have;

/// What a program says about a page, on both streams.
fn verdict(page: &str, program: &str, args: &[&str]) -> String {
    let file = tempfile::Builder::new().suffix(".1").tempfile().unwrap();
    std::fs::write(file.path(), page).unwrap();
    let mut command = Command::new(program);
    command.args(args).arg(file.path()).stdin(Stdio::null());
    let ran = command.env("LC_ALL", "C.UTF-8").env("MANWIDTH", "100").output().unwrap();
    let text = String::from_utf8(ran.stdout).unwrap();
    assert!(ran.status.success(), "{program}: {text}{}", String::from_utf8_lossy(&ran.stderr));
    text + &String::from_utf8_lossy(&ran.stderr)
}

fn verbs(test_env: &TestEnv) -> Vec<String> {
    let help = test_env.run(&[], &["--help"]).ended(0).out;
    let listed = help.lines().take_while(|line| *line != "Global options:");
    let verbs = listed.filter_map(|line| line.strip_prefix("  ")?.split(' ').next().filter(|word| !word.is_empty()));
    verbs.map(str::to_owned).collect()
}

#[test]
fn every_page_is_without_a_mistake_for_man_groff_and_mandoc() {
    if !have("every_page_is_without_a_mistake_for_man_groff_and_mandoc", &["man", "groff", "mandoc"]) {
        return;
    }
    let test_env = TestEnv::empty();
    let verbs = verbs(&test_env);
    assert!(verbs.contains(&"release".to_owned()) && verbs.len() > 20, "{verbs:?}");
    let pages = verbs.iter().map(|verb| vec!["man", verb]).chain([vec!["man"]]);
    for args in pages {
        let page = test_env.run(&[], &args).ended(0).out;
        assert_eq!(verdict(&page, "groff", &["-man", "-ww", "-z", "-Tutf8"]), "", "{args:?}");
        assert_eq!(
            verdict(&page, "man", &["--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z"])
                .lines()
                .find(|l| l.contains("warning")),
            None,
            "{args:?}"
        );
        assert_eq!(verdict(&page, "mandoc", &["-T", "lint", "-W", "error"]), "", "{args:?}");
    }
}

#[test]
fn a_page_has_its_name_its_options_and_the_exit_codes() {
    if !have("a_page_has_its_name_its_options_and_the_exit_codes", &["man"]) {
        return;
    }
    let test_env = TestEnv::empty();
    let page = test_env.run(&[], &["man", "promote"]).ended(0).out;
    let shown = verdict(&page, "man", &["-E", "ascii", "-P", "cat", "-l"]);
    for words in [
        "kanmon-promote",
        "Take an existing release through the stages that it has not passed yet",
        "kanmon manual",
        concat!("kanmon ", env!("CARGO_PKG_VERSION")),
        "--to <STAGE>",
        "EXIT STATUS",
        "a gate blocks",
    ] {
        assert!(shown.contains(words), "not shown: {words}\n{shown}");
    }
    let whole = test_env.run(&[], &["man"]).ended(0).out;
    assert!(whole.contains("SUBCOMMANDS") && whole.contains("kanmon\\-approve"), "{whole}");
}

#[test]
fn on_a_terminal_it_is_said_how_a_page_is_read() {
    let shown = TestEnv::empty().run_on_terminal(&[], 80, "", &["man", "freeze"]).ended(0).out;
    assert!(shown.contains("`kanmon man freeze | man -l -` shows it"), "{shown}");
}
