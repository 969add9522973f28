use crate::facts::rollout_started;
use jiff::SignedDuration;
use kanmon::model::event::Fact;
use kanmon::model::outcome::Outcome;
use serde_json::json;

use super::stage::{DEV, Story};

#[tokio::test(start_paused = true)]
async fn suspends_and_resume_goes_on() {
    let stage = Story::new().stages(&["dev"]).steps("dev", json!([{ "run": "migrate" }, { "roll": "web" }])).open();
    let run = stage.release().await;
    let id = run.id.clone();
    stage.fact(&id, "rolled", rollout_started).await;
    stage.pass(SignedDuration::from_secs(12)).await;
    let asked = stage.time.timestamp();
    run.stop();
    let ended = run.end(&stage).await;
    ended.is(Outcome::Suspended, 30);
    ended.says(&format!("kanmon resume {id}"));
    assert!(stage.time.timestamp().duration_since(asked) < SignedDuration::from_secs(5), "it leaves at once");
    stage.hours(1).await;
    let resumed = stage.resumes(&id).await.end(&stage).await;
    resumed.is(Outcome::Succeeded, 0);
    assert_eq!(stage.updates(DEV, "shop-dev", "web").len(), 1);
    assert_eq!(stage.calls("RunTask").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn in_a_build_leaves_at_once_too() {
    let stage = Story::new().stages(&["dev"]).open();
    let run = stage.release().await;
    let id = run.id.clone();
    stage.fact(&id, "built", |f| matches!(f, Fact::Surveyed { .. })).await;
    stage.pass(SignedDuration::from_secs(5)).await;
    run.stop();
    run.end(&stage).await.is(Outcome::Suspended, 30);
    assert!(stage.calls("PutImage").is_empty());
    stage.resumes(&id).await.end(&stage).await.is(Outcome::Succeeded, 0);
}
