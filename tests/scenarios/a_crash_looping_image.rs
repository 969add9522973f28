use kanmon::model::outcome::Outcome;
use serde_json::json;

use super::simulation::{DEV, Story};

#[tokio::test(start_paused = true)]
async fn is_rolled_back_by_the_breaker_and_its_exit_code_reported() {
    let sim = Story::new().stages(&["dev"]).steps("dev", json!([{ "roll": "web" }])).open();
    sim.build_next("broken", &[("exit-code", "42")]);
    let before = sim.definition(DEV, "shop-dev", "web").unwrap();
    let ended = sim.release().await.end(&sim).await;
    ended.is(Outcome::RolledBack, 20);
    ended.says("42");
    ended.says("circuit breaker");
    assert_eq!(sim.definition(DEV, "shop-dev", "web").unwrap(), before);
    assert_eq!(sim.updates(DEV, "shop-dev", "web").len(), 1, "ECS rolled back by itself");
}

#[tokio::test(start_paused = true)]
async fn is_stopped_by_kanmon_where_no_breaker_is() {
    let sim = Story::new()
        .stages(&["dev"])
        .steps("dev", json!([{ "roll": "web" }]))
        .services("web", "deploymentConfiguration", &json!({ "minimumHealthyPercent": 100, "maximumPercent": 200 }))
        .open();
    sim.build_next("broken", &[("exit-code", "42")]);
    let before = sim.definition(DEV, "shop-dev", "web").unwrap();
    let ended = sim.release().await.end(&sim).await;
    ended.is(Outcome::RolledBack, 20);
    ended.says("42");
    assert_eq!(sim.calls("StopServiceDeployment").len(), 1);
    assert_eq!(sim.definition(DEV, "shop-dev", "web").unwrap(), before);
}
