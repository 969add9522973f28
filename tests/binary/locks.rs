//! Locks of processes that have ended, and of those that still run.

use super::test_env::{Sandbox, TestEnv, release_in};

#[test]
fn a_lock_is_broken_with_a_reason_and_its_holder_stops() {
    let sandbox = Sandbox::with(&["--speed", "15"]);
    let test_env = TestEnv::demo(&sandbox);
    let (developer, manager) = (sandbox.keys("developer"), sandbox.keys("manager"));
    test_env.edit("poll: 100ms", "poll: 2s");
    let mut running = test_env.start(&developer, &["release", "--until", "dev"]);
    let id = release_in(&running.says("hello-dev-web:1 → hello-dev-web:2"));
    let refused = test_env.run(&developer, &["resume", &id]).ended(41);
    assert!(refused.err.contains("kanmon unlock"), "{}", refused.err);
    // The process is stopped. That cannot be seen from outside, so a person decides that it is gone.
    running.signal("STOP");
    let broken = test_env.run(&manager, &["unlock", &id, "--comment", "the builder hangs"]).ended(0);
    assert!(
        broken.out.contains(&format!("the lock of {id} is broken; ")) && broken.out.contains("pid "),
        "{}",
        broken.out
    );
    test_env.run(&manager, &["unlock", &id, "--comment", "again"]).ended(0).says("is not locked");
    let resumed = test_env.run(&developer, &["resume", &id]).ended(0);
    assert!(resumed.out.contains("✓ succeeded"), "{}", resumed.out);
    running.signal("CONT");
    let ran = running.end().ended(30);
    assert!(ran.err.contains("has lost its lock on"), "{}", ran.err);
    assert_eq!(sandbox.done("UpdateService").len(), 1, "the process that was continued changed nothing more");
    let story = test_env.run(&developer, &["history", &id]).ended(0);
    assert!(story.out.contains("by manager of 111111111111: “the builder hangs”"), "{}", story.out);
}

#[test]
fn a_stage_is_unlocked_by_its_name_and_another_name_is_refused() {
    let sandbox = Sandbox::start();
    let test_env = TestEnv::demo(&sandbox);
    let manager = sandbox.keys("manager");
    test_env.run(&manager, &["unlock", "dev", "--comment", "x"]).ended(0).says("dev is not locked");
    test_env
        .run(&manager, &["unlock", "r20200101-000000-abcdef", "--comment", "x"])
        .ended(2)
        .on_stderr("is recorded here");
    test_env
        .run(&manager, &["unlock", "no such thing", "--comment", "x"])
        .ended(2)
        .on_stderr("neither a release nor a stage");
    test_env.run(&manager, &["unlock", "dev"]).ended(2).on_stderr("--comment");
}
