use crate::scenarios::facts::{rollback_started, rollout_started, task_started};
use jiff::SignedDuration;
use kanmon::model::effect::Effect;
use kanmon::model::event::Fact;
use kanmon::model::outcome::Outcome;
use kanmon::model::step::part::Direction;
use serde_json::{Value, json};

use super::simulation::{DEV, MANAGER, PROD, Simulation, Story};

fn steps() -> Value {
    json!([{ "run": "migrate" }, { "roll": "web" }])
}

fn dev() -> Simulation {
    Story::new().stages(&["dev"]).steps("dev", steps()).open()
}

/// The process is killed when such a fact is written (and `then` has passed); another one continues to the same end.
async fn is_resumed(what: &str, is: fn(&Fact) -> bool, then: SignedDuration) {
    let plain = dev();
    let whole = plain.release().await.end(&plain).await;
    whole.is(Outcome::Succeeded, 0);

    let sim = dev();
    let run = sim.release().await;
    let id = run.id.clone();
    sim.fact(&id, what, is).await;
    sim.pass(then).await;
    run.crash(&sim).await;
    sim.pass(SignedDuration::from_mins(2)).await;
    let ended = sim.resumes(&id).await.end(&sim).await;
    ended.is(Outcome::Succeeded, 0);
    let (mut there, mut here) = (plain.tally(), sim.tally());
    for tally in [&mut there, &mut here] {
        // Repeated calls with one token or tag are one task and one image; these are counted below by their result.
        tally.retain(|(operation, _), _| operation != "RunTask" && operation != "PutImage");
    }
    assert_eq!(here, there, "{what}");
    let tokens: std::collections::BTreeSet<_> =
        sim.calls("RunTask").iter().map(|e| e.input["clientToken"].to_string()).collect();
    assert_eq!(tokens.len(), 1, "{what}");
    assert_eq!(sim.digest(DEV, "shop-dev", "web"), plain.digest(DEV, "shop-dev", "web"), "{what}");
}

fn intended(fact: &Fact, is: fn(&Effect) -> bool) -> bool {
    matches!(fact, Fact::Intended { effect, .. } if is(effect))
}

const AT_ONCE: SignedDuration = SignedDuration::ZERO;

#[tokio::test(start_paused = true)]
async fn while_building() {
    is_resumed("built", |f| intended(f, |e| matches!(e, Effect::Build { .. })), SignedDuration::from_secs(10)).await;
}

#[tokio::test(start_paused = true)]
async fn while_scanning() {
    is_resumed("built", |f| matches!(f, Fact::ImageBuilt { .. }), SignedDuration::from_secs(5)).await;
}

#[tokio::test(start_paused = true)]
async fn while_a_task_definition_is_registered() {
    is_resumed("registered", |f| intended(f, |e| matches!(e, Effect::Register { .. })), AT_ONCE).await;
}

#[tokio::test(start_paused = true)]
async fn while_a_task_is_started() {
    is_resumed("started", |f| intended(f, |e| matches!(e, Effect::RunTask { .. })), AT_ONCE).await;
}

#[tokio::test(start_paused = true)]
async fn while_a_task_runs() {
    is_resumed("ran", task_started, SignedDuration::from_secs(15)).await;
}

#[tokio::test(start_paused = true)]
async fn while_a_service_is_updated() {
    is_resumed(
        "updated",
        |f| intended(f, |e| matches!(e, Effect::Update { direction: Direction::Forward, .. })),
        AT_ONCE,
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn while_a_rollout_goes_on() {
    is_resumed("rolled", rollout_started, SignedDuration::from_secs(40)).await;
}

#[tokio::test(start_paused = true)]
async fn while_it_waits_for_approval() {
    let sim = Story::new().stages(&["prod"]).open();
    let run = sim.release().await;
    let id = run.id.clone();
    sim.approval_request(&id, "prod").await;
    run.crash(&sim).await;
    // The answer comes while nobody works on the release.
    sim.approves(MANAGER, &id, "prod").await;
    sim.hours(2).await;
    let ended = sim.resumes(&id).await.end(&sim).await;
    ended.is(Outcome::Succeeded, 0);
    assert_eq!(ended.count(|f| matches!(f, Fact::ApprovalRequested { .. })), 1, "nobody is asked twice");
    assert_eq!(sim.updates(PROD, "shop-prod", "web").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn while_a_failed_stage_is_rolled_back() {
    let url = "https://shop.example/_sandbox/service/111111111111/ap-northeast-1/shop-dev/web";
    let steps = json!([
        { "roll": "admin" }, { "roll": "web" }, { "check": { "http": url, "status": 403, "timeout": "10s" } },
    ]);
    let sim = Story::new().stages(&["dev"]).steps("dev", steps).open();
    let before = ["web", "admin"].map(|s| sim.definition(DEV, "shop-dev", s).unwrap());
    let run = sim.release().await;
    let id = run.id.clone();
    sim.fact(&id, "restored", rollback_started).await;
    run.crash(&sim).await;
    let ended = sim.resumes(&id).await.end(&sim).await;
    ended.is(Outcome::RolledBack, 20);
    assert_eq!(["web", "admin"].map(|s| sim.definition(DEV, "shop-dev", s).unwrap()), before);
    assert_eq!(sim.calls("UpdateService").len(), 4);
}
