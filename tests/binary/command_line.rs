//! The command line itself: help, codes, and wrong arguments.

use super::test_env::TestEnv;

#[test]
fn the_verbs_are_listed_with_their_descriptions() {
    let ran = TestEnv::empty().run(&[], &["--help"]).ended(0);
    insta::assert_snapshot!(ran.out, @"
    Carries a release from commit to production on Amazon ECS: built, scanned, gated, approved, proven

    Usage: kanmon [OPTIONS] <COMMAND>

    Release:
      release      Build, push and scan images, and deploy them stage by stage
      promote      Take an existing release through the stages that it has not passed yet
      resume       Continue a release after a crash, a stop or a suspension
      abort        End a release, and roll back the current stage if asked

    Decide:
      approvals    Show the releases that wait for approval
      approve      Approve exactly the plan that a release waits with
      reject       Reject the plan that a release waits with, which ends the release
      withdraw     Withdraw an approval before it is used

    Look:
      plan         Show what a release would do, stage by stage, without changing anything
      status       Show what runs where, and which release deployed it
      findings     Show what scans have found in the images of a release, the worst first
      history      Show past releases, or all events of one release
      watch        Follow all releases and stages on a full screen, and decide what waits for approval
      report       Write a report about a release to stdout, in a format that other tools read

    Control:
      freeze       Freeze a stage: no release enters it, and a release in it deploys nothing more
      unfreeze     Unfreeze a stage: releases may enter it again
      unlock       Break the lock of a process that is gone, without waiting for it to expire

    Set up:
      check        Read the pipeline file offline and report every mistake at once
      schema       Print a JSON Schema: of the pipeline file, for editors, or of what kanmon prints
      completions  Print the script with which a shell completes commands, stages and releases
      man          Print the manual page of kanmon, or of a command
      help         Explain a command or a topic

    Records:
      export       Write a release's record to stdout, as JSON lines that `import` reads
      import       Import a record that `export` wrote, as read-only history

    Without AWS:
      demo         Run a whole release on the embedded AWS, without an AWS account
      sandbox      Run the embedded AWS, for any AWS client

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
      -h, --help             Print help
      -V, --version          Print version

    More help:
      kanmon help VERB   what a command does, and its options
      kanmon help TOPIC  start, permissions, approvals, images, gate, steps, freeze, state,
                         codepipeline, ci, accounts, completions, environment, file, sandbox, codes

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
    // The build script's own tests look at what other builds say.
    assert_eq!(ran.out, concat!("kanmon ", env!("CARGO_PKG_VERSION"), " (debug build)\n"));
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
        "schema",
        "completions",
        "man",
        "help",
    ] {
        let ran = test_env.run(&[], &[verb, "--help"]).ended(0);
        assert!(ran.out.contains(&format!("Usage: kanmon {verb}")), "{verb}: {}", ran.out);
        assert!(
            ran.out.contains("Exit codes:") == ["release", "promote", "resume", "approve"].contains(&verb),
            "{verb}"
        );
    }
}

#[test]
fn every_code_is_shown_on_a_line_with_its_meaning() {
    let test_env = TestEnv::empty();
    let shown = test_env.run(&[], &["help", "codes"]).ended(0).out;
    let json = test_env.run(&[], &["help", "codes", "--output", "json"]).ended(0).json().remove(0);
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
    }
}

#[test]
fn help_explains_verbs_and_topics() {
    let test_env = TestEnv::empty();
    let help = |subject: &str| test_env.run(&[], &["help", subject]).ended(0).out;
    assert_eq!(test_env.run(&[], &["help"]).ended(0).out, test_env.run(&[], &["--help"]).ended(0).out);
    assert_eq!(help("approve"), test_env.run(&[], &["approve", "--help"]).ended(0).out);
    let gate = help("gate");
    assert!(gate.starts_with("The gate\n\n  The file's `gate:` applies to every stage"), "{gate}");
    assert!(gate.lines().all(|line| line.chars().count() <= 100), "{gate}");
    // A topic of the same name as a verb is below the verb's own help.
    let freeze = help("freeze");
    assert!(freeze.contains("Usage: kanmon freeze") && freeze.contains("kanmon unfreeze prod --comment"), "{freeze}");
    let json = test_env.run(&[], &["help", "state", "--output", "json"]).ended(0).json().remove(0);
    assert!(json["markdown"].as_str().unwrap().starts_with("## State\n"), "{json}");
    test_env.run(&[], &["help", "gates"]).ended(2).on_stderr("similar value exists: 'gate'");
}

#[test]
fn a_topic_fits_the_terminal_and_keeps_commands_whole() {
    let test_env = TestEnv::empty();
    let shown = test_env.run_on_terminal(&[], 60, "", &["help", "state"]).ended(0).out;
    let long: Vec<&str> = shown.lines().map(str::trim_end).filter(|line| line.chars().count() > 60).collect();
    assert!(
        long.iter().all(|line| line.trim_start().starts_with("aws ") || line.contains("kanmon import ")),
        "{long:#?}"
    );
    assert!(shown.contains("\u{1b}[1mState\u{1b}[0m"), "the heading is not bold: {shown:?}");
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
