use crate::scenarios::facts::{rollout_ended, rollout_started, task_started};
use jiff::SignedDuration;
use kanmon::model::outcome::Outcome;
use serde_json::json;

use super::simulation::{COLLEAGUE, DEV, Story};

#[tokio::test(start_paused = true)]
async fn during_a_rollout_and_their_deployment_is_left_alone() {
    let sim = Story::new().stages(&["dev"]).steps("dev", json!([{ "roll": "web" }])).open();
    let run = sim.release().await;
    sim.fact(&run.id, "rolled", rollout_started).await;
    sim.pass(SignedDuration::from_secs(25)).await;
    let theirs = sim.deploys(COLLEAGUE, "shop-dev", "web").await;
    let ended = run.end(&sim).await;
    ended.is(Outcome::Superseded, 21);
    sim.hours(1).await;
    assert_eq!(sim.definition(DEV, "shop-dev", "web").unwrap(), theirs);
    assert_eq!(sim.calls("UpdateService").len(), 2, "our deployment and theirs");
    assert!(sim.calls("StopServiceDeployment").is_empty());
}

#[tokio::test(start_paused = true)]
async fn between_the_plan_and_the_roll_and_nothing_of_ours_is_deployed() {
    let sim = Story::new().stages(&["dev"]).steps("dev", json!([{ "run": "migrate" }, { "roll": "web" }])).open();
    // A migration that takes longer than their rollout.
    sim.build_next("app", &[("exit-after", "600")]);
    let run = sim.release().await;
    sim.fact(&run.id, "migrated", task_started).await;
    let theirs = sim.deploys(COLLEAGUE, "shop-dev", "web").await;
    let ended = run.end(&sim).await;
    ended.is(Outcome::Superseded, 21);
    assert_eq!(sim.definition(DEV, "shop-dev", "web").unwrap(), theirs);
    assert_eq!(sim.calls("UpdateService").len(), 1, "their deployment");
}

#[tokio::test(start_paused = true)]
async fn at_the_moment_of_the_roll_and_it_is_not_overwritten() {
    let sim = Story::new().stages(&["dev"]).steps("dev", json!([{ "run": "migrate" }, { "roll": "web" }])).open();
    let run = sim.release().await;
    sim.fact(&run.id, "migrated", task_started).await;
    sim.pass(SignedDuration::from_secs(20)).await;
    let theirs = sim.deploys(COLLEAGUE, "shop-dev", "web").await;
    let ended = run.end(&sim).await;
    assert!(!ended.ending.outcome().is_success(), "{:?}", ended.ending);
    ended.says("being deployed by somebody else");
    sim.hours(1).await;
    assert_eq!(sim.definition(DEV, "shop-dev", "web").unwrap(), theirs);
    assert_eq!(sim.calls("UpdateService").len(), 1, "their deployment");
}

#[tokio::test(start_paused = true)]
async fn after_the_proof_while_the_stages_check_runs_and_it_is_not_a_success() {
    let url = "https://shop.example/_sandbox/service/111111111111/ap-northeast-1/shop-dev/admin";
    let late = json!({ "check": { "http": url, "timeout": "10m" } });
    // The check passes with their image as well: only the last reading of the service shows the difference.
    let steps = json!([{ "roll": "web" }, { "run": "migrate" }, late]);
    let sim = Story::new().stages(&["dev"]).steps("dev", steps).open();
    sim.build_next("app", &[("exit-after", "300")]);
    let run = sim.release().await;
    sim.fact(&run.id, "migrated", task_started).await;
    let theirs = sim.deploys(COLLEAGUE, "shop-dev", "web").await;
    let ended = run.end(&sim).await;
    ended.is(Outcome::Superseded, 21);
    ended.says("changed by somebody else before dev was done");
    sim.hours(1).await;
    assert_eq!(sim.definition(DEV, "shop-dev", "web").unwrap(), theirs, "their deployment is left alone");
    assert_eq!(sim.calls("UpdateService").len(), 2, "our deployment and theirs");
}

#[tokio::test(start_paused = true)]
async fn during_a_rollback_and_it_is_not_overwritten() {
    let url = "https://shop.example/_sandbox/service/111111111111/ap-northeast-1/shop-dev/web";
    let check = json!({ "check": { "http": url, "status": 403, "timeout": "5m" } });
    let sim = Story::new().stages(&["dev"]).steps("dev", json!([{ "roll": "web" }, check])).open();
    let run = sim.release().await;
    sim.fact(&run.id, "rolled", rollout_ended).await;
    let theirs = sim.deploys(COLLEAGUE, "shop-dev", "web").await;
    let ended = run.end(&sim).await;
    assert!(!ended.ending.outcome().is_success(), "{:?}", ended.ending);
    sim.hours(1).await;
    assert_eq!(sim.definition(DEV, "shop-dev", "web").unwrap(), theirs);
    assert_eq!(sim.calls("UpdateService").len(), 2, "our deployment and theirs");
    assert!(sim.ledger("dev").await.frozen.is_none(), "somebody else's deployment is not a failed rollback");
}
