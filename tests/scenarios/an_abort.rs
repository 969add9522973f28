use std::task::{Context, Poll, Waker};

use jiff::SignedDuration;
use kanmon::journal::Moment;
use kanmon::model::event::Fact;
use kanmon::model::inbox::MessageBody;
use kanmon::model::outcome::Outcome;
use kanmon::model::step::StepFact;
use kanmon::model::step::part::Direction;
use kanmon::model::step::roll::RollFact;
use kanmon::ports::journal::Journal;
use serde_json::json;

use super::simulation::{DEV, DEVELOPER, MANAGER, PROD, Run, Simulation, Story, name};
use kanmon::report::warning;

async fn rolling() -> (Simulation, Run) {
    let sim = Story::new().stages(&["dev"]).steps("dev", json!([{ "roll": "admin" }, { "roll": "web" }])).open();
    let run = sim.release().await;
    let web = |f: &Fact| matches!(f, Fact::Step { fact: StepFact::Roll(RollFact::RolloutStarted { direction: Direction::Forward, service, .. }), .. } if service.as_str() == "web");
    sim.fact(&run.id, "rolled", web).await;
    sim.pass(SignedDuration::from_secs(15)).await;
    (sim, run)
}

#[tokio::test(start_paused = true)]
async fn with_rollback_rolls_everything_back() {
    let (sim, run) = rolling().await;
    sim.aborts(&run.id, true).await;
    let ended = run.end(&sim).await;
    ended.is(Outcome::Aborted, 23);
    ended.says("a mistake");
    assert_eq!(sim.calls("StopServiceDeployment").len(), 1, "web, under way");
    assert_eq!(sim.updates(DEV, "shop-dev", "admin").len(), 2, "admin, which had succeeded");
    for (service, family) in [("web", "shop-web:1"), ("admin", "shop-admin:1")] {
        let runs = sim.definition(DEV, "shop-dev", service).unwrap();
        assert!(runs.ends_with(family), "{service} runs {runs}");
    }
}

#[tokio::test(start_paused = true)]
async fn without_rollback_leaves_everything_as_it_is() {
    let (sim, run) = rolling().await;
    sim.aborts(&run.id, false).await;
    let ended = run.end(&sim).await;
    ended.is(Outcome::Aborted, 23);
    assert_eq!(sim.calls("UpdateService").len(), 2);
    assert!(sim.calls("StopServiceDeployment").is_empty());
    sim.hours(1).await;
    assert!(sim.definition(DEV, "shop-dev", "web").unwrap().ends_with("shop-web:2"), "ECS went on");
}

#[tokio::test(start_paused = true)]
async fn while_people_decide_ends_it_at_once() {
    let sim = Story::new().stages(&["dev", "prod"]).open();
    let run = sim.release().await;
    sim.approval_request(&run.id, "prod").await;
    sim.aborts(&run.id, true).await;
    let ended = run.end(&sim).await;
    ended.is(Outcome::Aborted, 23);
    assert!(sim.updates(PROD, "shop-prod", "web").is_empty());
    assert_eq!(sim.updates(DEV, "shop-dev", "web").len(), 1, "a stage that was left stays as it is");
}

/// An approval that was given before the abort does not count for a later request.
#[tokio::test(start_paused = true)]
async fn is_the_end_of_what_was_approved_too() {
    let sim = Story::new().stages(&["dev", "prod"]).open();
    let run = sim.release().await;
    let id = run.id.clone();
    sim.approval_request(&id, "prod").await;
    run.crash(&sim).await;
    sim.approves(MANAGER, &id, "prod").await;
    sim.pass(SignedDuration::from_secs(5)).await;
    let ended = sim.aborts_unattended(&id, false).await.end(&sim).await;
    ended.is(Outcome::Aborted, 23);
    assert!(ended.has(|f| matches!(f, Fact::ApprovalGiven { .. })), "the approval was recorded");
    let again = sim.promotes(DEVELOPER, &id, "prod").await;
    sim.when(&id, "asked again", |r| (r.stage(&name("prod")).approval_requests > 1).then_some(())).await;
    assert!(sim.updates(PROD, "shop-prod", "web").is_empty());
    sim.approves(MANAGER, &id, "prod").await;
    again.end(&sim).await.is(Outcome::Succeeded, 0);
}

#[tokio::test(start_paused = true)]
async fn that_comes_when_everything_is_done_is_recorded_and_reported() {
    let sim = Story::new().stages(&["dev"]).steps("dev", json!([{ "roll": "web" }])).open();
    let run = sim.release().await;
    let (journal, id, at) = (sim.journal.clone(), run.id.clone(), sim.time.timestamp());
    // After it has read the inbox for the last time, and before it has ended.
    sim.journal.set_append_hook(move |moment, facts| {
        if moment == Moment::After && facts.iter().any(|f| matches!(f, Fact::StageLeft { .. })) {
            let abort = MessageBody::Abort { by: DEVELOPER.identity(), reason: "no".to_owned(), roll_back: false };
            let mut sent = std::pin::pin!(journal.send(&id, abort, at));
            let sent = sent.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            assert!(matches!(sent, Poll::Ready(Ok(_))), "in memory nothing is waited for");
        }
        Ok(())
    });
    let ended = run.end(&sim).await;
    ended.is(Outcome::Succeeded, 0);
    assert!(ended.has(
        |f| matches!(f, Fact::Warned { warning } if warning::text(warning).contains("after everything was done"))
    ));
}
