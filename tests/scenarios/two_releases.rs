use jiff::SignedDuration;
use kanmon::model::event::Fact;
use kanmon::model::outcome::Outcome;
use serde_json::json;

use super::simulation::{DEV, DEVELOPER, MANAGER, PROD, Story};

#[tokio::test(start_paused = true)]
async fn race_for_a_stage_and_one_waits() {
    let sim = Story::new().stages(&["dev"]).steps("dev", json!([{ "roll": ["web", "admin"] }])).open();
    sim.build_next("first", &[]);
    let first = sim.release().await;
    sim.fact(&first.id, "built", |f| matches!(f, Fact::ImageBuilt { .. })).await;
    sim.build_next("second", &[]);
    let second = sim.release().await;
    let (first, second) = tokio::join!(first.end(&sim), second.end(&sim));
    first.is(Outcome::Succeeded, 0);
    second.is(Outcome::Succeeded, 0);
    assert!(second.waits.iter().any(|l| l.contains("locked by another release")), "{:?}", second.waits);
    let left = first.events.iter().find(|e| matches!(e.fact, Fact::StageLeft { .. })).unwrap().at;
    let entered = second.events.iter().find(|e| matches!(e.fact, Fact::StageEntered { .. })).unwrap().at;
    assert!(left <= entered);
    let digest = second.release.images.values().next().unwrap().digest.to_string();
    assert_eq!(sim.digest(DEV, "shop-dev", "web").unwrap(), digest, "the newer runs");
    assert_eq!(sim.updates(DEV, "shop-dev", "web").len(), 2);
}

#[tokio::test(start_paused = true)]
async fn the_older_is_refused_where_the_newer_was_deployed() {
    let sim = Story::new().stages(&["dev"]).steps("dev", json!([{ "roll": "web" }])).open();
    sim.build_next("first", &[]);
    let older = sim.release().await;
    let id = older.id.clone();
    sim.fact(&id, "built", |f| matches!(f, Fact::ImageBuilt { .. })).await;
    older.stop();
    older.end(&sim).await.is(Outcome::Suspended, 30);
    sim.pass(SignedDuration::from_mins(1)).await;
    sim.build_next("second", &[]);
    sim.release().await.end(&sim).await.is(Outcome::Succeeded, 0);
    let ended = sim.resumes(&id).await.end(&sim).await;
    ended.is(Outcome::Blocked, 10);
    ended.says("newer release");
    assert_eq!(sim.updates(DEV, "shop-dev", "web").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_older_ones_request_becomes_void_when_the_newer_enters() {
    let sim = Story::new().stages(&["prod"]).open();
    sim.build_next("first", &[]);
    let older = sim.release().await;
    sim.approval_request(&older.id, "prod").await;
    sim.build_next("second", &[]);
    let newer = sim.release().await;
    sim.approves(MANAGER, &newer.id, "prod").await;
    newer.end(&sim).await.is(Outcome::Succeeded, 0);
    let ended = older.end(&sim).await;
    ended.is(Outcome::Blocked, 10);
    ended.says("newer release");
    assert_eq!(sim.updates(PROD, "shop-prod", "web").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_older_one_that_is_approved_while_it_waits_for_the_stage_does_not_replace_the_newer_one() {
    let sim = Story::new().stages(&["prod"]).open();
    sim.build_next("first", &[]);
    let older = sim.release().await;
    sim.approval_request(&older.id, "prod").await;
    sim.build_next("second", &[]);
    let newer = sim.release().await;
    sim.approves(MANAGER, &newer.id, "prod").await;
    sim.fact(&newer.id, "locked", |f| matches!(f, Fact::StageLocked { .. })).await;
    sim.approves(MANAGER, &older.id, "prod").await;
    let digest = sim.release_of(&newer.id).await.images.values().next().unwrap().digest.to_string();
    let (older, newer) = tokio::join!(older.end(&sim), newer.end(&sim));
    newer.is(Outcome::Succeeded, 0);
    older.is(Outcome::Blocked, 10);
    older.says("newer release");
    assert_eq!(sim.digest(PROD, "shop-prod", "web").unwrap(), digest);
}

#[tokio::test(start_paused = true)]
async fn another_process_continues_one() {
    let sim = Story::new().open();
    let run = sim.release_until("staging").await;
    let id = run.id.clone();
    let ended = run.end(&sim).await;
    ended.is(Outcome::Succeeded, 0);
    assert!(ended.entered("staging") && !ended.entered("prod"));
    assert!(sim.calls("PutImage").iter().all(|e| e.account.as_deref() == Some(DEV)), "prod is untouched");
    sim.hours(20).await;
    let promoted = sim.promotes(DEVELOPER, &id, "prod").await;
    sim.when(&id, "asked", |r| r.stages.values().any(|s| s.approval_requests > 0).then_some(())).await;
    sim.approves(MANAGER, &id, "prod").await;
    let ended = promoted.end(&sim).await;
    ended.is(Outcome::Succeeded, 0);
    assert_eq!(sim.digest(PROD, "shop-prod", "web"), sim.digest(DEV, "shop-dev", "web"));
    for (account, cluster) in [(DEV, "shop-dev"), (DEV, "shop-staging"), (PROD, "shop-prod")] {
        assert_eq!(sim.updates(account, cluster, "web").len(), 1, "{cluster}");
    }
}
