//! A build is stopped in the middle.

use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::world::{World, report};
use crate::binary::junit::Result;

/// The process that works on the only release.
fn worker(world: &World) -> String {
    let until = Instant::now() + Duration::from_secs(120);
    loop {
        let status = world.kanmon("manager", &["status", "--offline", "--output", "json"]);
        let output: Value = serde_json::from_slice(&status.stdout).unwrap();
        let open = &output["open"][0];
        if let (Some(release), Some(who)) = (open["release"].as_str(), open["held_by"]["who"].as_str()) {
            let history = world.kanmon("manager", &["history", release, "--output", "json"]);
            // Once the release has begun, the process handles signals.
            if String::from_utf8_lossy(&history.stdout).lines().count() > 2 {
                return who.rsplit_once("pid ").unwrap().1.to_owned();
            }
        }
        assert!(Instant::now() < until, "no process works on a release: {output}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_build_whose_release_is_suspended_succeeds_and_prints_that_it_is_not_done() {
    let Some(world) = World::start("a suspended build") else { return };
    let stop = || {
        let ended = Command::new("kill").args(["-TERM", &worker(&world)]).status().unwrap();
        assert!(ended.success());
    };
    let execution = world.starts();
    let (built, _) = std::thread::scope(|scope| {
        let stopping = scope.spawn(stop);
        let built = execution.runs("Prepare", "Prepare");
        stopping.join().unwrap();
        built
    });
    assert!(built.succeeded, "{}", built.log);
    let release = &built.exported["KANMON_RELEASE"];
    let line = format!("kanmon: SUSPENDED, not done: `kanmon resume {release}` continues it (exit code 30");
    assert!(built.log.contains(&line), "{}", built.log);
    assert_eq!((built.exported["KANMON_OUTCOME"].as_str(), built.exported["KANMON_PLAN"].as_str()), ("suspended", ""));
    assert!(!built.log.contains("FAILED"));
    let shown = report(&built);
    let waits = shown.result("hello", "hello to staging");
    assert!(matches!(waits, Result::Skipped(_)) && !shown.is_red(), "{}", shown.lines());

    // The approver sees this and no plan. An approval has no effect.
    assert_eq!(execution.reaches("Approve")["CustomData"], format!("release {release} (suspended), plan "));
    execution.is_approved_in_the_console();
    let (promoted, _) = execution.runs("Production", "Promote");
    assert_eq!(
        promoted.phases[1],
        ("build", Some(40)),
        "it may not do what the first build has left: {}",
        promoted.log
    );
    assert!(world.updates().iter().all(|(_, service)| service != "hello-prod/web"), "{:?}", world.updates());
    assert_eq!(execution.ends(), (Some(24), "Failed".to_owned()));
}
