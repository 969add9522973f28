use kanmon::model::outcome::Outcome;
use serde_json::json;

use super::stage::{Stage, Story};

fn basic(frequency: &str) -> Stage {
    let story = Story::new().stages(&["dev"]);
    story.world("/accounts/0/registry", json!({ "scan": "BASIC", "frequency": frequency })).open()
}

#[tokio::test(start_paused = true)]
async fn on_push_is_waited_for() {
    let stage = basic("SCAN_ON_PUSH");
    stage.release().await.end(&stage).await.is(Outcome::Succeeded, 0);
    assert!(stage.calls("StartImageScan").is_empty());
    assert!(!stage.calls("DescribeImageScanFindings").is_empty());
}

#[tokio::test(start_paused = true)]
async fn that_nothing_started_is_started_once() {
    let stage = basic("MANUAL");
    stage.release().await.end(&stage).await.is(Outcome::Succeeded, 0);
    assert_eq!(stage.calls("StartImageScan").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn has_findings_that_block() {
    let stage = basic("SCAN_ON_PUSH");
    stage.build_next("bad", &[("findings", "HIGH:2")]);
    let ended = stage.release().await.end(&stage).await;
    ended.is(Outcome::Blocked, 10);
    ended.says("2 high (at most 0)");
}
