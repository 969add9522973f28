use crate::facts::rollout_started;
use kanmon::model::event::Fact;
use kanmon::model::outcome::Outcome;
use serde_json::json;

use super::stage::{Asking, COLLEAGUE, DEV, DEVELOPER, MANAGER, Run, Stage, Story, force};

fn crashing() -> Stage {
    let stage = Story::new().stages(&["dev"]).steps("dev", json!([{ "roll": "web" }])).open();
    stage.build_next("broken", &[("exit-code", "42")]);
    stage
}

#[tokio::test(start_paused = true)]
async fn does_not_enter_again() {
    let stage = crashing();
    let first = stage.release().await;
    let id = first.id.clone();
    first.end(&stage).await.is(Outcome::RolledBack, 20);
    // The same bytes, built anew by another release.
    let ended = stage.release().await.end(&stage).await;
    ended.is(Outcome::Blocked, 10);
    ended.says(&format!("failed in dev before and were rolled back, in {id}"));
    ended.says("42");
    ended.says("--force --reason");
    assert!(!ended.entered("dev"));
    assert_eq!(stage.updates(DEV, "shop-dev", "web").len(), 1, "the first one's");
    stage.build_next("mended", &[]);
    stage.release().await.end(&stage).await.is(Outcome::Succeeded, 0);
}

#[tokio::test(start_paused = true)]
async fn enters_by_force_and_that_is_on_record() {
    let stage = crashing();
    stage.release().await.end(&stage).await.is(Outcome::RolledBack, 20);
    let reasons = force("the database was away");
    let ended = stage.asks(Asking { reasons, ..Asking::default() }).await.end(&stage).await;
    ended.is(Outcome::RolledBack, 20);
    assert!(ended.has(|f| matches!(f, Fact::Forced { reason, .. } if reason == "the database was away")));
    assert!(
        ended.place(|f| matches!(f, Fact::Forced { .. })) < ended.place(|f| matches!(f, Fact::StageEntered { .. }))
    );
    assert_eq!(stage.ledger("dev").await.failed.len(), 1, "the same images, failed once more");
}

#[tokio::test(start_paused = true)]
async fn that_was_refused_is_promoted_by_force() {
    let stage = crashing();
    stage.release().await.end(&stage).await.is(Outcome::RolledBack, 20);
    let refused = stage.release().await;
    let id = refused.id.clone();
    refused.end(&stage).await.is(Outcome::Blocked, 10);
    stage.promotes(DEVELOPER, &id, "dev").await.end(&stage).await.is(Outcome::Blocked, 10);
    let ended = stage.promotes_by_force(DEVELOPER, &id, "dev", "once more").await.end(&stage).await;
    assert!(ended.entered("dev"));
    assert!(ended.has(|f| matches!(f, Fact::Forced { reason, .. } if reason == "once more")));
}

#[tokio::test(start_paused = true)]
async fn in_a_check_is_remembered_with_all_that_went_back() {
    let url = "https://shop.example/_sandbox/service/111111111111/ap-northeast-1/shop-dev/web";
    let check = json!({ "check": { "http": url, "status": 403, "timeout": "30s" } });
    let stage = Story::new().stages(&["dev"]).steps("dev", json!([{ "roll": ["web", "admin"] }, check])).open();
    stage.release().await.end(&stage).await.is(Outcome::RolledBack, 20);
    let ended = stage.release().await.end(&stage).await;
    ended.is(Outcome::Blocked, 10);
    ended.says("the check of dev failed");
}

#[tokio::test(start_paused = true)]
async fn is_only_what_was_rolled_back() {
    let url = "https://shop.example/_sandbox/service/111111111111/ap-northeast-1/shop-dev/web";
    let steps = json!([{ "roll": "web" }, { "check": { "http": url, "status": 403, "timeout": "30s" } }]);
    let story = Story::new().stages(&["dev"]).steps("dev", steps);
    let stage = story.of_stage("dev", "on_failure", json!("stop")).open();
    stage.release().await.end(&stage).await.is(Outcome::Failed, 24);
    assert!(stage.ledger("dev").await.failed.is_empty(), "nothing was rolled back");
    // An abort says nothing about an image.
    let stage = Story::new().stages(&["dev"]).steps("dev", json!([{ "roll": "web" }])).open();
    let run = stage.release().await;
    stage.fact(&run.id, "rolled", rollout_started).await;
    stage.aborts(&run.id, true).await;
    run.end(&stage).await.is(Outcome::Aborted, 23);
    assert!(stage.ledger("dev").await.failed.is_empty());
    stage.release().await.end(&stage).await.is(Outcome::Succeeded, 0);
}

/// Prod's check asks for something outside of what is released.
fn depending() -> Stage {
    let url = "https://shop.example/_sandbox/service/111111111111/ap-northeast-1/shop-dev/admin";
    let check = json!({ "check": { "http": url, "timeout": "30s" } });
    let story = Story::new().stages(&["dev", "prod"]).steps("dev", json!([{ "roll": "web" }]));
    story.steps("prod", json!([{ "roll": "web" }, check])).open()
}

/// How many of it run.
async fn depends_on(stage: &Stage, tasks: i32) {
    let ecs = aws_sdk_ecs::Client::new(&stage.sdk(COLLEAGUE));
    ecs.update_service().cluster("shop-dev").service("admin").desired_count(tasks).send().await.expect("scaled");
    stage.hours(1).await;
}

async fn approved(stage: &Stage, run: Run) -> super::stage::Ended {
    stage.asked(&run.id, "prod").await;
    stage.approves(MANAGER, &run.id, "prod").await;
    run.end(stage).await
}

#[tokio::test(start_paused = true)]
async fn enters_by_force_only_where_force_was_asked_for() {
    let stage = depending();
    depends_on(&stage, 0).await;
    approved(&stage, stage.release().await).await.is(Outcome::RolledBack, 20);
    let reasons = force("dev was flaky");
    let only_dev = stage.asks(Asking { reasons, until: Some("dev"), ..Asking::default() }).await.end(&stage).await;
    assert_eq!(only_dev.code, 0);
    let ended = stage.promotes(DEVELOPER, &only_dev.release.id, "prod").await.end(&stage).await;
    ended.is(Outcome::Blocked, 10);
    assert!(!ended.entered("prod") && !ended.has(|f| matches!(f, Fact::Forced { .. })));
}

#[tokio::test(start_paused = true)]
async fn enters_by_itself_again_once_it_was_proven_there() {
    let stage = depending();
    depends_on(&stage, 0).await;
    approved(&stage, stage.release().await).await.is(Outcome::RolledBack, 20);
    assert_eq!(stage.ledger("prod").await.failed.len(), 1);
    depends_on(&stage, 1).await;
    let reasons = force("what it needs is back");
    approved(&stage, stage.asks(Asking { reasons, ..Asking::default() }).await).await.is(Outcome::Succeeded, 0);
    assert_eq!(stage.ledger("prod").await.failed, []);
    approved(&stage, stage.release().await).await.is(Outcome::Unchanged, 0);
}
