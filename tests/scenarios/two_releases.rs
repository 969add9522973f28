use jiff::SignedDuration;
use kanmon::model::event::Fact;
use kanmon::model::outcome::Outcome;
use serde_json::json;

use super::stage::{DEV, DEVELOPER, MANAGER, PROD, Story};

#[tokio::test(start_paused = true)]
async fn race_for_a_stage_and_one_waits() {
    let stage = Story::new().stages(&["dev"]).steps("dev", json!([{ "roll": ["web", "admin"] }])).open();
    stage.build_next("first", &[]);
    let first = stage.release().await;
    stage.fact(&first.id, "built", |f| matches!(f, Fact::ImageBuilt { .. })).await;
    stage.build_next("second", &[]);
    let second = stage.release().await;
    let (first, second) = tokio::join!(first.end(&stage), second.end(&stage));
    first.is(Outcome::Succeeded, 0);
    second.is(Outcome::Succeeded, 0);
    assert!(second.waits.iter().any(|l| l.contains("held by another release")), "{:?}", second.waits);
    let left = first.events.iter().find(|e| matches!(e.fact, Fact::StageLeft { .. })).unwrap().at;
    let entered = second.events.iter().find(|e| matches!(e.fact, Fact::StageEntered { .. })).unwrap().at;
    assert!(left <= entered);
    let digest = second.release.images.values().next().unwrap().digest.to_string();
    assert_eq!(stage.digest(DEV, "shop-dev", "web").unwrap(), digest, "the newer runs");
    assert_eq!(stage.updates(DEV, "shop-dev", "web").len(), 2);
}

#[tokio::test(start_paused = true)]
async fn the_older_is_refused_where_the_newer_has_been() {
    let stage = Story::new().stages(&["dev"]).steps("dev", json!([{ "roll": "web" }])).open();
    stage.build_next("first", &[]);
    let older = stage.release().await;
    let id = older.id.clone();
    stage.fact(&id, "built", |f| matches!(f, Fact::ImageBuilt { .. })).await;
    older.stop();
    older.end(&stage).await.is(Outcome::Suspended, 30);
    stage.pass(SignedDuration::from_mins(1)).await;
    stage.build_next("second", &[]);
    stage.release().await.end(&stage).await.is(Outcome::Succeeded, 0);
    let ended = stage.resumes(&id).await.end(&stage).await;
    ended.is(Outcome::Blocked, 10);
    ended.says("newer release");
    assert_eq!(stage.updates(DEV, "shop-dev", "web").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_older_one_s_question_falls_when_the_newer_enters() {
    let stage = Story::new().stages(&["prod"]).open();
    stage.build_next("first", &[]);
    let older = stage.release().await;
    stage.asked(&older.id, "prod").await;
    stage.build_next("second", &[]);
    let newer = stage.release().await;
    stage.approves(MANAGER, &newer.id, "prod").await;
    newer.end(&stage).await.is(Outcome::Succeeded, 0);
    let ended = older.end(&stage).await;
    ended.is(Outcome::Blocked, 10);
    ended.says("newer release");
    assert_eq!(stage.updates(PROD, "shop-prod", "web").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_older_one_approved_while_it_waits_for_the_stage_does_not_go_over_the_newer_one() {
    let stage = Story::new().stages(&["prod"]).open();
    stage.build_next("first", &[]);
    let older = stage.release().await;
    stage.asked(&older.id, "prod").await;
    stage.build_next("second", &[]);
    let newer = stage.release().await;
    stage.approves(MANAGER, &newer.id, "prod").await;
    stage.fact(&newer.id, "locked", |f| matches!(f, Fact::StageLocked { .. })).await;
    stage.approves(MANAGER, &older.id, "prod").await;
    let digest = stage.release_of(&newer.id).await.images.values().next().unwrap().digest.to_string();
    let (older, newer) = tokio::join!(older.end(&stage), newer.end(&stage));
    newer.is(Outcome::Succeeded, 0);
    older.is(Outcome::Blocked, 10);
    older.says("newer release");
    assert_eq!(stage.digest(PROD, "shop-prod", "web").unwrap(), digest);
}

#[tokio::test(start_paused = true)]
async fn another_process_takes_one_further() {
    let stage = Story::new().open();
    let run = stage.release_until("staging").await;
    let id = run.id.clone();
    let ended = run.end(&stage).await;
    ended.is(Outcome::Succeeded, 0);
    assert!(ended.entered("staging") && !ended.entered("prod"));
    assert!(stage.calls("PutImage").iter().all(|e| e.account.as_deref() == Some(DEV)), "prod is untouched");
    stage.hours(20).await;
    let promoted = stage.promotes(DEVELOPER, &id, "prod").await;
    stage.when(&id, "asked", |r| r.stages.values().any(|s| s.asks > 0).then_some(())).await;
    stage.approves(MANAGER, &id, "prod").await;
    let ended = promoted.end(&stage).await;
    ended.is(Outcome::Succeeded, 0);
    assert_eq!(stage.digest(PROD, "shop-prod", "web"), stage.digest(DEV, "shop-dev", "web"));
    for (account, cluster) in [(DEV, "shop-dev"), (DEV, "shop-staging"), (PROD, "shop-prod")] {
        assert_eq!(stage.updates(account, cluster, "web").len(), 1, "{cluster}");
    }
}
