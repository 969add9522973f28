//! Freezing a stage: what people read.

use super::test_env::{Sandbox, TestEnv, masked, release_in};

#[test]
fn a_frozen_stage_says_who_froze_it_and_why_and_how_to_continue() {
    let sandbox = Sandbox::start();
    let test_env = TestEnv::demo(&sandbox);
    let (developer, manager) = (sandbox.keys("developer"), sandbox.keys("manager"));
    let frozen = test_env.run(&manager, &["freeze", "dev", "--comment", "an incident"]).ended(0);
    insta::assert_snapshot!(frozen.out, @"dev is frozen: no release enters it until `kanmon unfreeze dev --comment WHY`");
    test_env
        .run(&manager, &["freeze", "dev", "--comment", "again"])
        .ended(0)
        .says("already frozen")
        .says("an incident");

    // It is reported before anything is built, so that nobody waits in vain.
    let warned = "warning: dev is frozen: an incident (by arn:aws:iam::111111111111:user/manager at 20";
    let ran = test_env.run(&developer, &["release", "--until", "dev"]).ended(41).on_stderr(warned);
    let id = release_in(&ran.out);
    assert!(ran.out.contains("! locked: dev is frozen: an incident"), "{}", ran.out);
    assert!(ran.out.contains("cause: frozen by arn:aws:iam::111111111111:user/manager at 20"), "{}", ran.out);
    assert!(ran.out.contains("`kanmon unfreeze dev --comment WHY` unfreezes it"), "{}", ran.out);
    assert!(ran.out.contains(&format!("`kanmon resume {id}` continues")), "{}", ran.out);
    assert!(sandbox.done("UpdateService").is_empty());

    let status = test_env.run(&developer, &["status"]).ended(0);
    let line = status.out.split("\n\n").find(|part| part.contains("is frozen")).expect("it is printed");
    assert!(line.replace('\n', " ").contains("dev is frozen: an incident (by arn:aws:iam::"), "{line}");
    let json = test_env.run(&developer, &["status", "--output", "json"]).ended(0).json();
    assert_eq!(
        (&json[0]["frozen"][0]["stage"], &json[0]["frozen"][0]["frozen"]["by"]["reason"]),
        (&"dev".into(), &"an incident".into())
    );

    let open = test_env.run(&manager, &["unfreeze", "dev", "-m", "over"]).ended(0);
    assert!(masked(&open.out).contains("dev is no longer frozen; it was frozen: an incident (by arn:"), "{}", open.out);
    test_env.run(&manager, &["unfreeze", "dev", "-m", "over"]).ended(0).says("dev is not frozen");
    test_env.run(&developer, &["resume", &id]).ended(0).says("✓ succeeded");
    assert_eq!(sandbox.done("UpdateService").len(), 1);
    // The reasons of both stay in the history.
    let history = test_env.run(&developer, &["history"]).ended(0);
    let said = history.out.split("\n\n").last().unwrap();
    let said: Vec<&str> = said.lines().map(|line| line.split_once("UTC  ").unwrap().1).collect();
    let (first, second) =
        ("dev unfrozen by manager of 111111111111: over", "dev frozen by manager of 111111111111: an incident");
    assert_eq!(said, [first, second]);
}

#[test]
fn a_freeze_needs_a_stage_of_the_file_and_a_reason() {
    let sandbox = Sandbox::start();
    let test_env = TestEnv::demo(&sandbox);
    let manager = sandbox.keys("manager");
    test_env
        .run(&manager, &["freeze", "moon", "--comment", "x"])
        .ended(2)
        .on_stderr("the pipeline file has no stage `moon`")
        .on_stderr("staging");
    test_env.run(&manager, &["freeze", "dev"]).ended(2).on_stderr("--comment");
    test_env.run(&manager, &["freeze", "dev", "--comment", "  "]).ended(2).on_stderr("it must not be empty");
    test_env.run(&manager, &["release", "--force"]).ended(2).on_stderr("--comment");
    test_env.run(&manager, &["release", "-m", "a comment alone enters nothing"]).ended(2).on_stderr("--again");
}

#[test]
fn images_that_failed_enter_again_only_with_force() {
    let sandbox = Sandbox::start();
    let test_env = TestEnv::demo(&sandbox);
    test_env.label("exit-code", "42");
    let developer = sandbox.keys("developer");
    test_env.run(&developer, &["release", "--until", "dev"]).ended(20);
    let ran = test_env.run(&developer, &["release", "--until", "dev"]).ended(10);
    // The sentence names the one that failed first.
    let id = release_in(ran.out.split_once("  release ").expect("it is printed").1);
    assert!(ran.out.contains("✗ blocked: the same images failed in dev before"), "{}", ran.out);
    let forced =
        test_env.run(&developer, &["promote", &id, "--to", "dev", "--force", "--comment", "the network was down"]);
    let forced = forced.ended(20);
    assert!(forced.err.contains("continues because of --force: “the network was down”"), "{}", forced.err);
    let story = test_env.run(&developer, &["history", &id]).ended(0);
    assert!(story.out.contains("continues because of --force: “the network was down”"), "{}", story.out);
}

#[test]
fn approving_for_a_frozen_stage_reports_that_it_is_frozen() {
    let sandbox = Sandbox::start();
    let test_env = TestEnv::demo(&sandbox);
    let manager = sandbox.keys("manager");
    let mut running = test_env.start(&sandbox.keys("developer"), &["release"]);
    let id = release_in(&running.says("waits for approval"));
    let shown = test_env.run(&manager, &["approvals", "--output", "json"]).ended(0).json();
    let plan = shown[0]["waiting"][0]["request"]["plan"].as_str().unwrap();
    test_env.run(&manager, &["freeze", "prod", "--comment", "an incident"]).ended(0);
    let approved = test_env.run(&manager, &["approve", &id, "--plan", plan]).ended(0);
    approved.on_stderr("warning: prod is frozen: an incident").on_stderr(&format!("{id} stops before it"));
    running.end().ended(41).says("prod is frozen: an incident");
    assert_eq!(sandbox.done("UpdateService").len(), 2, "dev and staging");
}
