use crate::scenarios::facts::task_started;
use jiff::SignedDuration;
use kanmon::model::event::Fact;
use kanmon::model::fault::state::Leased;
use kanmon::model::outcome::Outcome;
use kanmon::ports::journal::{JournalError, LEASE};
use kanmon::runtime::runner::RunError;
use serde_json::json;

use super::simulation::{DEV, MANAGER, Simulation, Story, name};

fn story() -> Simulation {
    Story::new().stages(&["dev"]).steps("dev", json!([{ "run": "migrate" }, { "roll": "web" }])).open()
}

#[tokio::test(start_paused = true)]
async fn a_stage_stops_its_holder_before_it_changes_anything_more() {
    let sim = story();
    let run = sim.release().await;
    let id = run.id.clone();
    sim.fact(&id, "migrated", task_started).await;
    let held_by = sim.unlocks(MANAGER, "dev", "its machine burnt").await;
    assert!(held_by.is_some_and(|who| who.starts_with(&format!("release {id} "))));
    let lost = run.fails().await;
    assert!(
        matches!(&lost, RunError::Journal(JournalError::LostLease { what: Leased::Stage(stage), .. }) if *stage == name("dev")),
        "{lost}"
    );
    assert!(sim.calls("UpdateService").is_empty());
    assert_eq!(sim.ledger("dev").await.commands[0].command.reason, "its machine burnt");
    sim.resumes(&id).await.end(&sim).await.is(Outcome::Succeeded, 0);
    assert_eq!((sim.calls("RunTask").len(), sim.updates(DEV, "shop-dev", "web").len()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_release_takes_it_from_its_process_and_its_record_says_so() {
    let sim = story();
    let run = sim.release().await;
    let id = run.id.clone();
    sim.fact(&id, "migrated", task_started).await;
    assert!(sim.unlocks(MANAGER, id.as_str(), "its machine burnt").await.is_some());
    let lost = run.fails().await;
    let of_release = |lost: &RunError| matches!(lost, RunError::Journal(JournalError::LostLease { what: Leased::Release(release), .. }) if *release == id);
    assert!(of_release(&lost), "{lost}");
    let ended = sim.resumes(&id).await.end(&sim).await;
    ended.is(Outcome::Succeeded, 0);
    assert!(ended.has(|fact| matches!(fact, Fact::LockBroken { reason, .. } if reason == "its machine burnt")));
    assert_eq!((sim.calls("RunTask").len(), sim.updates(DEV, "shop-dev", "web").len()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn is_not_needed_for_what_another_machine_left_behind() {
    let sim = story();
    let run = sim.release().await;
    let id = run.id.clone();
    sim.fact(&id, "migrated", task_started).await;
    // It is not known that the process has ended.
    run.vanishes().await;
    sim.pass(SignedDuration::from_mins(5)).await;
    let before = sim.time.timestamp();
    let resumed = sim.resumes(&id).await;
    assert!(sim.time.timestamp().duration_since(before) >= LEASE, "the lock was read for as long as a lease lasts");
    resumed.end(&sim).await.is(Outcome::Succeeded, 0);
    assert_eq!((sim.calls("RunTask").len(), sim.updates(DEV, "shop-dev", "web").len()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn is_not_needed_for_a_stage_that_another_machine_left_behind() {
    let sim = story();
    let run = sim.release().await;
    sim.fact(&run.id, "locked", |f| matches!(f, Fact::StageLocked { .. })).await;
    run.vanishes().await;
    sim.build_next("second", &[]);
    let second = sim.release().await;
    let ended = second.end(&sim).await;
    ended.is(Outcome::Succeeded, 0);
    let waited = ended.events.iter().find(|e| matches!(e.fact, Fact::StageLocked { .. })).unwrap().at;
    let judged = ended.events.iter().find(|e| matches!(e.fact, Fact::GateJudged { .. })).unwrap().at;
    assert!(waited.duration_since(judged) >= LEASE, "{}", waited.duration_since(judged));
    assert!(waited.duration_since(judged) < LEASE + SignedDuration::from_secs(30));
}
