//! What a JUnit report shows of a release. Every other story checks at its end that its report agrees with its ending.

use crate::scenarios::facts::rollout_started;
use jiff::SignedDuration;
use kanmon::model::outcome::Outcome;
use kanmon::sandbox::faults::Kind;
use serde_json::json;

use super::simulation::{DEVELOPER, Ended, MANAGER, Story};
use crate::binary::junit::Result::{Error, Failure, Passed, Skipped};

/// The report without ids and digests.
fn reported(ended: &Ended) -> String {
    ended.junit().lines().replace(ended.release.id.as_str(), "RELEASE")
}

#[tokio::test(start_paused = true)]
async fn each_stage_is_a_suite_and_each_condition_is_a_case() {
    let sim = Story::new().open();
    let run = sim.release().await;
    sim.approval_request(&run.id, "prod").await;
    sim.hours(3).await;
    sim.approves(MANAGER, &run.id, "prod").await;
    let ended = run.end(&sim).await;
    ended.is(Outcome::Succeeded, 0);
    insta::assert_snapshot!(reported(&ended), @"
    ✓ shop: check the accounts
    ✓ shop: build and push app
    ✓ shop: shop to prod
    ✓ dev: severity gate
    ✓ dev: plan dev
    ✓ dev: run dev/migrate
    ✓ dev: update dev/web
    ✓ dev: update dev/admin
    ✓ dev: check dev (step 3)
    ✓ dev: check again what dev runs
    ✓ staging: severity gate
    ✓ staging: plan staging
    ✓ staging: run staging/migrate
    ✓ staging: update staging/web
    ✓ staging: update staging/admin
    ✓ staging: check staging (step 3)
    ✓ staging: check again what staging runs
    ✓ prod: copy app into prod
    ✓ prod: severity gate
    ✓ prod: plan prod
    ✓ prod: approval
    ✓ prod: run prod/migrate
    ✓ prod: update prod/admin
    ✓ prod: check prod (step 3)
    ✓ prod: update prod/web
    ✓ prod: check prod (step 5)
    ✓ prod: check again what prod runs
    ");
    let junit = ended.junit();
    let properties = &junit.suites[0].properties;
    let digest = ended.release.images.values().next().unwrap().digest.to_string();
    let expected = [("release", ended.release.id.as_str()), ("digest", &digest), ("outcome", "succeeded")];
    for (name, value) in expected {
        assert_eq!(properties[name], value);
    }
    assert_eq!(properties["plan"].len(), 64);

    let approval = junit.case("prod", "approval");
    assert!((10_800.0..11_000.0).contains(&approval.time), "three hours: {}", approval.time);
    assert!(approval.out.contains("approved by manager of 111111111111"), "{}", approval.out);
    let gate = junit.case("prod", "severity gate");
    assert!(gate.time < 1_800.0, "not while people decide: {}", gate.time);
}

#[tokio::test(start_paused = true)]
async fn a_gate_that_blocks_is_a_failure_and_what_follows_is_skipped() {
    let sim = Story::new().stages(&["dev"]).open();
    sim.build_next("bad", &[("findings", "CRITICAL:1,LOW:3")]);
    let ended = sim.release().await.end(&sim).await;
    ended.is(Outcome::Blocked, 10);
    insta::assert_snapshot!(reported(&ended), @"
    ✓ shop: check the accounts
    ✓ shop: build and push app
    ✗ shop: shop to dev | the severity gate of dev blocks: 1 critical (at most 0)
    ✗ dev: severity gate | severity gate: blocked: 1 critical (at most 0)
    · dev: plan dev | not reached: the severity gate of dev blocks: 1 critical (at most 0)
    · dev: run dev/migrate | not reached: the severity gate of dev blocks: 1 critical (at most 0)
    · dev: update dev/web | not reached: the severity gate of dev blocks: 1 critical (at most 0)
    · dev: update dev/admin | not reached: the severity gate of dev blocks: 1 critical (at most 0)
    · dev: check dev (step 3) | not reached: the severity gate of dev blocks: 1 critical (at most 0)
    · dev: check again what dev runs | not reached: the severity gate of dev blocks: 1 critical (at most 0)
    ");
}

#[tokio::test(start_paused = true)]
async fn what_was_rolled_back_is_reported_beside_what_failed() {
    let url = "https://shop.example/_sandbox/service/111111111111/ap-northeast-1/shop-dev/web";
    let check = json!({ "check": { "http": url, "contains": "what no answer contains", "timeout": "30s" } });
    let sim = Story::new().stages(&["dev"]).steps("dev", json!([{ "roll": ["web", "admin"] }, check])).open();
    let ended = sim.release().await.end(&sim).await;
    ended.is(Outcome::RolledBack, 20);
    insta::assert_snapshot!(reported(&ended), @"
    ✓ shop: check the accounts
    ✓ shop: build and push app
    ✗ shop: shop to dev | the check of dev failed
    ✓ dev: severity gate
    ✓ dev: plan dev
    ✓ dev: update dev/web
    ✓ dev: roll back dev/web
    ✓ dev: update dev/admin
    ✓ dev: roll back dev/admin
    ✗ dev: check dev (step 2) | check: https://shop.example/_sandbox/service/111111111111/ap-northeast-1/shop-dev/web answered 200, but its body does not contain `what no answer contains`
    · dev: check again what dev runs | not reached: the check of dev failed
    ");
}

#[tokio::test(start_paused = true)]
async fn a_rollout_that_ecs_rolled_back_is_a_failure_with_its_reason() {
    let sim = Story::new().stages(&["dev"]).steps("dev", json!([{ "roll": "web" }])).open();
    sim.build_next("broken", &[("exit-code", "42")]);
    let ended = sim.release().await.end(&sim).await;
    ended.is(Outcome::RolledBack, 20);
    let junit = ended.junit();
    let Failure(why) = junit.result("dev", "update dev/web") else { panic!("{}", junit.lines()) };
    assert!(why.starts_with("rolled back: ") && why.contains("circuit breaker"), "{why}");
    assert!(junit.case("dev", "update dev/web").out.contains("exited with code 42"));
}

#[tokio::test(start_paused = true)]
async fn an_approval_request_is_skipped_until_it_is_answered_and_a_suspended_release_is_not_red() {
    let sim = Story::new().stages(&["dev", "prod"]).open();
    let run = sim.release().await;
    let id = run.id.clone();
    let request = sim.approval_request(&id, "prod").await;
    run.stop();
    let ended = run.end(&sim).await;
    ended.is(Outcome::Suspended, 30);
    let junit = ended.junit();
    assert!(!junit.is_red(), "{}", junit.lines());
    let Skipped(why) = junit.result("prod", "approval") else { panic!("{}", junit.lines()) };
    assert!(why.starts_with(&format!("waits for approval of plan {}", request.plan.short())), "{why}");
    assert_eq!(
        junit.result("prod", "run prod/migrate"),
        &Skipped(format!("not reached: {}", ended.printed().sentence))
    );
    assert_eq!(junit.result("shop", "shop to prod"), &Skipped(ended.printed().sentence));
    assert_eq!(junit.suites[0].properties["plan"], request.plan.to_string());

    let again = sim.resumes(&id).await;
    sim.answers(MANAGER, &id, "prod", kanmon::model::approval::Answer::Rejected).await;
    let ended = again.end(&sim).await;
    ended.is(Outcome::Rejected, 11);
    let junit = ended.junit();
    let Failure(why) = junit.result("prod", "approval") else { panic!("{}", junit.lines()) };
    assert!(why.starts_with("rejected by manager of 111111111111"), "{why}");
}

#[tokio::test(start_paused = true)]
async fn what_is_unknown_is_an_error_and_not_a_failure() {
    let sim = Story::new().stages(&["dev"]).steps("dev", json!([{ "roll": "web" }])).open();
    sim.fault("DescribeServices", Kind::ResetBefore, 100_000);
    let ended = sim.release().await.end(&sim).await;
    ended.is(Outcome::Unknown, 32);
    let junit = ended.junit();
    let reds: Vec<_> = junit.suites.iter().flat_map(|s| &s.cases).map(|c| &c.result).collect();
    assert!(reds.iter().all(|r| !matches!(r, Failure(_))), "{}", junit.lines());
    assert!(matches!(junit.result("shop", "shop to dev"), Error(_)), "{}", junit.lines());
    assert_eq!(reds.iter().filter(|r| matches!(r, Error(_))).count(), 2, "{}", junit.lines());
}

#[tokio::test(start_paused = true)]
async fn a_suspended_release_is_skipped_where_it_stopped_and_its_time_does_not_count() {
    let sim = Story::new().stages(&["dev"]).steps("dev", json!([{ "roll": "web" }])).open();
    let run = sim.release().await;
    let id = run.id.clone();
    sim.fact(&id, "rolled", rollout_started).await;
    run.stop();
    let suspended = run.end(&sim).await;
    let before = suspended.junit().case("dev", "update dev/web").time;
    assert!(matches!(suspended.junit().result("dev", "update dev/web"), Skipped(_)));
    sim.pass(SignedDuration::from_hours(10)).await;
    let ended = sim.resumes(&id).await.end(&sim).await;
    ended.is(Outcome::Succeeded, 0);
    let case = ended.junit().case("dev", "update dev/web").time;
    assert!(case > before && case < 3_600.0, "{before} then {case}");
}

#[tokio::test(start_paused = true)]
async fn a_stage_beyond_the_last_requested_one_is_not_reported() {
    let sim = Story::new().open();
    let ended = sim.release_until("dev").await.end(&sim).await;
    let names: Vec<_> = ended.junit().suites.iter().map(|s| s.name.clone()).collect();
    assert_eq!(names, ["shop", "dev"]);
    let run = sim.promotes(DEVELOPER, &ended.release.id, "staging").await;
    let ended = run.end(&sim).await;
    assert_eq!(ended.junit().result("staging", "run staging/migrate"), &Passed);
    assert_eq!(ended.junit().result("shop", "shop to staging"), &Passed);
}
