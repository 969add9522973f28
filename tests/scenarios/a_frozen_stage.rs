use std::task::{Context, Poll, Waker};

use crate::facts::{rollout_ended, rollout_started, task_ran, task_started};
use jiff::SignedDuration;
use kanmon::journal::Moment;
use kanmon::model::effect::Effect;
use kanmon::model::event::Fact;
use kanmon::model::ledger::{Said, Word};
use kanmon::model::outcome::Outcome;
use kanmon::model::step::part::Direction;
use kanmon::ports::journal::Journal as _;
use serde_json::json;

use super::stage::{DEV, MANAGER, OPERATOR, PROD, Story, name};

#[tokio::test(start_paused = true)]
async fn is_not_entered_and_is_once_it_is_open_again() {
    let stage = Story::new().stages(&["dev"]).steps("dev", json!([{ "roll": "web" }])).open();
    stage.freezes(MANAGER, "dev", "an incident in the shop").await;
    let run = stage.release().await;
    let id = run.id.clone();
    let ended = run.end(&stage).await;
    ended.is(Outcome::Locked, 41);
    ended.says("dev is frozen: an incident in the shop");
    ended.says(&MANAGER.identity().arn);
    ended.says("kanmon unfreeze dev");
    assert!(!ended.entered("dev") && stage.calls("UpdateService").is_empty());
    stage.hours(1).await;
    stage.resumes(&id).await.end(&stage).await.is(Outcome::Locked, 41);
    stage.unfreezes(MANAGER, "dev", "it is over").await;
    let ledger = stage.ledger("dev").await;
    assert_eq!(
        ledger.words.iter().map(|w| w.word.reason.as_str()).collect::<Vec<_>>(),
        ["an incident in the shop", "it is over"]
    );
    stage.resumes(&id).await.end(&stage).await.is(Outcome::Succeeded, 0);
    assert_eq!(stage.updates(DEV, "shop-dev", "web").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn stops_every_release_of_the_application_there_and_nowhere_else() {
    let stage = Story::new().stages(&["dev", "staging"]).open();
    stage.freezes(MANAGER, "staging", "a demonstration").await;
    let ended = stage.release().await.end(&stage).await;
    ended.is(Outcome::Locked, 41);
    assert!(ended.entered("dev") && !ended.entered("staging"));
    stage.build_next("another", &[]);
    let ended = stage.release().await.end(&stage).await;
    ended.is(Outcome::Locked, 41);
    assert!(ended.entered("dev") && !ended.entered("staging"));
    assert!(stage.updates(DEV, "shop-staging", "web").is_empty());
}

#[tokio::test(start_paused = true)]
async fn between_the_entry_and_the_roll_holds_the_roll_up() {
    let steps = json!([{ "run": "migrate" }, { "roll": "web" }]);
    let stage = Story::new().stages(&["dev"]).steps("dev", steps).open();
    let run = stage.release().await;
    let id = run.id.clone();
    stage.fact(&id, "migrated", task_started).await;
    stage.freezes(OPERATOR, "dev", "wait").await;
    let ended = run.end(&stage).await;
    ended.is(Outcome::Locked, 41);
    assert!(ended.has(task_ran), "what was begun is followed to its end");
    assert!(stage.calls("UpdateService").is_empty());
    stage.unfreezes(OPERATOR, "dev", "go").await;
    stage.resumes(&id).await.end(&stage).await.is(Outcome::Succeeded, 0);
    assert_eq!((stage.calls("RunTask").len(), stage.updates(DEV, "shop-dev", "web").len()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn at_the_very_moment_of_the_roll_is_seen_where_the_intent_is_written() {
    let stage = Story::new().stages(&["dev"]).steps("dev", json!([{ "roll": "web" }])).open();
    // After everything was read and decided, and before the store has the intent.
    let (journal, app, at) = (stage.journal.clone(), stage.pipeline().app, stage.time.timestamp());
    let mut frozen = false;
    stage.journal.set_hook(move |moment, facts| {
        let updates =
            |f: &Fact| matches!(f, Fact::Intended { effect: Effect::Update { direction: Direction::Forward, .. }, .. });
        if moment == Moment::Before && facts.iter().any(updates) && !frozen {
            frozen = true;
            let word = Word { by: OPERATOR.identity(), reason: "wait".to_owned(), said: Said::Freeze };
            let stage = name("dev");
            let mut decree = std::pin::pin!(journal.decree(&app, &stage, &word, at));
            let heard = decree.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            assert!(matches!(heard, Poll::Ready(Ok(_))), "in memory nothing is waited for");
        }
        Ok(())
    });
    let ended = stage.release().await.end(&stage).await;
    ended.is(Outcome::Locked, 41);
    ended.says("dev is frozen: wait");
    assert!(
        !ended
            .has(|f| matches!(f, Fact::Intended { effect: Effect::Update { direction: Direction::Forward, .. }, .. }))
    );
    assert!(stage.calls("UpdateService").is_empty());
}

#[tokio::test(start_paused = true)]
async fn keeps_no_way_back_shut() {
    let url = "https://shop.example/_sandbox/service/222222222222/ap-northeast-1/shop-prod/web";
    let steps = json!([{ "roll": "web" }, { "check": { "http": url, "status": 403, "timeout": "2m" } }]);
    let stage = Story::new().stages(&["prod"]).steps("prod", steps).open();
    let before = stage.definition(PROD, "shop-prod", "web").unwrap();
    let run = stage.release().await;
    stage.asked(&run.id, "prod").await;
    stage.approves(MANAGER, &run.id, "prod").await;
    stage.fact(&run.id, "rolled", rollout_ended).await;
    stage.freezes(OPERATOR, "prod", "an incident").await;
    run.end(&stage).await.is(Outcome::RolledBack, 20);
    assert_eq!(stage.definition(PROD, "shop-prod", "web").unwrap(), before);
}

#[tokio::test(start_paused = true)]
async fn is_gone_back_from_by_an_abort_of_what_it_holds_up() {
    let stage = Story::new().stages(&["dev"]).steps("dev", json!([{ "roll": "admin" }, { "roll": "web" }])).open();
    let before = stage.definition(DEV, "shop-dev", "admin").unwrap();
    let run = stage.release().await;
    let id = run.id.clone();
    stage.fact(&id, "rolled", rollout_started).await;
    stage.pass(SignedDuration::from_secs(3)).await;
    stage.freezes(OPERATOR, "dev", "wait").await;
    run.end(&stage).await.is(Outcome::Locked, 41);
    let ended = stage.takes_up_to_abort(&id, true).await.end(&stage).await;
    ended.is(Outcome::Aborted, 23);
    assert_eq!(stage.definition(DEV, "shop-dev", "admin").unwrap(), before);
    assert!(stage.updates(DEV, "shop-dev", "web").is_empty());
}
