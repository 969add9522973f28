use crate::scenarios::facts::{check_judged, rollout_started};
use kanmon::journal::Moment;
use kanmon::model::event::Fact;
use kanmon::model::outcome::Outcome;
use kanmon::report::service_outcomes;
use kanmon::sandbox::faults::Kind;
use serde_json::json;

use super::simulation::{DEV, Ended, Story};

#[tokio::test(start_paused = true)]
async fn suspends_the_release_and_leaves_what_was_done() {
    let sim = Story::new().stages(&["dev"]).steps("dev", json!([{ "roll": "admin" }, { "roll": "web" }])).open();
    let run = sim.release().await;
    let id = run.id.clone();
    sim.fact(&id, "rolled", rollout_started).await;
    sim.fault("UpdateService", Kind::AccessDenied, 1);
    let ended = run.end(&sim).await;
    ended.is(Outcome::Access, 40);
    ended.says("ecs:UpdateService");
    ended.says("arn:aws:iam::111111111111:user/developer");
    ended.says("kanmon resume");
    assert_eq!(sim.updates(DEV, "shop-dev", "admin").len(), 1, "what succeeded stays");
    let resumed = sim.resumes(&id).await.end(&sim).await;
    resumed.is(Outcome::Succeeded, 0);
    assert_eq!(sim.calls("UpdateService").len(), 2);
}

/// What a person reads about the result of each service.
fn reported(ended: &Ended) -> Vec<(&'static str, String)> {
    service_outcomes::of(&ended.release).lines()
}

#[tokio::test(start_paused = true)]
async fn side_by_side_starts_no_more_and_reports_each_service() {
    let url = "https://shop.example/_sandbox/service/111111111111/ap-northeast-1/shop-dev/web";
    let steps = json!([{ "roll": ["web", "admin"] }, { "run": "migrate" }, { "check": { "http": url } }]);
    let sim = Story::new().stages(&["dev", "prod"]).steps("dev", steps).open();
    sim.fault("UpdateService", Kind::AccessDenied, 1);
    let ended = sim.release().await.end(&sim).await;
    ended.is(Outcome::Access, 40);
    ended.says("ecs:UpdateService");
    let updated: Vec<&str> =
        ["web", "admin"].into_iter().filter(|s| !sim.updates(DEV, "shop-dev", s).is_empty()).collect();
    assert_eq!(updated.len(), 1, "one was denied, and nothing went back");
    let denied = if updated == ["web"] { "admin" } else { "web" };
    let lines = reported(&ended);
    let of = |service: &str| {
        let place = format!("dev/{service}");
        let found = lines.iter().find(|(_, list)| list.split(", ").any(|p| p == place));
        found.map(|(word, _)| *word)
    };
    assert_eq!(of(denied), Some("unchanged"), "{lines:?}");
    assert!(matches!(of(updated[0]), Some("changed" | "being deployed by ECS")), "{lines:?}");
    // Nothing after it was started.
    assert!(sim.calls("RunTask").is_empty());
    assert!(!ended.has(check_judged));
    assert!(!ended.entered("prod") && !ended.has(|f| matches!(f, Fact::ApprovalRequested { .. })));
}

#[tokio::test(start_paused = true)]
async fn reports_what_is_unknown() {
    let story = || Story::new().stages(&["dev"]).steps("dev", json!([{ "roll": ["web", "admin"] }]));
    let plain = story().open();
    plain.release().await.end(&plain).await.is(Outcome::Succeeded, 0);
    let calls = plain.interceptor.calls();
    let last = calls.iter().rposition(|c| c.what == "UpdateService").expect("an update") + 1;
    // The process is killed before it gets the answer to its last update, and the next one is not allowed to read.
    let sim = story().open();
    sim.interceptor.order(last, Moment::After);
    let run = sim.release().await;
    let id = run.id.clone();
    sim.interceptor.reached().await;
    run.crash(&sim).await;
    for reading in ["DescribeServices", "DescribeServiceDeployments", "ListServiceDeployments"] {
        sim.fault(reading, Kind::AccessDenied, 100_000);
    }
    let ended = sim.resumes(&id).await.end(&sim).await;
    assert!(ended.ending.outcome().is_resumable(), "{:?}", ended.ending);
    ended.says("ecs:DescribeServices");
    let lines = reported(&ended);
    assert_eq!(
        lines.iter().map(|(word, _)| *word).collect::<Vec<_>>(),
        ["being deployed by ECS", "unknown"],
        "{lines:?}"
    );
    sim.end_faults();
    sim.resumes(&id).await.end(&sim).await.is(Outcome::Succeeded, 0);
    for service in ["web", "admin"] {
        assert_eq!(sim.updates(DEV, "shop-dev", service).len(), 1, "{service}");
    }
}
