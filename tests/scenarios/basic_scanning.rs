use kanmon::model::outcome::Outcome;
use serde_json::json;

use super::simulation::{Simulation, Story};

fn basic(frequency: &str) -> Simulation {
    let story = Story::new().stages(&["dev"]);
    story.world("/accounts/0/registry", json!({ "scan": "BASIC", "frequency": frequency })).open()
}

#[tokio::test(start_paused = true)]
async fn on_push_is_waited_for() {
    let sim = basic("SCAN_ON_PUSH");
    sim.release().await.end(&sim).await.is(Outcome::Succeeded, 0);
    assert!(sim.calls("StartImageScan").is_empty());
    assert!(!sim.calls("DescribeImageScanFindings").is_empty());
}

#[tokio::test(start_paused = true)]
async fn is_started_once_if_nothing_started_it() {
    let sim = basic("MANUAL");
    sim.release().await.end(&sim).await.is(Outcome::Succeeded, 0);
    assert_eq!(sim.calls("StartImageScan").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn has_findings_that_block() {
    let sim = basic("SCAN_ON_PUSH");
    sim.build_next("bad", &[("findings", "HIGH:2")]);
    let ended = sim.release().await.end(&sim).await;
    ended.is(Outcome::Blocked, 10);
    ended.says("2 high (at most 0)");
}
