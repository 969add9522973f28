use kanmon::model::event::Fact;
use kanmon::model::finding::ScanState;
use kanmon::model::outcome::Outcome;
use kanmon::sandbox::faults::Kind;
use serde_json::json;

use super::simulation::Story;

#[tokio::test(start_paused = true)]
async fn are_found_by_the_second_reading() {
    let sim = Story::new().scans(json!({ "findings_after": 15, "findings": "CRITICAL:1" })).open();
    let ended = sim.release().await.end(&sim).await;
    ended.is(Outcome::Blocked, 10);
    ended.says("1 critical");
    let clean = |f: &Fact| {
        matches!(f, Fact::ScanObserved { reading, .. }
            if matches!(reading.state, ScanState::Scanned { .. }) && reading.findings.is_empty())
    };
    assert!(ended.has(clean), "the first reading after complete had none");
}

#[tokio::test(start_paused = true)]
async fn are_read_twice_and_not_three_times_after_a_slow_first_reading() {
    let sim = Story::new().stages(&["dev"]).open();
    sim.fault("ListFindings", Kind::Slow(3000), 1);
    let ended = sim.release().await.end(&sim).await;
    ended.is(Outcome::Succeeded, 0);
    assert_eq!(sim.calls("ListFindings").len(), 2 * ended.release.scans.len());
}
