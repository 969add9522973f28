use crate::scenarios::facts::{task_overdue, task_started};
use jiff::SignedDuration;
use kanmon::journal::Moment;
use kanmon::model::effect::Effect;
use kanmon::model::event::Fact;
use kanmon::model::outcome::Outcome;
use kanmon::sandbox::faults::Kind;
use serde_json::json;

use super::simulation::Story;

#[tokio::test(start_paused = true)]
async fn is_seen_running_after_its_timeout_and_fails_the_stage() {
    let sim = Story::new().stages(&["dev"]).file("/tasks/migrate/timeout", json!("5s")).open();
    let ended = sim.release().await.end(&sim).await;
    ended.is(Outcome::Failed, 24);
    ended.says("dev/migrate did not end within 5s");
    ended.says("it may still run: arn:aws:ecs:");
    assert!(sim.calls("UpdateService").is_empty());
}

#[tokio::test(start_paused = true)]
async fn that_could_not_be_read_is_unknown_and_is_found_done_later() {
    let sim = Story::new().stages(&["dev"]).file("/tasks/migrate/timeout", json!("2m")).open();
    sim.fault("DescribeTasks", Kind::Throttle, u32::MAX);
    let run = sim.release().await;
    let id = run.id.clone();
    let ended = run.end(&sim).await;
    ended.is(Outcome::Unknown, 32);
    ended.says("dev/migrate can no longer be read");
    sim.end_faults();
    let ended = sim.resumes(&id).await.end(&sim).await;
    ended.is(Outcome::Succeeded, 0);
    assert!(!ended.has(task_overdue));
    assert_eq!(sim.calls("RunTask").len(), 1);
}

/// A process that continues after hours finds that it ended, whatever its timeout was.
#[tokio::test(start_paused = true)]
async fn is_not_a_failure_if_it_ended_while_no_process_was_watching() {
    let sim = Story::new().stages(&["dev"]).file("/tasks/migrate/timeout", json!("2m")).open();
    let run = sim.release().await;
    let id = run.id.clone();
    sim.fact(&id, "the task", task_started).await;
    run.crash(&sim).await;
    sim.pass(SignedDuration::from_mins(30)).await;
    let ended = sim.resumes(&id).await.end(&sim).await;
    ended.is(Outcome::Succeeded, 0);
    assert_eq!(sim.calls("RunTask").len(), 1);
}

/// After its client token has expired, it is unknown whether the task ran: it is never started a second time, however often the release is
/// resumed.
#[tokio::test(start_paused = true)]
async fn to_report_is_never_run_again() {
    let sim = Story::new().stages(&["dev"]).open();
    // The process ends after its intent was recorded.
    sim.journal.set_append_hook(|moment, facts| {
        let runs = |f: &Fact| matches!(f, Fact::Intended { effect: Effect::RunTask { .. }, .. });
        match moment == Moment::After && facts.iter().any(runs) {
            true => Err(super::simulation::killed()),
            false => Ok(()),
        }
    });
    let run = sim.release().await;
    let id = run.id.clone();
    run.fails().await;
    sim.journal.set_append_hook(|_, _| Ok(()));
    for _ in 0..3 {
        sim.hours(25).await;
        let ended = sim.resumes(&id).await.end(&sim).await;
        ended.is(Outcome::Unknown, 32);
        ended.says("it is unknown whether dev/migrate was started");
        ended.says("kanmon abort");
    }
    assert!(sim.calls("RunTask").is_empty());
    sim.aborts_unattended(&id, false).await.end(&sim).await.is(Outcome::Aborted, 23);
}
