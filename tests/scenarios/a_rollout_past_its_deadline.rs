use jiff::SignedDuration;
use kanmon::model::event::Fact;
use kanmon::model::outcome::Outcome;
use serde_json::{Value, json};

use super::stage::{DEV, Stage, Story};

/// Tasks die, no breaker is on, and not often enough within the deadline to be called hopeless.
fn slow(on_failure: &str) -> Stage {
    let unguarded: Value = json!({ "minimumHealthyPercent": 100, "maximumPercent": 200 });
    let stage = Story::new()
        .stages(&["dev"])
        .steps("dev", json!([{ "roll": "web" }]))
        .of_stage("dev", "deadline", json!("4m"))
        .of_stage("dev", "on_failure", json!(on_failure))
        .services("web", "deploymentConfiguration", &unguarded)
        .open();
    stage.build_next("slow", &[("exit-code", "1"), ("exit-after", "9")]);
    stage
}

#[tokio::test(start_paused = true)]
async fn is_still_running_where_rollback_is_off() {
    let stage = slow("stop");
    let run = stage.release().await;
    let ended = run.end(&stage).await;
    ended.is(Outcome::StillRunning, 31);
    let began = ended.events[ended.place(|f| matches!(f, Fact::RolloutStarted { .. }))].at;
    let passed = stage.time.timestamp().duration_since(began);
    assert!(passed >= SignedDuration::from_mins(4) && passed < SignedDuration::from_mins(5), "{passed:#}");
    assert!(ended.has(|f| matches!(f, Fact::Suspended { .. })));
    assert!(stage.calls("StopServiceDeployment").is_empty());
}

#[tokio::test(start_paused = true)]
async fn is_rolled_back_where_it_is_on() {
    let stage = slow("rollback");
    let before = stage.definition(DEV, "shop-dev", "web");
    let ended = stage.release().await.end(&stage).await;
    ended.is(Outcome::RolledBack, 20);
    assert_eq!(stage.calls("StopServiceDeployment").len(), 1);
    assert_eq!(stage.definition(DEV, "shop-dev", "web"), before);
}
