//! The command line itself: help, codes, and wrong arguments.

use super::test_env::TestEnv;

#[test]
fn the_verbs_are_listed_with_their_descriptions() {
    let ran = TestEnv::empty().run(&[], &["--help"]).ended(0);
    insta::assert_snapshot!(ran.out, @"
    Carries a release from commit to production on Amazon ECS: built, scanned, gated, approved, proven

    Usage: kanmon [OPTIONS] <COMMAND>

    Commands:
      check      Read the pipeline file offline and report every mistake at once
      plan       Show what a release would do, stage by stage, without changing anything
      release    Build, push and scan images, and deploy them stage by stage
      promote    Take an existing release through the stages that it has not passed yet
      approvals  Show the releases that wait for approval
      approve    Approve exactly the plan that a release waits with
      reject     Reject the plan that a release waits with, which ends the release
      withdraw   Withdraw an approval before it is used
      resume     Continue a release after a crash, a stop or a suspension
      abort      End a release, and roll back the current stage if asked
      freeze     Freeze a stage: no release enters it, and a release in it deploys nothing more
      unfreeze   Unfreeze a stage: releases may enter it again
      unlock     Break the lock of a process that is gone, without waiting for it to expire
      status     Show what runs where, and which release deployed it
      history    Show past releases, or all events of one release
      report     Write a report about a release to stdout, in a format that other tools read
      export     Write a release's record to stdout, as JSON lines that `import` reads
      import     Import a record that `export` wrote, as read-only history
      codes      Show what the exit codes and the codes in JSON output mean
      sandbox    Run the embedded AWS, for any AWS client
      demo       Run a whole release on the embedded AWS, without an AWS account
      help       Print this message or the help of the given subcommand(s)

    Options:
      -h, --help     Print help
      -V, --version  Print version

    Global options:
          --pipeline <FILE>  The pipeline file (default: the only file in `pipelines/`) [env:
                             KANMON_PIPELINE]
          --output <FORM>    Print text for people, or JSON on stdout, one event per line [default:
                             human] [possible values: human, json]
          --state <URL>      Where the state is: `local`, `local:DIR` or `dynamodb://ACCOUNT/TABLE`
                             (default: what the pipeline file says) [env: KANMON_STATE]
          --env-file <FILE>  Write KANMON_RELEASE, KANMON_DIGEST, KANMON_PLAN and KANMON_OUTCOME into
                             this file
      -y, --yes              Answer yes to every question
      -v, --verbose...       Print more on stderr (-v, -vv, -vvv)
          --no-color         Print no colours (like NO_COLOR)

    Getting started:
      kanmon demo       a whole release on the embedded AWS, in seconds
      kanmon check      is the pipeline file valid?
      kanmon plan       what would a release change?
      kanmon release    build, scan, and deploy stage by stage
    ");
}

#[test]
fn the_version_is_one_line() {
    let ran = TestEnv::empty().run(&[], &["--version"]).ended(0);
    assert_eq!(ran.out, concat!("kanmon ", env!("CARGO_PKG_VERSION"), "\n"));
}

#[test]
fn each_verb_has_a_help_text_and_those_that_release_list_the_exit_codes() {
    let test_env = TestEnv::empty();
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
        "report",
        "sandbox",
        "demo",
    ] {
        let ran = test_env.run(&[], &[verb, "--help"]).ended(0);
        assert!(ran.out.contains(&format!("Usage: kanmon {verb}")), "{verb}: {}", ran.out);
        assert!(
            ran.out.contains("Exit codes:") == (verb == "release" || verb == "promote" || verb == "resume"),
            "{verb}"
        );
    }
}

#[test]
fn every_code_is_shown_on_a_line_with_its_meaning() {
    let test_env = TestEnv::empty();
    let (shown, help) =
        (test_env.run(&[], &["codes"]).ended(0).out, test_env.run(&[], &["help", "codes"]).ended(0).out);
    let json = test_env.run(&[], &["codes", "--output", "json"]).ended(0).json().remove(0);
    assert_eq!(json["exit_codes"][3], serde_json::json!({ "exit_code": 10, "meaning": "a gate blocks" }));
    for line in
        ["  10  a gate blocks", "Why a release ended (reason.code):", "Why a gate does not pass (judgement.reasons):"]
    {
        assert!(shown.lines().any(|l| l == line), "{line}: {shown}");
    }
    let families = json["reasons"].as_array().unwrap();
    for code in families.iter().flat_map(|family| family["codes"].as_array().unwrap()) {
        let (code, meaning) = (code["code"].as_str().unwrap(), code["meaning"].as_str().unwrap());
        let is_it =
            |line: &str| line.split_once("  ").is_some_and(|(_, row)| row.starts_with(code) && row.ends_with(meaning));
        assert!(shown.lines().any(is_it), "{code}: {shown}");
        assert!(help.contains(code), "{code}: {help}");
    }
}

#[test]
fn a_wrong_argument_is_exit_2_with_what_is_possible() {
    let test_env = TestEnv::empty();
    test_env.run(&[], &["relaese"]).ended(2).on_stderr("release");
    test_env.run(&[], &["promote", "not a release", "--to", "prod"]).ended(2).on_stderr("not a release");
    test_env.run(&[], &["release", "--image", "app"]).ended(2).on_stderr("NAME=REFERENCE");
    test_env.run(&[], &["release", "--output", "yaml"]).ended(2).on_stderr("human, json");
    test_env.run(&[], &[]).ended(2).on_stderr("Usage: kanmon");
    assert!(!test_env.has_state());
}
