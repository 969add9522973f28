use kanmon::model::outcome::Outcome;
use serde_json::json;

use super::simulation::{DEV, Story};

#[tokio::test(start_paused = true)]
async fn rolls_both_services_back_last_first() {
    let url = "https://shop.example/_sandbox/service/111111111111/ap-northeast-1/shop-dev/web";
    let steps = json!([
        { "roll": "admin" },
        { "roll": "web" },
        { "check": { "http": url, "contains": "what no answer contains", "timeout": "30s" } },
    ]);
    let sim = Story::new().stages(&["dev"]).steps("dev", steps).open();
    let before = ["web", "admin"].map(|s| sim.definition(DEV, "shop-dev", s).unwrap());
    let ended = sim.release().await.end(&sim).await;
    ended.is(Outcome::RolledBack, 20);
    ended.says("the check of dev failed");
    ended.says("admin");
    ended.says("web");
    assert_eq!(["web", "admin"].map(|s| sim.definition(DEV, "shop-dev", s).unwrap()), before);
    let order: Vec<_> =
        sim.calls("UpdateService").iter().map(|e| e.input["service"].as_str().unwrap().to_owned()).collect();
    assert_eq!(order, ["admin", "web", "web", "admin"]);
    assert_eq!(sim.updates(DEV, "shop-dev", "web")[1], before[0]);
    assert_eq!(sim.updates(DEV, "shop-dev", "admin")[1], before[1]);
}

#[tokio::test(start_paused = true)]
async fn leaves_everything_where_rollback_is_off() {
    let url = "https://shop.example/_sandbox/service/111111111111/ap-northeast-1/shop-dev/web";
    let steps = json!([{ "roll": "web" }, { "check": { "http": url, "status": 403, "timeout": "30s" } }]);
    let sim = Story::new().stages(&["dev"]).of_stage("dev", "on_failure", json!("stop")).steps("dev", steps).open();
    let ended = sim.release().await.end(&sim).await;
    ended.is(Outcome::Failed, 24);
    assert_eq!(sim.updates(DEV, "shop-dev", "web").len(), 1);
    assert_eq!(sim.definition(DEV, "shop-dev", "web").unwrap(), sim.updates(DEV, "shop-dev", "web")[0]);
}
