use crate::facts::task_started;
use jiff::SignedDuration;
use kanmon::model::event::Fact;
use kanmon::model::outcome::Outcome;
use kanmon::ports::journal::{JournalError, LEASE};
use kanmon::runtime::runner::RunError;
use serde_json::json;

use super::stage::{DEV, MANAGER, Stage, Story};

fn story() -> Stage {
    Story::new().stages(&["dev"]).steps("dev", json!([{ "run": "migrate" }, { "roll": "web" }])).open()
}

#[tokio::test(start_paused = true)]
async fn a_stage_stops_its_holder_before_it_changes_anything_more() {
    let stage = story();
    let run = stage.release().await;
    let id = run.id.clone();
    stage.fact(&id, "migrated", task_started).await;
    let held_by = stage.unlocks(MANAGER, "dev", "its machine burnt").await;
    assert!(held_by.is_some_and(|who| who.starts_with(&format!("release {id} "))));
    let lost = run.fails().await;
    assert!(matches!(&lost, RunError::Journal(JournalError::LostLease { what }) if what == "stage dev"), "{lost}");
    assert!(stage.calls("UpdateService").is_empty());
    assert_eq!(stage.ledger("dev").await.words[0].word.reason, "its machine burnt");
    stage.resumes(&id).await.end(&stage).await.is(Outcome::Succeeded, 0);
    assert_eq!((stage.calls("RunTask").len(), stage.updates(DEV, "shop-dev", "web").len()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn is_not_needed_for_what_another_machine_left_behind() {
    let stage = story();
    let run = stage.release().await;
    let id = run.id.clone();
    stage.fact(&id, "migrated", task_started).await;
    // Nobody knows that it is gone.
    run.vanishes().await;
    stage.pass(SignedDuration::from_mins(5)).await;
    let before = stage.time.timestamp();
    let resumed = stage.resumes(&id).await;
    assert!(stage.time.timestamp().duration_since(before) >= LEASE, "it was watched for as long as a lease lasts");
    resumed.end(&stage).await.is(Outcome::Succeeded, 0);
    assert_eq!((stage.calls("RunTask").len(), stage.updates(DEV, "shop-dev", "web").len()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn is_not_needed_for_a_stage_that_another_machine_left_behind() {
    let stage = story();
    let run = stage.release().await;
    stage.fact(&run.id, "locked", |f| matches!(f, Fact::StageLocked { .. })).await;
    run.vanishes().await;
    stage.build_next("second", &[]);
    let second = stage.release().await;
    let ended = second.end(&stage).await;
    ended.is(Outcome::Succeeded, 0);
    let waited = ended.events.iter().find(|e| matches!(e.fact, Fact::StageLocked { .. })).unwrap().at;
    let judged = ended.events.iter().find(|e| matches!(e.fact, Fact::GateJudged { .. })).unwrap().at;
    assert!(waited.duration_since(judged) >= LEASE, "{}", waited.duration_since(judged));
    assert!(waited.duration_since(judged) < LEASE + SignedDuration::from_secs(30));
}
