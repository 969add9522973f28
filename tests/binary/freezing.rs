//! The line stopped in front of a stage, in the words that people read.

use super::rig::{Desk, Sandbox, masked, release_in};

#[test]
fn a_frozen_stage_says_who_froze_it_and_why_and_how_to_go_on() {
    let sandbox = Sandbox::start();
    let desk = Desk::demo(&sandbox);
    let (developer, manager) = (sandbox.keys("developer"), sandbox.keys("manager"));
    let frozen = desk.run(&manager, &["freeze", "dev", "--reason", "an incident"]).ended(0);
    insta::assert_snapshot!(frozen.out, @"dev is frozen: nothing new enters it until `kanmon unfreeze dev --reason WHY`");
    desk.run(&manager, &["freeze", "dev", "--reason", "again"]).ended(0).says("frozen already").says("an incident");

    // Told before anything is built, that nobody waits for it in vain.
    let warned = "warning: dev is frozen: an incident (by arn:aws:iam::111111111111:user/manager at 20";
    let ran = desk.run(&developer, &["release", "--until", "dev"]).ended(41).told(warned);
    let id = release_in(&ran.out);
    assert!(ran.out.contains("! locked: dev is frozen: an incident"), "{}", ran.out);
    assert!(ran.out.contains("cause: frozen by arn:aws:iam::111111111111:user/manager at 20"), "{}", ran.out);
    assert!(ran.out.contains("`kanmon unfreeze dev --reason WHY` unfreezes it"), "{}", ran.out);
    assert!(ran.out.contains(&format!("`kanmon resume {id}` goes on")), "{}", ran.out);
    assert!(sandbox.done("UpdateService").is_empty());

    let status = desk.run(&developer, &["status"]).ended(0);
    let line = status.out.split("\n\n").find(|part| part.contains("is frozen")).expect("it is told");
    assert!(line.replace('\n', " ").contains("dev is frozen: an incident (by arn:aws:iam::"), "{line}");
    let json = desk.run(&developer, &["status", "--output", "json"]).ended(0).json();
    assert_eq!(
        (&json[0]["frozen"][0]["stage"], &json[0]["frozen"][0]["frozen"]["reason"]),
        (&"dev".into(), &"an incident".into())
    );

    let open = desk.run(&manager, &["unfreeze", "dev", "-m", "over"]).ended(0);
    assert!(masked(&open.out).contains("dev is open again; it was frozen by arn:"), "{}", open.out);
    desk.run(&manager, &["unfreeze", "dev", "-m", "over"]).ended(0).says("dev is not frozen");
    desk.run(&developer, &["resume", &id]).ended(0).says("✓ succeeded");
    assert_eq!(sandbox.done("UpdateService").len(), 1);
    // Who said what stays to be read.
    let history = desk.run(&developer, &["history"]).ended(0);
    let said = history.out.split("\n\n").last().unwrap();
    let said: Vec<&str> = said.lines().map(|line| line.split_once("UTC  ").unwrap().1).collect();
    let (first, second) =
        ("dev opened again by manager of 111111111111: over", "dev frozen by manager of 111111111111: an incident");
    assert_eq!(said, [first, second]);
}

#[test]
fn a_freeze_needs_a_stage_of_the_file_and_a_reason() {
    let sandbox = Sandbox::start();
    let desk = Desk::demo(&sandbox);
    let manager = sandbox.keys("manager");
    desk.run(&manager, &["freeze", "moon", "--reason", "x"]).ended(2).told("there is no stage `moon`").told("staging");
    desk.run(&manager, &["freeze", "dev"]).ended(2).told("--reason");
    desk.run(&manager, &["freeze", "dev", "--reason", "  "]).ended(2).told("it must not be empty");
    desk.run(&manager, &["release", "--force"]).ended(2).told("--reason");
}

#[test]
fn what_failed_comes_back_only_by_force() {
    let sandbox = Sandbox::start();
    let desk = Desk::demo(&sandbox);
    desk.label("exit-code", "42");
    let developer = sandbox.keys("developer");
    desk.run(&developer, &["release", "--until", "dev"]).ended(20);
    let ran = desk.run(&developer, &["release", "--until", "dev"]).ended(10);
    // The sentence names the one that failed first.
    let id = release_in(ran.out.split_once("  release ").expect("it is told").1);
    assert!(ran.out.contains("✗ blocked: what this release brings failed in dev before"), "{}", ran.out);
    let forced = desk.run(&developer, &["promote", &id, "--to", "dev", "--force", "--reason", "the network was down"]);
    let forced = forced.ended(20);
    assert!(forced.err.contains("goes on by force: “the network was down”"), "{}", forced.err);
    let story = desk.run(&developer, &["history", &id]).ended(0);
    assert!(story.out.contains("goes on by force: “the network was down”"), "{}", story.out);
}

#[test]
fn who_approves_for_a_frozen_stage_is_told_that_it_is_frozen() {
    let sandbox = Sandbox::start();
    let desk = Desk::demo(&sandbox);
    let manager = sandbox.keys("manager");
    let mut running = desk.start(&sandbox.keys("developer"), &["release"]);
    let id = release_in(&running.says("waits for approval"));
    let shown = desk.run(&manager, &["approvals", "--output", "json"]).ended(0).json();
    let plan = shown[0]["waiting"][0]["request"]["plan"].as_str().unwrap();
    desk.run(&manager, &["freeze", "prod", "--reason", "an incident"]).ended(0);
    let approved = desk.run(&manager, &["approve", &id, "--plan", plan]).ended(0);
    approved.told("warning: prod is frozen: an incident").told(&format!("{id} stops before it"));
    running.end().ended(41).says("prod is frozen: an incident");
    assert_eq!(sandbox.done("UpdateService").len(), 2, "dev and staging");
}
