use std::task::{Context, Poll, Waker};

use crate::scenarios::facts::{rollout_ended, rollout_started, task_ran, task_started};
use jiff::SignedDuration;
use kanmon::journal::Moment;
use kanmon::model::effect::Effect;
use kanmon::model::event::Fact;
use kanmon::model::ledger::{StageAction, StageCommand};
use kanmon::model::outcome::Outcome;
use kanmon::model::step::part::Direction;
use kanmon::ports::journal::Journal as _;
use serde_json::json;

use super::simulation::{DEV, MANAGER, OPERATOR, PROD, Story, name};

#[tokio::test(start_paused = true)]
async fn is_entered_only_after_it_was_unfrozen() {
    let sim = Story::new().stages(&["dev"]).steps("dev", json!([{ "roll": "web" }])).open();
    sim.freezes(MANAGER, "dev", "an incident in the shop").await;
    let run = sim.release().await;
    let id = run.id.clone();
    let ended = run.end(&sim).await;
    ended.is(Outcome::Locked, 41);
    ended.says("dev is frozen: an incident in the shop");
    ended.says(&MANAGER.identity().arn);
    ended.says("kanmon unfreeze dev");
    assert!(!ended.entered("dev") && sim.calls("UpdateService").is_empty());
    sim.hours(1).await;
    sim.resumes(&id).await.end(&sim).await.is(Outcome::Locked, 41);
    sim.unfreezes(MANAGER, "dev", "it is over").await;
    let ledger = sim.ledger("dev").await;
    assert_eq!(
        ledger.commands.iter().map(|c| c.command.reason.as_str()).collect::<Vec<_>>(),
        ["an incident in the shop", "it is over"]
    );
    sim.resumes(&id).await.end(&sim).await.is(Outcome::Succeeded, 0);
    assert_eq!(sim.updates(DEV, "shop-dev", "web").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn stops_every_release_of_the_application_there_and_nowhere_else() {
    let sim = Story::new().stages(&["dev", "staging"]).open();
    sim.freezes(MANAGER, "staging", "a demonstration").await;
    let ended = sim.release().await.end(&sim).await;
    ended.is(Outcome::Locked, 41);
    assert!(ended.entered("dev") && !ended.entered("staging"));
    sim.build_next("another", &[]);
    let ended = sim.release().await.end(&sim).await;
    ended.is(Outcome::Locked, 41);
    assert!(ended.entered("dev") && !ended.entered("staging"));
    assert!(sim.updates(DEV, "shop-staging", "web").is_empty());
}

#[tokio::test(start_paused = true)]
async fn between_the_entry_and_the_roll_prevents_the_roll() {
    let steps = json!([{ "run": "migrate" }, { "roll": "web" }]);
    let sim = Story::new().stages(&["dev"]).steps("dev", steps).open();
    let run = sim.release().await;
    let id = run.id.clone();
    sim.fact(&id, "migrated", task_started).await;
    sim.freezes(OPERATOR, "dev", "wait").await;
    let ended = run.end(&sim).await;
    ended.is(Outcome::Locked, 41);
    assert!(ended.has(task_ran), "what was started is followed to its end");
    assert!(sim.calls("UpdateService").is_empty());
    sim.unfreezes(OPERATOR, "dev", "go").await;
    sim.resumes(&id).await.end(&sim).await.is(Outcome::Succeeded, 0);
    assert_eq!((sim.calls("RunTask").len(), sim.updates(DEV, "shop-dev", "web").len()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn at_the_moment_of_the_roll_is_noticed_when_the_intent_is_written() {
    let sim = Story::new().stages(&["dev"]).steps("dev", json!([{ "roll": "web" }])).open();
    // After everything was read and decided, and before the intent is stored.
    let (journal, app, at) = (sim.journal.clone(), sim.pipeline().app, sim.time.timestamp());
    let mut frozen = false;
    sim.journal.set_append_hook(move |moment, facts| {
        let updates =
            |f: &Fact| matches!(f, Fact::Intended { effect: Effect::Update { direction: Direction::Forward, .. }, .. });
        if moment == Moment::Before && facts.iter().any(updates) && !frozen {
            frozen = true;
            let command =
                StageCommand { by: OPERATOR.identity(), reason: "wait".to_owned(), action: StageAction::Freeze };
            let sim = name("dev");
            let mut intervention = std::pin::pin!(journal.intervene(&app, &sim, &command, at));
            let heard = intervention.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            assert!(matches!(heard, Poll::Ready(Ok(_))), "in memory nothing is waited for");
        }
        Ok(())
    });
    let ended = sim.release().await.end(&sim).await;
    ended.is(Outcome::Locked, 41);
    ended.says("dev is frozen: wait");
    assert!(
        !ended
            .has(|f| matches!(f, Fact::Intended { effect: Effect::Update { direction: Direction::Forward, .. }, .. }))
    );
    assert!(sim.calls("UpdateService").is_empty());
}

#[tokio::test(start_paused = true)]
async fn never_prevents_a_rollback() {
    let url = "https://shop.example/_sandbox/service/222222222222/ap-northeast-1/shop-prod/web";
    let steps = json!([{ "roll": "web" }, { "check": { "http": url, "status": 403, "timeout": "2m" } }]);
    let sim = Story::new().stages(&["prod"]).steps("prod", steps).open();
    let before = sim.definition(PROD, "shop-prod", "web").unwrap();
    let run = sim.release().await;
    sim.approval_request(&run.id, "prod").await;
    sim.approves(MANAGER, &run.id, "prod").await;
    sim.fact(&run.id, "rolled", rollout_ended).await;
    sim.freezes(OPERATOR, "prod", "an incident").await;
    run.end(&sim).await.is(Outcome::RolledBack, 20);
    assert_eq!(sim.definition(PROD, "shop-prod", "web").unwrap(), before);
}

#[tokio::test(start_paused = true)]
async fn is_rolled_back_by_an_abort_of_the_release_that_waits() {
    let sim = Story::new().stages(&["dev"]).steps("dev", json!([{ "roll": "admin" }, { "roll": "web" }])).open();
    let before = sim.definition(DEV, "shop-dev", "admin").unwrap();
    let run = sim.release().await;
    let id = run.id.clone();
    sim.fact(&id, "rolled", rollout_started).await;
    sim.pass(SignedDuration::from_secs(3)).await;
    sim.freezes(OPERATOR, "dev", "wait").await;
    run.end(&sim).await.is(Outcome::Locked, 41);
    let ended = sim.aborts_unattended(&id, true).await.end(&sim).await;
    ended.is(Outcome::Aborted, 23);
    assert_eq!(sim.definition(DEV, "shop-dev", "admin").unwrap(), before);
    assert!(sim.updates(DEV, "shop-dev", "web").is_empty());
}
