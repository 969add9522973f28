use crate::scenarios::facts::rollout_started;
use jiff::SignedDuration;
use kanmon::model::outcome::Outcome;
use kanmon::sandbox::faults::Kind;
use serde_json::json;

use super::simulation::{DEV, Simulation, Story};

fn dev() -> Simulation {
    Story::new().stages(&["dev"]).steps("dev", json!([{ "run": "migrate" }, { "roll": ["web", "admin"] }])).open()
}

#[tokio::test(start_paused = true)]
async fn for_minutes_is_waited_for() {
    let sim = dev();
    for operation in ["RegisterTaskDefinition", "UpdateService", "RunTask", "DescribeServices", "ListCoverage"] {
        sim.fault(operation, Kind::Throttle, 30);
    }
    let ended = sim.release().await.end(&sim).await;
    ended.is(Outcome::Succeeded, 0);
    // It was reported that the scan could not be read, and that it could be read again.
    let unread: Vec<&str> = ended.waits.iter().filter_map(|line| line.strip_prefix("unread: ")).collect();
    assert!(
        unread.iter().any(|l| l.starts_with("the scan of app in dev: ") && l.contains("Rate exceeded")),
        "{unread:?}"
    );
    assert!(unread.contains(&"the scan of app in dev: again"), "{unread:?}");
    assert!(sim.tried("UpdateService").len() >= 32);
    assert_eq!(sim.calls("UpdateService").len(), 2);
    assert_eq!(sim.calls("RunTask").len(), 1);
    assert_eq!(sim.calls("RegisterTaskDefinition").len(), 3);
}

#[tokio::test(start_paused = true)]
async fn without_end_is_unknown_and_not_failed() {
    let sim = dev();
    let run = sim.release().await;
    sim.fact(&run.id, "rolled", rollout_started).await;
    let began = sim.time.timestamp();
    sim.fault("DescribeServices", Kind::Throttle, 100_000);
    let id = run.id.clone();
    let ended = run.end(&sim).await;
    ended.is(Outcome::Unknown, 32);
    let unread = ended.waits.iter().filter(|line| line.starts_with("unread: dev/web: "));
    assert_eq!(unread.count(), 1, "once, not at every reading: {:?}", ended.waits);
    let passed = sim.time.timestamp().duration_since(began);
    assert!(passed >= SignedDuration::from_mins(10), "{passed:#}");
    assert!(sim.calls("StopServiceDeployment").is_empty(), "nothing is rolled back while the result is unknown");

    sim.end_faults();
    let resumed = sim.resumes(&id).await.end(&sim).await;
    resumed.is(Outcome::Succeeded, 0);
    assert_eq!(sim.updates(DEV, "shop-dev", "web").len(), 1);
}
