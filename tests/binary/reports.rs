//! `report`: the result of a release, for other tools.

use super::junit::{self, Result};
use super::releases::APPROVAL;
use super::test_env::{Sandbox, TestEnv, masked, release_in};

#[test]
fn a_release_is_reported_as_junit_from_the_record_alone() {
    let sandbox = Sandbox::start();
    let test_env = TestEnv::demo(&sandbox);
    test_env.edit(APPROVAL, "");
    test_env.commit();
    let ran = test_env.run(&sandbox.keys("developer"), &["release", "--until", "dev"]).ended(0);
    let id = release_in(&ran.out);
    let calls = sandbox.calls().len();
    // No credentials: everything is in the record.
    let output = test_env.run(&[], &["report", &id, "--format", "junit"]).ended(0);
    assert_eq!((output.err.as_str(), sandbox.calls().len()), ("", calls));
    let junit = junit::read(&output.out);
    insta::assert_snapshot!(masked(&junit.lines()), @"
    ✓ hello: check the accounts
    ✓ hello: build and push app
    ✓ hello: hello to dev
    ✓ dev: severity gate
    ✓ dev: plan dev
    ✓ dev: update dev/web
    ✓ dev: check dev (step 2)
    ✓ dev: check again what dev runs
    ");
    assert_eq!(junit.suites[0].properties["release"], id);
    let gate = junit.case("dev", "severity gate");
    assert!(gate.out.contains("severity gate: passed (2 low)"), "the same sentence as in the history: {}", gate.out);
}

#[test]
fn a_failed_release_is_red_and_the_report_command_succeeds() {
    let sandbox = Sandbox::start();
    let test_env = TestEnv::demo(&sandbox);
    test_env.label("findings", "CRITICAL:1");
    let ran = test_env.run(&sandbox.keys("developer"), &["release"]).ended(10);
    let output = test_env.run(&[], &["report", &release_in(&ran.out), "--format", "junit"]).ended(0);
    let junit = junit::read(&output.out);
    let Result::Failure(why) = junit.result("dev", "severity gate") else { panic!("{}", junit.lines()) };
    assert!(why.contains("1 critical (at most 0)"), "{why}");
}

#[test]
fn an_unknown_release_or_format_is_a_wrong_command() {
    let sandbox = Sandbox::start();
    let test_env = TestEnv::demo(&sandbox);
    let ran = test_env.run(&[], &["report", "r20200101-000000-abcdef", "--format", "junit"]).ended(2);
    assert_eq!(ran.out, "", "no part of a report is printed");
    ran.on_stderr("r20200101-000000-abcdef").on_stderr("`kanmon history` lists");
    test_env.run(&[], &["report", "r20200101-000000-abcdef"]).ended(2).on_stderr("--format");
    test_env.run(&[], &["report", "r20200101-000000-abcdef", "--format", "pdf"]).ended(2).on_stderr("junit");
}
