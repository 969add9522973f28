//! Locks of processes that are not there any more, and of those that are.

use super::rig::{Desk, Sandbox, release_in};

#[test]
fn a_lock_is_broken_with_a_reason_and_its_holder_stops() {
    let sandbox = Sandbox::with(&["--speed", "15"]);
    let desk = Desk::demo(&sandbox);
    let (developer, manager) = (sandbox.keys("developer"), sandbox.keys("manager"));
    desk.edit("poll: 100ms", "poll: 2s");
    let mut running = desk.start(&developer, &["release", "--until", "dev"]);
    let id = release_in(&running.says("hello-dev-web:1 → hello-dev-web:2"));
    let refused = desk.run(&developer, &["resume", &id]).ended(41);
    assert!(refused.err.contains("kanmon unlock"), "{}", refused.err);
    // It stands still: nobody can tell that from outside, and somebody decides that it is gone.
    running.signal("STOP");
    let broken = desk.run(&manager, &["unlock", &id, "--reason", "the builder hangs"]).ended(0);
    assert!(
        broken.out.contains(&format!("the lock of {id} is broken; ")) && broken.out.contains("pid "),
        "{}",
        broken.out
    );
    desk.run(&manager, &["unlock", &id, "--reason", "again"]).ended(0).says("nobody holds");
    let resumed = desk.run(&developer, &["resume", &id]).ended(0);
    assert!(resumed.out.contains("✓ succeeded"), "{}", resumed.out);
    running.signal("CONT");
    let ran = running.end().ended(30);
    assert!(ran.err.contains("no longer holds"), "{}", ran.err);
    assert_eq!(sandbox.done("UpdateService").len(), 1, "the one that woke up changed nothing more");
    let story = desk.run(&developer, &["history", &id]).ended(0);
    assert!(story.out.contains("by manager of 111111111111: “the builder hangs”"), "{}", story.out);
}

#[test]
fn a_stage_is_unlocked_by_its_name_and_nothing_else_is_taken_for_one() {
    let sandbox = Sandbox::start();
    let desk = Desk::demo(&sandbox);
    let manager = sandbox.keys("manager");
    desk.run(&manager, &["unlock", "dev", "--reason", "x"]).ended(0).says("nobody holds dev");
    desk.run(&manager, &["unlock", "r20200101-000000-abcdef", "--reason", "x"]).ended(2).told("is recorded here");
    desk.run(&manager, &["unlock", "no such thing", "--reason", "x"]).ended(2).told("neither a release nor a stage");
    desk.run(&manager, &["unlock", "dev"]).ended(2).told("--reason");
}
