use kanmon::model::event::Fact;
use kanmon::model::outcome::Outcome;
use serde_json::json;

use super::stage::{DEV, MANAGER, PROD, Story};

fn pulling() -> Story {
    Story::new().stages(&["dev", "prod"]).of_stage("prod", "images", json!("pull"))
}

#[tokio::test(start_paused = true)]
async fn by_the_repository_s_policy_without_a_copy() {
    let stage = pulling().open();
    let run = stage.release().await;
    stage.approves(MANAGER, &run.id, "prod").await;
    let ended = run.end(&stage).await;
    ended.is(Outcome::Succeeded, 0);
    assert!(!ended.has(|f| matches!(f, Fact::ImageCopied { .. })));
    assert_eq!(stage.calls("PutImage").len(), 1);
    assert!(stage.digest(PROD, "shop-prod", "web").is_some());
    assert_eq!(stage.digest(PROD, "shop-prod", "web"), stage.digest(DEV, "shop-dev", "web"));
}

#[tokio::test(start_paused = true)]
async fn without_the_policy_it_says_why_the_tasks_cannot_pull() {
    let stage = pulling()
        .world("/accounts/0/repositories/0/policy", json!(null))
        .steps("prod", json!([{ "roll": "web" }]))
        .open();
    let before = stage.definition(PROD, "shop-prod", "web");
    let run = stage.release().await;
    stage.approves(MANAGER, &run.id, "prod").await;
    let ended = run.end(&stage).await;
    ended.is(Outcome::RolledBack, 20);
    ended.says("CannotPullContainer");
    ended.says("403 Forbidden");
    assert_eq!(stage.definition(PROD, "shop-prod", "web"), before);
}
