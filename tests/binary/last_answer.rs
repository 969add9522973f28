//! The last answer before an approval is used counts, and an answer that comes too late is an error.

use crate::redteam::codepipeline::{asks_in, waits};
use crate::redteam::world::{Person, Topology, World};

use super::test_env::Running;

/// Production's manager and somebody in development may decide.
fn two_approvers() -> World {
    let world = World::new(Topology::Strong);
    let manager = "\"arn:aws:iam::222222222222:user/manager\"";
    world.edit_for_all(manager, &format!("{manager}, \"arn:aws:iam::111111111111:user/accomplice\""));
    world
}

fn other(world: &World) -> Person<'_> {
    let mut other = world.developer();
    other.keys = world.sandbox.keys("accomplice");
    other
}

/// Kills the process that waits, so that nobody works on the release.
fn dies(running: Running) {
    running.signal("KILL");
    assert_eq!(running.end().code, None);
}

/// A release that waits for production's approval while nobody works on it, and its plan.
fn left_waiting(world: &World) -> (String, String) {
    let release = world.prepared();
    let running = world.waits(&release);
    let plan = world.plan(&release);
    dies(running);
    (release, plan)
}

#[test]
fn a_rejection_by_another_approver_stops_what_was_approved_and_not_used() {
    let world = two_approvers();
    let (release, plan) = left_waiting(&world);
    world
        .manager()
        .run(&["approve", &release, "--plan", &plan])
        .ended(0)
        .says("prod is approved; somebody other than the approver can continue it: `kanmon resume");
    world.manager().run(&["approvals"]).ended(0).says("no release waits for approval");
    world.manager().run(&["approve", &release, "--plan", &plan]).ended(2).on_stderr("has already approved it");
    let no = other(&world).run(&["reject", &release, "--yes", "-m", "STOP, wrong build"]).ended(0);
    no.says(&format!("{release}: prod is rejected; `kanmon resume {release}` ends it"));
    world.manager().run(&["approve", &release, "--plan", &plan]).ended(2).on_stderr("user/accomplice has rejected it");
    world.promoter().run(&["resume", &release]).ended(11).says("STOP, wrong build");
    world.production_is_untouched();
}

#[test]
fn a_withdrawal_by_another_approver_requests_approval_again_with_the_whole_plan() {
    let world = two_approvers();
    let (release, plan) = left_waiting(&world);
    let card = world.manager().run(&["approvals"]).ended(0).out;
    world.manager().run(&["approve", &release, "--plan", &plan]).ended(0);
    let taken_back = other(&world).run(&["withdraw", &release, "-m", "I saw a fault"]).ended(0);
    taken_back.says(&format!("{release}: the approval of prod is withdrawn"));
    let again = world.manager().run(&["approvals"]).ended(0).out;
    let without_time = |card: &str| -> Vec<String> {
        card.lines().filter(|l| !l.contains(" since ") && !l.starts_with("  expires")).map(str::to_owned).collect()
    };
    let (card, mut again) = (without_time(&card), without_time(&again));
    let note = again.iter().position(|l| l.starts_with("  withdrawn this plan, by accomplice of 111111111111"));
    assert!(again.remove(note.unwrap_or_else(|| panic!("{again:#?}"))).ends_with(": “I saw a fault”"));
    assert_eq!(again, card, "gate, plan and command are there as before");
    let mut resumed = world.promoter().start(&["resume", &release]);
    resumed.says("approval withdrawn by accomplice");
    world.production_is_untouched();
    // The control: approved again, it continues.
    world.manager().run(&["approve", &release, "--plan", &plan]).ended(0);
    resumed.end().ended(0);
}

