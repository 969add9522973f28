use crate::facts::rollout_started;
use kanmon::model::outcome::Outcome;
use serde_json::json;

use super::stage::{DEV, Stage, Story};

fn older() -> Stage {
    let story = Story::new().stages(&["dev"]).steps("dev", json!([{ "roll": "web" }]));
    story.world("/ecs/0/serviceDeployments", json!(false)).open()
}

#[tokio::test(start_paused = true)]
async fn a_rollout_succeeds() {
    let stage = older();
    let ended = stage.release().await.end(&stage).await;
    ended.is(Outcome::Succeeded, 0);
    let digest = ended.release.images.values().next().unwrap().digest.to_string();
    assert_eq!(stage.digest(DEV, "shop-dev", "web").unwrap(), digest);
    assert_eq!(stage.calls("UpdateService").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_rollback_is_told_from_a_success() {
    let stage = older();
    stage.build_next("broken", &[("exit-code", "1")]);
    let before = stage.definition(DEV, "shop-dev", "web").unwrap();
    let ended = stage.release().await.end(&stage).await;
    ended.is(Outcome::RolledBack, 20);
    ended.says("code 1");
    assert_eq!(stage.definition(DEV, "shop-dev", "web").unwrap(), before);
}

#[tokio::test(start_paused = true)]
async fn somebody_else_s_deployment_is_told_from_a_rollback() {
    let stage = older();
    let run = stage.release().await;
    stage.fact(&run.id, "rolled", rollout_started).await;
    stage.pass(jiff::SignedDuration::from_secs(30)).await;
    let theirs = stage.deploys(super::stage::COLLEAGUE, "shop-dev", "web").await;
    let ended = run.end(&stage).await;
    ended.is(Outcome::Superseded, 21);
    stage.hours(1).await;
    assert_eq!(stage.definition(DEV, "shop-dev", "web").unwrap(), theirs);
}
