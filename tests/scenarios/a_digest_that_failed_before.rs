use crate::scenarios::facts::rollout_started;
use kanmon::model::event::Fact;
use kanmon::model::outcome::Outcome;
use serde_json::json;

use super::simulation::{COLLEAGUE, DEV, DEVELOPER, MANAGER, ReleaseOptions, Run, Simulation, Story, force};

fn crashing() -> Simulation {
    let sim = Story::new().stages(&["dev"]).steps("dev", json!([{ "roll": "web" }])).open();
    sim.build_next("broken", &[("exit-code", "42")]);
    sim
}

#[tokio::test(start_paused = true)]
async fn does_not_enter_again() {
    let sim = crashing();
    let first = sim.release().await;
    let id = first.id.clone();
    first.end(&sim).await.is(Outcome::RolledBack, 20);
    // The same bytes, built again by another release.
    let ended = sim.release().await.end(&sim).await;
    ended.is(Outcome::Blocked, 10);
    ended.says(&format!("failed in dev before and were rolled back, in {id}"));
    ended.says("42");
    ended.says("--force --comment");
    assert!(!ended.entered("dev"));
    assert_eq!(sim.updates(DEV, "shop-dev", "web").len(), 1, "the first one's");
    sim.build_next("fixed", &[]);
    sim.release().await.end(&sim).await.is(Outcome::Succeeded, 0);
}

#[tokio::test(start_paused = true)]
async fn enters_by_force_and_that_is_on_record() {
    let sim = crashing();
    sim.release().await.end(&sim).await.is(Outcome::RolledBack, 20);
    let reasons = force("the database was away");
    let ended = sim.release_with(ReleaseOptions { reasons, ..ReleaseOptions::default() }).await.end(&sim).await;
    ended.is(Outcome::RolledBack, 20);
    assert!(ended.has(|f| matches!(f, Fact::Forced { reason, .. } if reason == "the database was away")));
    assert!(
        ended.index_of(|f| matches!(f, Fact::Forced { .. }))
            < ended.index_of(|f| matches!(f, Fact::StageEntered { .. }))
    );
    assert_eq!(sim.ledger("dev").await.failed.len(), 1, "the same images, which failed again");
}

#[tokio::test(start_paused = true)]
async fn that_was_refused_is_promoted_by_force() {
    let sim = crashing();
    sim.release().await.end(&sim).await.is(Outcome::RolledBack, 20);
    let refused = sim.release().await;
    let id = refused.id.clone();
    refused.end(&sim).await.is(Outcome::Blocked, 10);
    sim.promotes(DEVELOPER, &id, "dev").await.end(&sim).await.is(Outcome::Blocked, 10);
    let ended = sim.promotes_by_force(DEVELOPER, &id, "dev", "try it again").await.end(&sim).await;
    assert!(ended.entered("dev"));
    assert!(ended.has(|f| matches!(f, Fact::Forced { reason, .. } if reason == "try it again")));
}

#[tokio::test(start_paused = true)]
async fn in_a_check_is_remembered_with_all_that_was_rolled_back() {
    let url = "https://shop.example/_sandbox/service/111111111111/ap-northeast-1/shop-dev/web";
    let check = json!({ "check": { "http": url, "status": 403, "timeout": "30s" } });
    let sim = Story::new().stages(&["dev"]).steps("dev", json!([{ "roll": ["web", "admin"] }, check])).open();
    sim.release().await.end(&sim).await.is(Outcome::RolledBack, 20);
    let ended = sim.release().await.end(&sim).await;
    ended.is(Outcome::Blocked, 10);
    ended.says("the check of dev failed");
}

#[tokio::test(start_paused = true)]
async fn is_only_what_was_rolled_back() {
    let url = "https://shop.example/_sandbox/service/111111111111/ap-northeast-1/shop-dev/web";
    let steps = json!([{ "roll": "web" }, { "check": { "http": url, "status": 403, "timeout": "30s" } }]);
    let story = Story::new().stages(&["dev"]).steps("dev", steps);
    let sim = story.of_stage("dev", "on_failure", json!("stop")).open();
    sim.release().await.end(&sim).await.is(Outcome::Failed, 24);
    assert!(sim.ledger("dev").await.failed.is_empty(), "nothing was rolled back");
    // An abort is not a failure of the image.
    let sim = Story::new().stages(&["dev"]).steps("dev", json!([{ "roll": "web" }])).open();
    let run = sim.release().await;
    sim.fact(&run.id, "rolled", rollout_started).await;
    sim.aborts(&run.id, true).await;
    run.end(&sim).await.is(Outcome::Aborted, 23);
    assert!(sim.ledger("dev").await.failed.is_empty());
    sim.release().await.end(&sim).await.is(Outcome::Succeeded, 0);
}

/// Prod's check depends on a service that is not released.
fn depending() -> Simulation {
    let url = "https://shop.example/_sandbox/service/111111111111/ap-northeast-1/shop-dev/admin";
    let check = json!({ "check": { "http": url, "timeout": "30s" } });
    let story = Story::new().stages(&["dev", "prod"]).steps("dev", json!([{ "roll": "web" }]));
    story.steps("prod", json!([{ "roll": "web" }, check])).open()
}

/// Sets how many tasks of that service run.
async fn depends_on(sim: &Simulation, tasks: i32) {
    let ecs = aws_sdk_ecs::Client::new(&sim.sdk(COLLEAGUE));
    ecs.update_service().cluster("shop-dev").service("admin").desired_count(tasks).send().await.expect("scaled");
    sim.hours(1).await;
}

async fn approved(sim: &Simulation, run: Run) -> super::simulation::Ended {
    sim.approval_request(&run.id, "prod").await;
    sim.approves(MANAGER, &run.id, "prod").await;
    run.end(sim).await
}

#[tokio::test(start_paused = true)]
async fn enters_by_force_only_where_force_was_asked_for() {
    let sim = depending();
    depends_on(&sim, 0).await;
    approved(&sim, sim.release().await).await.is(Outcome::RolledBack, 20);
    let reasons = force("dev was flaky");
    let only_dev = sim
        .release_with(ReleaseOptions { reasons, until: Some("dev"), ..ReleaseOptions::default() })
        .await
        .end(&sim)
        .await;
    assert_eq!(only_dev.code, 0);
    let ended = sim.promotes(DEVELOPER, &only_dev.release.id, "prod").await.end(&sim).await;
    ended.is(Outcome::Blocked, 10);
    assert!(!ended.entered("prod") && !ended.has(|f| matches!(f, Fact::Forced { .. })));
}

#[tokio::test(start_paused = true)]
async fn enters_by_itself_again_once_it_was_proven_there() {
    let sim = depending();
    depends_on(&sim, 0).await;
    approved(&sim, sim.release().await).await.is(Outcome::RolledBack, 20);
    assert_eq!(sim.ledger("prod").await.failed.len(), 1);
    depends_on(&sim, 1).await;
    let reasons = force("what it needs is back");
    approved(&sim, sim.release_with(ReleaseOptions { reasons, ..ReleaseOptions::default() }).await)
        .await
        .is(Outcome::Succeeded, 0);
    assert_eq!(sim.ledger("prod").await.failed, []);
    approved(&sim, sim.release().await).await.is(Outcome::Unchanged, 0);
}
