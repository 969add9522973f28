//! A build releases, two managers approve on another machine at the same moment, and a developer reads on a third.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::world::{World, deadline, kinds, values};

/// Reads a release until it has ended. Each reading must be a prefix of the next one: events never change.
fn watch(machine: &super::world::Machine, release: &str) -> (Vec<Value>, usize) {
    let (mut seen, mut readings, until) = (Vec::<Value>::new(), 0, deadline());
    loop {
        let now = machine.lines(&["history", release]);
        assert!(now.len() >= seen.len() && now[..seen.len()] == seen[..], "the past has changed");
        let status = machine.json(&["status", "--offline"]);
        assert_eq!(status["kind"], "status");
        (seen, readings) = (now, readings + 1);
        if seen.last().is_some_and(|e| e["kind"] == "finished") {
            return (seen, readings);
        }
        assert!(Instant::now() < until, "it does not end: {:?}", seen.last());
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn a_build_releases_managers_approve_and_a_developer_watches_each_on_a_machine_of_their_own() {
    let Some(world) = World::start("one release on many machines", true) else { return };
    let (build, watcher) = (world.machine("developer"), world.machine("developer"));
    let managers = [world.machine("manager"), world.machine("manager")];
    let released = build.start(&["release", "--output", "json"]);
    let (release, plan) = managers[0].waits_for_approval();

    let status = watcher.json(&["status", "--offline"]);
    let holder = status["open"][0]["held_by"]["who"].as_str().unwrap();
    assert!(holder.ends_with(&format!("pid {}", released.child.id())), "{holder}");

    let (history, readings) = std::thread::scope(|scope| {
        let watching = scope.spawn(|| watch(&watcher, &release));
        let answers: Vec<_> =
            managers.iter().map(|m| m.start(&["approve", &release, "--plan", &plan, "-m", "readings good"])).collect();
        for answer in answers {
            let ended = answer.end();
            // The second approval may come after the first was used; then the message is that nothing waits.
            assert!(matches!(ended.status.code(), Some(0 | 2)), "{:?} {}", ended.status, ended.err);
        }
        watching.join().unwrap()
    });
    assert!(readings > 2);

    let ended = released.end();
    assert_eq!(ended.status.code(), Some(0), "{}", ended.err);
    let output = values(&ended.out);
    assert_eq!(output, history, "the output of the build is what the table holds");
    assert_eq!(history.last().unwrap()["outcome"], "succeeded");
    assert_eq!(kinds(&history, "approval-given").len(), 1, "one approval is used");
    let seqs: Vec<u64> = history.iter().map(|e| e["seq"].as_u64().unwrap()).collect();
    assert_eq!(seqs, (1..=history.len() as u64).collect::<Vec<_>>());
    for machine in [&build, &managers[1]] {
        assert_eq!(machine.lines(&["history", &release]), history);
        assert!(!machine.repo().join(".kanmon").exists(), "nothing is stored on this machine");
    }
    let status = watcher.json(&["status", "--offline"]);
    assert_eq!(status["open"].as_array().unwrap().len(), 0);
    assert!(status["services"].as_array().unwrap().iter().all(|s| s["last_good"] == release.as_str()), "{status}");
}
