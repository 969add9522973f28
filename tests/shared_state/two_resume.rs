//! A build is killed while it waits; two others resume its release at the same moment.

use std::time::{Duration, Instant};

use super::world::{World, deadline, kinds};

#[test]
fn of_two_processes_that_resume_at_once_one_continues_and_the_other_names_it() {
    let Some(world) = World::start("two resume at once", true) else { return };
    let (build, manager) = (world.machine("developer"), world.machine("manager"));
    let others = [world.machine("developer"), world.machine("developer")];
    let killed = build.start(&["release", "--output", "json"]);
    let (release, plan) = manager.waits_for_approval();
    killed.kill();

    let mut running: Vec<_> = others.iter().map(|m| m.start(&["resume", &release])).collect();
    let until = deadline();
    let loser = loop {
        if let Some(ended) = running.iter_mut().position(super::world::Running::has_ended) {
            break running.remove(ended).end();
        }
        assert!(Instant::now() < until, "both continue");
        std::thread::sleep(Duration::from_millis(50));
    };
    let winner = running.remove(0);
    assert_eq!(loser.status.code(), Some(41), "{}", loser.err);
    let who = format!("pid {}", winner.child.id());
    assert!(
        loser.err.contains(&format!("release {release} is locked by")) && loser.err.contains(&who),
        "{}",
        loser.err
    );

    // A third process gets the same message later.
    let third = build.start(&["resume", &release]).end();
    assert_eq!(third.status.code(), Some(41), "{}", third.err);
    assert!(third.err.contains(&who), "{}", third.err);

    let answer = manager.start(&["approve", &release, "--plan", &plan]).end();
    assert_eq!(answer.status.code(), Some(0), "{}", answer.err);
    let ended = winner.end();
    assert_eq!(ended.status.code(), Some(0), "{}", ended.err);
    let history = manager.lines(&["history", &release]);
    assert_eq!(kinds(&history, "resumed").len(), 1, "the others wrote nothing");
    assert_eq!(kinds(&history, "approval-given").len(), 1);
    assert_eq!(history.last().unwrap()["outcome"], "succeeded");
}
