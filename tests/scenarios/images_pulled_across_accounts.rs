use kanmon::model::event::Fact;
use kanmon::model::outcome::Outcome;
use serde_json::json;

use super::simulation::{DEV, MANAGER, PROD, Story};

fn pulling() -> Story {
    Story::new().stages(&["dev", "prod"]).of_stage("prod", "images", json!("pull"))
}

#[tokio::test(start_paused = true)]
async fn by_the_repository_s_policy_without_a_copy() {
    let sim = pulling().open();
    let run = sim.release().await;
    sim.approves(MANAGER, &run.id, "prod").await;
    let ended = run.end(&sim).await;
    ended.is(Outcome::Succeeded, 0);
    assert!(!ended.has(|f| matches!(f, Fact::ImageCopied { .. })));
    assert_eq!(sim.calls("PutImage").len(), 1);
    assert!(sim.digest(PROD, "shop-prod", "web").is_some());
    assert_eq!(sim.digest(PROD, "shop-prod", "web"), sim.digest(DEV, "shop-dev", "web"));
}

#[tokio::test(start_paused = true)]
async fn without_the_policy_it_says_why_the_tasks_cannot_pull() {
    let sim = pulling()
        .world("/accounts/0/repositories/0/policy", json!(null))
        .steps("prod", json!([{ "roll": "web" }]))
        .open();
    let before = sim.definition(PROD, "shop-prod", "web");
    let run = sim.release().await;
    sim.approves(MANAGER, &run.id, "prod").await;
    let ended = run.end(&sim).await;
    ended.is(Outcome::RolledBack, 20);
    ended.says("CannotPullContainer");
    ended.says("403 Forbidden");
    assert_eq!(sim.definition(PROD, "shop-prod", "web"), before);
}
