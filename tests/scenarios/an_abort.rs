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

use super::stage::{DEV, DEVELOPER, MANAGER, PROD, Run, Stage, Story, name};
use kanmon::report::warning;

async fn rolling() -> (Stage, Run) {
    let stage = Story::new().stages(&["dev"]).steps("dev", json!([{ "roll": "admin" }, { "roll": "web" }])).open();
    let run = stage.release().await;
    let web = |f: &Fact| matches!(f, Fact::Step { fact: StepFact::Roll(RollFact::RolloutStarted { direction: Direction::Forward, service, .. }), .. } if service.as_str() == "web");
    stage.fact(&run.id, "rolled", web).await;
    stage.pass(SignedDuration::from_secs(15)).await;
    (stage, run)
}

#[tokio::test(start_paused = true)]
async fn with_rollback_puts_everything_back() {
    let (stage, run) = rolling().await;
    stage.aborts(&run.id, true).await;
    let ended = run.end(&stage).await;
    ended.is(Outcome::Aborted, 23);
    ended.says("a mistake");
    assert_eq!(stage.calls("StopServiceDeployment").len(), 1, "web, under way");
    assert_eq!(stage.updates(DEV, "shop-dev", "admin").len(), 2, "admin, which had succeeded");
    for (service, family) in [("web", "shop-web:1"), ("admin", "shop-admin:1")] {
        let runs = stage.definition(DEV, "shop-dev", service).unwrap();
        assert!(runs.ends_with(family), "{service} runs {runs}");
    }
}

#[tokio::test(start_paused = true)]
async fn without_rollback_leaves_everything_as_it_is() {
    let (stage, run) = rolling().await;
    stage.aborts(&run.id, false).await;
    let ended = run.end(&stage).await;
    ended.is(Outcome::Aborted, 23);
    assert_eq!(stage.calls("UpdateService").len(), 2);
    assert!(stage.calls("StopServiceDeployment").is_empty());
    stage.hours(1).await;
    assert!(stage.definition(DEV, "shop-dev", "web").unwrap().ends_with("shop-web:2"), "ECS went on");
}

#[tokio::test(start_paused = true)]
async fn while_people_decide_ends_it_at_once() {
    let stage = Story::new().stages(&["dev", "prod"]).open();
    let run = stage.release().await;
    stage.asked(&run.id, "prod").await;
    stage.aborts(&run.id, true).await;
    let ended = run.end(&stage).await;
    ended.is(Outcome::Aborted, 23);
    assert!(stage.updates(PROD, "shop-prod", "web").is_empty());
    assert_eq!(stage.updates(DEV, "shop-dev", "web").len(), 1, "a stage that was left stays as it is");
}

/// Who says no while another approves has not approved what is asked for later.
#[tokio::test(start_paused = true)]
async fn is_the_end_of_what_was_approved_too() {
    let stage = Story::new().stages(&["dev", "prod"]).open();
    let run = stage.release().await;
    let id = run.id.clone();
    stage.asked(&id, "prod").await;
    run.crash(&stage).await;
    stage.approves(MANAGER, &id, "prod").await;
    stage.pass(SignedDuration::from_secs(5)).await;
    let ended = stage.takes_up_to_abort(&id, false).await.end(&stage).await;
    ended.is(Outcome::Aborted, 23);
    assert!(ended.has(|f| matches!(f, Fact::ApprovalGiven { .. })), "it had been heard of");
    let again = stage.promotes(DEVELOPER, &id, "prod").await;
    stage.when(&id, "asked again", |r| (r.stage(&name("prod")).asks > 1).then_some(())).await;
    assert!(stage.updates(PROD, "shop-prod", "web").is_empty());
    stage.approves(MANAGER, &id, "prod").await;
    again.end(&stage).await.is(Outcome::Succeeded, 0);
}

#[tokio::test(start_paused = true)]
async fn that_comes_when_all_is_done_is_heard_and_told() {
    let stage = Story::new().stages(&["dev"]).steps("dev", json!([{ "roll": "web" }])).open();
    let run = stage.release().await;
    let (journal, id, at) = (stage.journal.clone(), run.id.clone(), stage.time.timestamp());
    // After its last look into the inbox, and before it has ended.
    stage.journal.set_hook(move |moment, facts| {
        if moment == Moment::After && facts.iter().any(|f| matches!(f, Fact::StageLeft { .. })) {
            let abort = MessageBody::Abort { by: DEVELOPER.identity(), reason: "no".to_owned(), roll_back: false };
            let mut sent = std::pin::pin!(journal.send(&id, abort, at));
            let sent = sent.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            assert!(matches!(sent, Poll::Ready(Ok(_))), "in memory nothing is waited for");
        }
        Ok(())
    });
    let ended = run.end(&stage).await;
    ended.is(Outcome::Succeeded, 0);
    assert!(
        ended.has(
            |f| matches!(f, Fact::Warned { warning } if warning::text(warning).contains("when all of it was done"))
        )
    );
}
