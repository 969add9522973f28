use crate::scenarios::facts::{rollback_started, rollout_started};
use jiff::SignedDuration;
use kanmon::model::event::Fact;
use kanmon::model::outcome::Outcome;
use kanmon::sandbox::faults::Kind;
use serde_json::{Value, json};

use super::simulation::{DEV, Simulation, Story};

/// Tasks stop, but not often enough before the deadline to give up; the circuit breaker is off.
fn slow(on_failure: &str) -> Simulation {
    let unguarded: Value = json!({ "minimumHealthyPercent": 100, "maximumPercent": 200 });
    let sim = Story::new()
        .stages(&["dev"])
        .steps("dev", json!([{ "roll": "web" }]))
        .of_stage("dev", "deadline", json!("4m"))
        .of_stage("dev", "on_failure", json!(on_failure))
        .services("web", "deploymentConfiguration", &unguarded)
        .open();
    sim.build_next("slow", &[("exit-code", "1"), ("exit-after", "9")]);
    sim
}

#[tokio::test(start_paused = true)]
async fn is_still_running_where_rollback_is_off() {
    let sim = slow("stop");
    let run = sim.release().await;
    let ended = run.end(&sim).await;
    ended.is(Outcome::StillRunning, 31);
    let began = ended.events[ended.index_of(rollout_started)].at;
    let passed = sim.time.timestamp().duration_since(began);
    assert!(passed >= SignedDuration::from_mins(4) && passed < SignedDuration::from_mins(5), "{passed:#}");
    assert!(ended.has(|f| matches!(f, Fact::Suspended { .. })));
    assert!(sim.calls("StopServiceDeployment").is_empty());
}

#[tokio::test(start_paused = true)]
async fn is_rolled_back_where_it_is_on() {
    let sim = slow("rollback");
    let before = sim.definition(DEV, "shop-dev", "web");
    let ended = sim.release().await.end(&sim).await;
    ended.is(Outcome::RolledBack, 20);
    assert_eq!(sim.calls("StopServiceDeployment").len(), 1);
    assert_eq!(sim.definition(DEV, "shop-dev", "web"), before);
}

/// A rollout that could not be read at its deadline may have ended since: it is read before it is given up.
#[tokio::test(start_paused = true)]
async fn is_read_before_it_is_given_up() {
    for (kind, operation) in [(Kind::Throttle, "DescribeServices"), (Kind::ResetBefore, "*")] {
        let sim = Story::new()
            .stages(&["dev"])
            .steps("dev", json!([{ "roll": "web" }]))
            .of_stage("dev", "deadline", json!("1m"))
            .open();
        let run = sim.release().await;
        sim.fact(&run.id, "rolled", rollout_started).await;
        sim.fault(operation, kind, u32::MAX);
        sim.pass(SignedDuration::from_mins(3)).await;
        assert!(!run.is_over(), "it waits for AWS to answer");
        sim.end_faults();
        let ended = run.end(&sim).await;
        ended.is(Outcome::Succeeded, 0);
        assert!(sim.calls("StopServiceDeployment").is_empty());
        assert_eq!(sim.updates(DEV, "shop-dev", "web").len(), 1);
    }
}

/// A rollback too.
#[tokio::test(start_paused = true)]
async fn in_a_rollback_is_read_before_it_is_reported_as_stuck() {
    let url = format!("http://127.0.0.1:4566/_sandbox/service/{DEV}/ap-northeast-1/shop-dev/web");
    let steps = json!([{ "roll": "web" }, { "check": { "http": url, "status": 403, "timeout": "30s" } }]);
    let sim = Story::new().stages(&["dev"]).steps("dev", steps).of_stage("dev", "deadline", json!("5m")).open();
    let before = sim.definition(DEV, "shop-dev", "web");
    let run = sim.release().await;
    sim.fact(&run.id, "started the rollback", rollback_started).await;
    sim.fault("DescribeServices", Kind::Throttle, u32::MAX);
    sim.pass(SignedDuration::from_mins(10)).await;
    sim.end_faults();
    let ended = run.end(&sim).await;
    ended.is(Outcome::RolledBack, 20);
    assert_eq!(sim.definition(DEV, "shop-dev", "web"), before);
}
