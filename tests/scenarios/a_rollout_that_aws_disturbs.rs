use crate::scenarios::facts::rollout_started;
use jiff::SignedDuration;
use kanmon::model::event::Fact;
use kanmon::model::outcome::Outcome;
use kanmon::model::rollout::RolloutState;
use kanmon::model::step::StepFact;
use kanmon::model::step::part::Direction;
use kanmon::model::step::roll::RollFact;
use kanmon::sandbox::ecs::alarms::AlarmState;
use serde_json::{Value, json};

use super::simulation::{DEV, Simulation, Story};

fn with(configuration: &Value, on_failure: &str) -> Simulation {
    story(configuration, on_failure).open()
}

fn story(configuration: &Value, on_failure: &str) -> Story {
    Story::new()
        .stages(&["dev"])
        .steps("dev", json!([{ "roll": "web" }]))
        .of_stage("dev", "on_failure", json!(on_failure))
        .services("web", "deploymentConfiguration", configuration)
}

/// Alarms that fail the deployment without rolling it back: its status is STOPPED.
#[tokio::test(start_paused = true)]
async fn by_an_alarm_without_rollback_has_failed_and_was_not_stopped_by_somebody() {
    for (on_failure, outcome, code) in [("stop", Outcome::Failed, 24), ("rollback", Outcome::RolledBack, 20)] {
        let sim = with(
            &json!({
                "minimumHealthyPercent": 100, "maximumPercent": 200, "bakeTimeInMinutes": 5,
                "alarms": { "enable": true, "rollback": false, "alarmNames": ["web-5xx"] },
            }),
            on_failure,
        );
        let run = sim.release().await;
        sim.fact(&run.id, "rolled", rollout_started).await;
        sim.pass(SignedDuration::from_secs(20)).await;
        let now = sim.time.timestamp();
        let (account, region) = (DEV.parse().unwrap(), "ap-northeast-1".parse().unwrap());
        sim.world.lock().unwrap().set_alarm(&account, &region, "web-5xx", AlarmState::Alarm, now);
        let ended = run.end(&sim).await;
        ended.is(outcome, code);
        ended.says("alarm");
        let updates = sim.updates(DEV, "shop-dev", "web").len();
        assert_eq!(updates == 2, on_failure == "rollback", "kanmon rolls it back, because ECS does not");
    }
}

#[tokio::test(start_paused = true)]
async fn by_early_success_is_proven_by_as_many_tasks_as_ecs_waited_for() {
    let criteria = json!({ "enable": true, "healthyPercent": 50, "sourceServiceRevisionCleanup": "DEFERRED" });
    let configuration = json!({ "earlySuccessCriteria": criteria, "minimumHealthyPercent": 50, "maximumPercent": 100 });
    let story = story(&configuration, "rollback").services("web", "desiredCount", &json!(4));
    let sim = story.file("/defaults/poll", json!("1s")).open();
    let ended = sim.release().await.end(&sim).await;
    ended.is(Outcome::Succeeded, 0);
    assert!(
        ended.has(|f| matches!(f, Fact::Step { fact: StepFact::Roll(RollFact::RolloutObserved { direction: Direction::Forward, progress, .. }), .. }
            if progress.running < progress.desired && matches!(progress.rollout, RolloutState::Proven { .. }))),
        "it did not wait for all of them: {:?}",
        ended.waits
    );
}

/// If a registry cannot be reached for a while, that is not a failure of the image.
#[tokio::test(start_paused = true)]
async fn in_its_pulls_gets_more_time_and_does_not_keep_the_image_out() {
    let sim = with(&json!({ "minimumHealthyPercent": 100, "maximumPercent": 200 }), "rollback");
    sim.build_next("far", &[("pull-error", "dial tcp 1.2.3.4:443: i/o timeout")]);
    let ended = sim.release().await.end(&sim).await;
    ended.is(Outcome::RolledBack, 20);
    ended.says("the registry cannot be reached");
    ended.says("NAT gateway");
    assert!(ended.events.iter().any(|e| match &e.fact {
        Fact::Step {
            fact: StepFact::Roll(RollFact::RolloutObserved { direction: Direction::Forward, progress, .. }),
            ..
        } => progress.task_stops.iter().any(|d| d.tasks > 5),
        _ => false,
    }));
    assert!(sim.ledger("dev").await.failed.is_empty(), "the image may enter again");
    let again = sim.release().await.end(&sim).await;
    assert!(again.entered("dev"));
}

#[tokio::test(start_paused = true)]
async fn without_its_image_is_ended_at_once_and_keeps_the_image_out() {
    let sim = with(&json!({ "minimumHealthyPercent": 100, "maximumPercent": 200 }), "rollback");
    sim.build_next("gone", &[("pull-error", "manifest unknown: Requested image not found")]);
    let ended = sim.release().await.end(&sim).await;
    ended.is(Outcome::RolledBack, 20);
    ended.says("the image does not exist");
    assert_eq!(sim.ledger("dev").await.failed.len(), 1);
}
