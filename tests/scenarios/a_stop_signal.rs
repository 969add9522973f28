use crate::scenarios::facts::rollout_started;
use jiff::SignedDuration;
use kanmon::model::event::Fact;
use kanmon::model::outcome::Outcome;
use serde_json::json;

use super::simulation::{DEV, Story};

#[tokio::test(start_paused = true)]
async fn suspends_and_resume_continues() {
    let sim = Story::new().stages(&["dev"]).steps("dev", json!([{ "run": "migrate" }, { "roll": "web" }])).open();
    let run = sim.release().await;
    let id = run.id.clone();
    sim.fact(&id, "rolled", rollout_started).await;
    sim.pass(SignedDuration::from_secs(12)).await;
    let asked = sim.time.timestamp();
    run.stop();
    let ended = run.end(&sim).await;
    ended.is(Outcome::Suspended, 30);
    ended.says(&format!("kanmon resume {id}"));
    assert!(sim.time.timestamp().duration_since(asked) < SignedDuration::from_secs(5), "it ends immediately");
    sim.hours(1).await;
    let resumed = sim.resumes(&id).await.end(&sim).await;
    resumed.is(Outcome::Succeeded, 0);
    assert_eq!(sim.updates(DEV, "shop-dev", "web").len(), 1);
    assert_eq!(sim.calls("RunTask").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn ends_a_build_immediately_too() {
    let sim = Story::new().stages(&["dev"]).open();
    let run = sim.release().await;
    let id = run.id.clone();
    sim.fact(&id, "built", |f| matches!(f, Fact::Surveyed { .. })).await;
    sim.pass(SignedDuration::from_secs(5)).await;
    run.stop();
    run.end(&sim).await.is(Outcome::Suspended, 30);
    assert!(sim.calls("PutImage").is_empty());
    sim.resumes(&id).await.end(&sim).await.is(Outcome::Succeeded, 0);
}
