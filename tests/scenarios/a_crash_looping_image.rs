use kanmon::model::outcome::Outcome;
use serde_json::json;

use super::stage::{DEV, Story};

#[tokio::test(start_paused = true)]
async fn is_rolled_back_by_the_breaker_and_its_exit_code_told() {
    let stage = Story::new().stages(&["dev"]).steps("dev", json!([{ "roll": "web" }])).open();
    stage.build_next("broken", &[("exit-code", "42")]);
    let before = stage.definition(DEV, "shop-dev", "web").unwrap();
    let ended = stage.release().await.end(&stage).await;
    ended.is(Outcome::RolledBack, 20);
    ended.says("42");
    ended.says("circuit breaker");
    assert_eq!(stage.definition(DEV, "shop-dev", "web").unwrap(), before);
    assert_eq!(stage.updates(DEV, "shop-dev", "web").len(), 1, "ECS went back by itself");
}

#[tokio::test(start_paused = true)]
async fn is_stopped_by_kanmon_where_no_breaker_is() {
    let stage = Story::new()
        .stages(&["dev"])
        .steps("dev", json!([{ "roll": "web" }]))
        .services("web", "deploymentConfiguration", &json!({ "minimumHealthyPercent": 100, "maximumPercent": 200 }))
        .open();
    stage.build_next("broken", &[("exit-code", "42")]);
    let before = stage.definition(DEV, "shop-dev", "web").unwrap();
    let ended = stage.release().await.end(&stage).await;
    ended.is(Outcome::RolledBack, 20);
    ended.says("42");
    assert_eq!(stage.calls("StopServiceDeployment").len(), 1);
    assert_eq!(stage.definition(DEV, "shop-dev", "web").unwrap(), before);
}
