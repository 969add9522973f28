//! What can be typed, and what is said about it.

use super::rig::Desk;

#[test]
fn the_verbs_are_listed_with_what_they_do() {
    let ran = Desk::empty().run(&[], &["--help"]).ended(0);
    insta::assert_snapshot!(ran.out, @"");
}

#[test]
fn the_version_is_told_in_one_line() {
    let ran = Desk::empty().run(&[], &["--version"]).ended(0);
    assert_eq!(ran.out, concat!("kanmon ", env!("CARGO_PKG_VERSION"), "\n"));
}

#[test]
fn each_verb_explains_itself_and_its_exit_codes() {
    let desk = Desk::empty();
    for verb in [
        "check",
        "plan",
        "release",
        "promote",
        "approvals",
        "approve",
        "reject",
        "withdraw",
        "resume",
        "abort",
        "status",
        "history",
        "sandbox",
        "demo",
    ] {
        let ran = desk.run(&[], &[verb, "--help"]).ended(0);
        assert!(ran.out.contains(&format!("Usage: kanmon {verb}")), "{verb}: {}", ran.out);
        assert!(
            ran.out.contains("Exit codes:") == (verb == "release" || verb == "promote" || verb == "resume"),
            "{verb}"
        );
    }
}

#[test]
fn what_cannot_be_is_exit_2_and_says_what_can() {
    let desk = Desk::empty();
    desk.run(&[], &["relaese"]).ended(2).told("release");
    desk.run(&[], &["promote", "not a release", "--to", "prod"]).ended(2).told("not a release");
    desk.run(&[], &["release", "--image", "app"]).ended(2).told("NAME=REFERENCE");
    desk.run(&[], &["release", "--output", "yaml"]).ended(2).told("human, json");
    desk.run(&[], &[]).ended(2).told("Usage: kanmon");
    assert!(!desk.has_state());
}
