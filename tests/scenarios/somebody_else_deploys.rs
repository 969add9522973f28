use crate::scenarios::facts::{rollout_ended, rollout_started, task_started};
use jiff::SignedDuration;
use kanmon::model::outcome::Outcome;
use serde_json::json;

use super::simulation::{COLLEAGUE, DEV, Story};

#[tokio::test(start_paused = true)]
async fn over_a_rollout_and_theirs_is_left_alone() {
    let stage = Story::new().stages(&["dev"]).steps("dev", json!([{ "roll": "web" }])).open();
    let run = stage.release().await;
    stage.fact(&run.id, "rolled", rollout_started).await;
    stage.pass(SignedDuration::from_secs(25)).await;
    let theirs = stage.deploys(COLLEAGUE, "shop-dev", "web").await;
    let ended = run.end(&stage).await;
    ended.is(Outcome::Superseded, 21);
    stage.hours(1).await;
    assert_eq!(stage.definition(DEV, "shop-dev", "web").unwrap(), theirs);
    assert_eq!(stage.calls("UpdateService").len(), 2, "ours and theirs");
    assert!(stage.calls("StopServiceDeployment").is_empty());
}

#[tokio::test(start_paused = true)]
async fn between_the_plan_and_the_roll_and_nothing_of_ours_is_deployed() {
    let stage = Story::new().stages(&["dev"]).steps("dev", json!([{ "run": "migrate" }, { "roll": "web" }])).open();
    // A migration that takes longer than their rollout.
    stage.build_next("app", &[("exit-after", "600")]);
    let run = stage.release().await;
    stage.fact(&run.id, "migrated", task_started).await;
    let theirs = stage.deploys(COLLEAGUE, "shop-dev", "web").await;
    let ended = run.end(&stage).await;
    ended.is(Outcome::Superseded, 21);
    assert_eq!(stage.definition(DEV, "shop-dev", "web").unwrap(), theirs);
    assert_eq!(stage.calls("UpdateService").len(), 1, "theirs");
}

#[tokio::test(start_paused = true)]
async fn at_the_moment_of_the_roll_and_it_is_not_overwritten() {
    let stage = Story::new().stages(&["dev"]).steps("dev", json!([{ "run": "migrate" }, { "roll": "web" }])).open();
    let run = stage.release().await;
    stage.fact(&run.id, "migrated", task_started).await;
    stage.pass(SignedDuration::from_secs(20)).await;
    let theirs = stage.deploys(COLLEAGUE, "shop-dev", "web").await;
    let ended = run.end(&stage).await;
    assert!(!ended.ending.outcome().is_success(), "{:?}", ended.ending);
    ended.says("being deployed by somebody else");
    stage.hours(1).await;
    assert_eq!(stage.definition(DEV, "shop-dev", "web").unwrap(), theirs);
    assert_eq!(stage.calls("UpdateService").len(), 1, "theirs");
}

#[tokio::test(start_paused = true)]
async fn after_the_proof_while_the_stages_check_runs_and_it_is_not_a_success() {
    let url = "https://shop.example/_sandbox/service/111111111111/ap-northeast-1/shop-dev/admin";
    let late = json!({ "check": { "http": url, "timeout": "10m" } });
    // Their image is as good as ours to the check: only the last look can tell.
    let steps = json!([{ "roll": "web" }, { "run": "migrate" }, late]);
    let stage = Story::new().stages(&["dev"]).steps("dev", steps).open();
    stage.build_next("app", &[("exit-after", "300")]);
    let run = stage.release().await;
    stage.fact(&run.id, "migrated", task_started).await;
    let theirs = stage.deploys(COLLEAGUE, "shop-dev", "web").await;
    let ended = run.end(&stage).await;
    ended.is(Outcome::Superseded, 21);
    ended.says("changed by somebody else before dev was done");
    stage.hours(1).await;
    assert_eq!(stage.definition(DEV, "shop-dev", "web").unwrap(), theirs, "theirs is left alone");
    assert_eq!(stage.calls("UpdateService").len(), 2, "ours and theirs");
}

#[tokio::test(start_paused = true)]
async fn during_a_rollback_and_it_is_not_overwritten() {
    let url = "https://shop.example/_sandbox/service/111111111111/ap-northeast-1/shop-dev/web";
    let check = json!({ "check": { "http": url, "status": 403, "timeout": "5m" } });
    let stage = Story::new().stages(&["dev"]).steps("dev", json!([{ "roll": "web" }, check])).open();
    let run = stage.release().await;
    stage.fact(&run.id, "rolled", rollout_ended).await;
    let theirs = stage.deploys(COLLEAGUE, "shop-dev", "web").await;
    let ended = run.end(&stage).await;
    assert!(!ended.ending.outcome().is_success(), "{:?}", ended.ending);
    stage.hours(1).await;
    assert_eq!(stage.definition(DEV, "shop-dev", "web").unwrap(), theirs);
    assert_eq!(stage.calls("UpdateService").len(), 2, "ours and theirs");
    assert!(stage.ledger("dev").await.frozen.is_none(), "somebody else's deployment is no rollback that failed");
}
