use kanmon::model::outcome::Outcome;
use kanmon::sandbox::faults::Kind;
use serde_json::json;

use super::simulation::{DEV, Story};

/// One call fails in this way; the release ends as without the fault, and nothing is done twice.
async fn is_found_by_reading(operation: &str, kind: Kind) {
    let steps = json!([{ "run": "migrate" }, { "roll": "web" }]);
    let plain = Story::new().stages(&["dev"]).steps("dev", steps.clone()).open();
    plain.release().await.end(&plain).await.is(Outcome::Succeeded, 0);

    let sim = Story::new().stages(&["dev"]).steps("dev", steps).open();
    sim.fault(operation, kind.clone(), 1);
    let ended = sim.release().await.end(&sim).await;
    ended.is(Outcome::Succeeded, 0);
    let met = sim.tried(operation);
    assert!(met.iter().any(|e| e.fault.as_ref() == Some(&kind)), "{operation} met the fault");
    assert_eq!(sim.tally(), plain.tally(), "{operation} took effect as often as without the fault");
    let digest = ended.release.images.values().next().unwrap().digest.to_string();
    assert_eq!(sim.digest(DEV, "shop-dev", "web").unwrap(), digest);
}

#[tokio::test(start_paused = true)]
async fn of_update_service() {
    is_found_by_reading("UpdateService", Kind::ResetAfter).await;
}

#[tokio::test(start_paused = true)]
async fn of_register_task_definition() {
    is_found_by_reading("RegisterTaskDefinition", Kind::ResetAfter).await;
}

#[tokio::test(start_paused = true)]
async fn of_run_task() {
    let steps = json!([{ "run": "migrate" }, { "roll": "web" }]);
    let sim = Story::new().stages(&["dev"]).steps("dev", steps).open();
    sim.fault("RunTask", Kind::ResetAfter, 1);
    let ended = sim.release().await.end(&sim).await;
    ended.is(Outcome::Succeeded, 0);
    let calls = sim.calls("RunTask");
    let tokens: std::collections::BTreeSet<_> =
        calls.iter().map(|e| e.input["clientToken"].as_str().unwrap().to_owned()).collect();
    assert_eq!((calls.len(), tokens.len()), (2, 1), "asked again with the same token: one task");
}

#[tokio::test(start_paused = true)]
async fn that_was_never_sent() {
    for operation in ["UpdateService", "RegisterTaskDefinition", "RunTask"] {
        is_found_by_reading(operation, Kind::ResetBefore).await;
    }
}

#[tokio::test(start_paused = true)]
async fn of_a_push() {
    let sim = Story::new().stages(&["dev"]).steps("dev", json!([{ "roll": "web" }])).open();
    sim.fault("PutImage", Kind::ResetAfter, 1);
    sim.release().await.end(&sim).await.is(Outcome::Succeeded, 0);
}

#[tokio::test(start_paused = true)]
async fn of_start_pipeline_execution() {
    let approval =
        json!({ "by": "codepipeline", "pipeline": "shop", "action": "Approve", "account": "dev", "expires": "24h" });
    let sim = Story::new().stages(&["prod"]).of_stage("prod", "enter", json!({ "approval": approval })).open();
    sim.fault("StartPipelineExecution", Kind::ResetAfter, 1);
    let run = sim.release().await;
    sim.approval_request(&run.id, "prod").await;
    sim.pass(jiff::SignedDuration::from_mins(10)).await;
    sim.approves(super::simulation::MANAGER, &run.id, "prod").await;
    run.end(&sim).await.is(Outcome::Succeeded, 0);
    let tokens: std::collections::BTreeSet<_> = sim
        .calls("StartPipelineExecution")
        .iter()
        .map(|e| e.input["clientRequestToken"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(tokens.len(), 1, "a repeated call is the same execution");
}

/// After a failure without rollback, the revision that ran before is still listed as ACTIVE. That does not prove that an update back to it
/// took effect.
#[tokio::test(start_paused = true)]
async fn of_an_update_to_a_revision_that_is_still_listed() {
    let breaker = json!({ "enable": true, "rollback": false });
    let configuration =
        json!({ "deploymentCircuitBreaker": breaker, "minimumHealthyPercent": 100, "maximumPercent": 200 });
    let story = Story::new().stages(&["dev"]).of_stage("dev", "on_failure", json!("stop"));
    let story = story.steps("dev", json!([{ "roll": "web" }]));
    let sim = story.services("web", "deploymentConfiguration", &configuration).open();
    sim.build_next("good", &[]);
    sim.release().await.end(&sim).await.is(Outcome::Succeeded, 0);
    sim.build_next("broken", &[("exit-code", "1")]);
    sim.release().await.end(&sim).await.is(Outcome::Failed, 24);
    sim.build_next("good", &[]);
    sim.fault("UpdateService", Kind::ResetBefore, 1);
    sim.release().await.end(&sim).await.is(Outcome::Succeeded, 0);
    let updates = sim.updates(DEV, "shop-dev", "web");
    assert_eq!(
        (updates.len(), &updates[2]),
        (3, &updates[0]),
        "the revision is used again, and the update is sent again"
    );
    assert_eq!(sim.definition(DEV, "shop-dev", "web").as_ref(), updates.first());
}