#[test]
fn an_expired_request_is_not_shown_and_cannot_be_answered() {
    let world = two_approvers();
    world.edit_for_all("expires: 1h", "expires: 5s");
    let (release, plan) = left_waiting(&world);
    let until = std::time::Instant::now() + std::time::Duration::from_secs(60);
    while !world.manager().run(&["approvals"]).ended(0).out.contains("no release waits for approval") {
        assert!(std::time::Instant::now() < until, "it never expires");
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
    let late = world.manager().run(&["approve", &release, "--plan", &plan]).ended(2);
    late.on_stderr("the approval request for prod expired at")
        .on_stderr(&format!("`kanmon promote {release} --to prod` requests approval again"));
    world.manager().run(&["reject", &release, "--yes"]).ended(2).on_stderr("expired at");
    world.promoter().run(&["resume", &release]).ended(12);
    world.production_is_untouched();
}

#[test]
fn an_approval_that_was_used_cannot_be_answered_or_withdrawn() {
    let world = two_approvers();
    let release = world.honest();
    let plan = "0".repeat(64);
    for answer in
        [vec!["approve", &release, "--plan", &plan], vec!["reject", &release, "--yes"], vec!["withdraw", &release]]
    {
        world.manager().run(&answer).ended(2).on_stderr("prod: the approval was used: the stage was entered at");
    }
}

#[test]
fn the_approval_request_says_that_the_stage_is_frozen() {
    let world = two_approvers();
    let (release, _) = left_waiting(&world);
    world.promoter().run(&["freeze", "prod", "--comment", "an incident"]).ended(0);
    let card = world.manager().run(&["approvals"]).ended(0);
    card.says("  frozen    an incident (by arn:aws:iam::222222222222:user/promoter at ");
    let asked = world.manager().run(&["approvals", "--output", "json"]).ended(0).json();
    assert_eq!(asked[0]["waiting"][0]["frozen"]["by"]["reason"], "an incident", "{release}");
}

#[test]
fn an_approval_that_comes_after_the_release_has_ended_is_an_error() {
    let world = two_approvers();
    let (release, _) = left_waiting(&world);
    // The release ends while the manager reads the request.
    let mut looks = world.manager().start_on_terminal(&["approve", &release]);
    looks.says("approve exactly this plan?");
    world.promoter().run(&["abort", &release]).ended(23);
    looks.types("y\n");
    let late = looks.end().ended(2);
    for words in [
        "the release has ended (aborted)",
        "nothing is deployed because of it",
        &format!("`kanmon promote {release} --to prod`"),
    ] {
        assert!(late.out.contains(words), "not printed: `{words}`\n{}", late.out);
    }
    // When it is promoted, approval is requested again.
    let running = world.waits(&release);
    world.production_is_untouched();
    world.approves(&release);
    running.end().ended(0);
}

#[test]
fn a_rejection_after_the_end_names_the_command_that_reads_it() {
    let world = two_approvers();
    let release = world.prepared();
    let running = world.waits(&release);
    let plan = world.plan(&release);
    // From now on a finding blocks the gate; the approval is given and not used.
    world.sandbox.ask("POST", "findings", r#"{ "images": { "repository": "hello" }, "findings": "CRITICAL:1" }"#);
    world.manager().run(&["approve", &release, "--plan", &plan]).ended(0);
    running.end().ended(10);
    let no = other(&world).run(&["reject", &release, "--yes", "-m", "not this one"]).ended(0);
    let promote = format!("`kanmon promote {release} --to prod` reads the answer first");
    no.says(&format!("{release}: prod is rejected; the release has ended, and {promote}"));
    // The rejection is read although the gate still blocks.
    let ran = world.promoter().run(&["promote", &release, "--to", "prod"]).ended(10);
    ran.on_stderr("rejected by accomplice of 111111111111: “not this one”");
    world.production_is_untouched();
}

/// A person who continues a release is one of its requesters: if an approver did that, their own approval would not count.
#[test]
fn a_person_who_approved_in_codepipeline_cannot_continue_the_release() {
    let world = World::new(Topology::Strong);
    asks_in(&world, "prod");
    let (release, plan) = left_waiting(&world);
    waits(&world, "manager", "hello");
    let approved = world.manager().run(&["approve", &release, "--plan", &plan]).ended(0);
    approved.says(&format!(
        "prod is approved; somebody other than the approver can continue it: `kanmon resume {release}`"
    ));
    for command in [&["resume", &release][..], &["promote", &release, "--to", "prod"]] {
        let ran = world.manager().run(command).ended(2);
        ran.on_stderr("user/manager has approved prod of").on_stderr("let somebody else continue it");
    }
    world.promoter().run(&["resume", &release]).ended(0);
    assert_eq!(world.in_production(), world.digest(&release));
}

#[test]
fn a_person_who_aborts_a_release_is_not_a_requester_and_may_approve_it_later() {
    let world = World::new(Topology::Strong);
    let (release, _) = left_waiting(&world);
    let aborted = world.manager().run(&["abort", &release, "-m", "not tonight"]).ended(23);
    assert!(aborted.err.contains("is continued by manager of 222222222222 to abort it"), "{}", aborted.err);
    let running = world.waits(&release);
    world.approves(&release);
    running.end().ended(0);
    assert_eq!(world.in_production(), world.digest(&release));
}
