use jiff::SignedDuration;
use kanmon::model::event::Fact;
use kanmon::model::outcome::Outcome;
use serde_json::json;

use super::stage::{DEV, PROD, Run, Stage, Story};

async fn rolling() -> (Stage, Run) {
    let stage = Story::new().stages(&["dev"]).steps("dev", json!([{ "roll": "admin" }, { "roll": "web" }])).open();
    let run = stage.release().await;
    let web = |f: &Fact| matches!(f, Fact::RolloutStarted { service, .. } if service.as_str() == "web");
    stage.fact(&run.id, "rolled", web).await;
    stage.pass(SignedDuration::from_secs(15)).await;
    (stage, run)
}

#[tokio::test(start_paused = true)]
async fn with_rollback_puts_everything_back() {
    let (stage, run) = rolling().await;
    stage.aborts(&run.id, true).await;
    let ended = run.end(&stage).await;
    ended.is(Outcome::Aborted, 23);
    ended.says("a mistake");
    assert_eq!(stage.calls("StopServiceDeployment").len(), 1, "web, under way");
    assert_eq!(stage.updates(DEV, "shop-dev", "admin").len(), 2, "admin, which had succeeded");
    for (service, family) in [("web", "shop-web:1"), ("admin", "shop-admin:1")] {
        let runs = stage.definition(DEV, "shop-dev", service).unwrap();
        assert!(runs.ends_with(family), "{service} runs {runs}");
    }
}

#[tokio::test(start_paused = true)]
async fn without_rollback_leaves_everything_as_it_is() {
    let (stage, run) = rolling().await;
    stage.aborts(&run.id, false).await;
    let ended = run.end(&stage).await;
    ended.is(Outcome::Aborted, 23);
    assert_eq!(stage.calls("UpdateService").len(), 2);
    assert!(stage.calls("StopServiceDeployment").is_empty());
    stage.hours(1).await;
    assert!(stage.definition(DEV, "shop-dev", "web").unwrap().ends_with("shop-web:2"), "ECS went on");
}

#[tokio::test(start_paused = true)]
async fn while_people_decide_ends_it_at_once() {
    let stage = Story::new().stages(&["dev", "prod"]).open();
    let run = stage.release().await;
    stage.asked(&run.id, "prod").await;
    stage.aborts(&run.id, true).await;
    let ended = run.end(&stage).await;
    ended.is(Outcome::Aborted, 23);
    assert!(stage.updates(PROD, "shop-prod", "web").is_empty());
    assert_eq!(stage.updates(DEV, "shop-dev", "web").len(), 1, "a stage that was left stays as it is");
}
