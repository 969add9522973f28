use jiff::SignedDuration;
use kanmon::model::outcome::Outcome;
use serde_json::json;

use super::simulation::Story;

#[tokio::test(start_paused = true)]
async fn blocks_at_the_gates_timeout_with_the_last_reason() {
    let sim =
        Story::new().file("/gate/timeout", json!("25m")).scans(json!({ "reason": "PENDING_INITIAL_SCAN" })).open();
    let ended = sim.release().await.end(&sim).await;
    ended.is(Outcome::Blocked, 10);
    ended.says("PENDING_INITIAL_SCAN");
    ended.says("within 25m");
    let passed = sim.time.passed();
    assert!(passed >= SignedDuration::from_mins(25) && passed < SignedDuration::from_mins(28), "{passed:#}");
    assert!(sim.calls("UpdateService").is_empty() && sim.calls("RunTask").is_empty());
}
