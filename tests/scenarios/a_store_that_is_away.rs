use std::time::Duration;

use crate::scenarios::facts::rollout_started;
use jiff::SignedDuration;
use kanmon::journal::Moment;
use kanmon::model::event::Fact;
use kanmon::model::fault::FaultKind;
use kanmon::model::fault::call::{Call, CallProblem, Target};
use kanmon::model::outcome::Outcome;
use kanmon::ports::journal::JournalError;
use kanmon::report::fault::state;
use kanmon::runtime::runner::RunError;
use serde_json::json;
use tokio::time::Instant;

use super::simulation::{DEV, Run, Simulation, Story};

fn away(kind: FaultKind) -> JournalError {
    let call = Call {
        action: "dynamodb:TransactWriteItems".into(),
        on: Target::Table { table: "state".into() },
        account: "dev".parse().unwrap(),
    };
    JournalError::Remote(match kind {
        FaultKind::Throttled => CallProblem::Throttled { call }.into(),
        FaultKind::Unreachable => CallProblem::NoAnswer { call, foreign: None }.into(),
        FaultKind::Ambiguous => CallProblem::NoClearAnswer { call, foreign: None }.into(),
        _ => CallProblem::CredentialsRejected { account: call.account }.into(),
    })
}

/// A release that has begun to roll, and whose store fails in this way for so many minutes.
async fn rolling(error: JournalError, minutes: u64) -> (Simulation, Run) {
    let sim = Story::new().stages(&["dev"]).steps("dev", json!([{ "roll": ["web", "admin"] }])).open();
    let run = sim.release().await;
    sim.fact(&run.id, "rolled", rollout_started).await;
    let until = Instant::now() + Duration::from_secs(60 * minutes);
    sim.journal.set_call_hook(move || if Instant::now() < until { Err(error.clone()) } else { Ok(()) });
    (sim, run)
}

#[tokio::test(start_paused = true)]
async fn for_minutes_is_waited_for() {
    for error in [
        away(FaultKind::Throttled),
        away(FaultKind::Unreachable),
        away(FaultKind::Ambiguous),
        JournalError::Busy { file: "journal.db".to_owned(), seconds: 10 },
    ] {
        let (sim, run) = rolling(error.clone(), 5).await;
        let ended = run.end(&sim).await;
        ended.is(Outcome::Succeeded, 0);
        assert!(
            ended.waits.iter().any(|t| t.contains(&state::words(&error, None).line())),
            "it is not reported: {:?}",
            ended.waits
        );
        for service in ["web", "admin"] {
            assert_eq!(sim.updates(DEV, "shop-dev", service).len(), 1, "{service}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn for_good_ends_the_process_and_another_continues_later() {
    let (sim, run) = rolling(away(FaultKind::Unreachable), 60).await;
    let (id, began) = (run.id.clone(), sim.time.timestamp());
    match run.fails().await {
        RunError::Journal(JournalError::Remote(fault)) => assert_eq!(fault.kind(), FaultKind::Unreachable),
        other => panic!("{other:?}"),
    }
    let passed = sim.time.timestamp().duration_since(began);
    assert!(passed >= SignedDuration::from_mins(10) && passed < SignedDuration::from_mins(30), "{passed:#}");
    sim.hours(1).await;
    sim.resumes(&id).await.end(&sim).await.is(Outcome::Succeeded, 0);
    assert_eq!(sim.updates(DEV, "shop-dev", "web").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn does_not_prevent_quitting() {
    let (sim, run) = rolling(away(FaultKind::Throttled), 60).await;
    sim.pass(SignedDuration::from_mins(1)).await;
    assert!(!run.is_over());
    run.stop();
    sim.pass(SignedDuration::from_secs(1)).await;
    assert!(run.is_over(), "it still waits for its store");
}

#[tokio::test(start_paused = true)]
async fn that_refuses_for_a_reason_is_not_asked_again() {
    let (sim, run) = rolling(away(FaultKind::CredentialsRefused), 60).await;
    let began = sim.time.timestamp();
    assert!(matches!(run.fails().await, RunError::Journal(JournalError::Remote(_))));
    assert!(sim.time.timestamp().duration_since(began) < SignedDuration::from_mins(2));
}

/// Everything is written, but the answer to every second write is lost.
#[tokio::test(start_paused = true)]
async fn after_each_write_is_found_to_have_written_it() {
    let story = || Story::new().stages(&["dev"]).steps("dev", json!([{ "run": "migrate" }, { "roll": "web" }]));
    let plain = story().open();
    let undisturbed = plain.release().await.end(&plain).await;
    let sim = story().open();
    let run = sim.release().await;
    let (mut written, mut lost) = (0, 0);
    sim.journal.set_append_hook(move |moment, _| {
        written += u32::from(moment == Moment::After);
        match moment == Moment::After && written % 2 == 0 && lost < 40 {
            true => {
                lost += 1;
                Err(away(FaultKind::Ambiguous))
            }
            false => Ok(()),
        }
    });
    let ended = run.end(&sim).await;
    ended.is(Outcome::Succeeded, 0);
    assert_eq!(sim.tally(), plain.tally());
    let intents = |e: &super::simulation::Ended| e.count(|f| matches!(f, Fact::Intended { .. }));
    assert_eq!(intents(&ended), intents(&undisturbed), "something was written twice");
}
