use std::collections::BTreeSet;

use aws_sdk_codepipeline::types::{ApprovalResult, ApprovalStatus};
use jiff::SignedDuration;
use kanmon::model::event::Fact;
use kanmon::model::outcome::Outcome;
use kanmon::model::step::StepFact;
use kanmon::model::step::part::Direction;
use kanmon::model::step::roll::RollFact;
use serde_json::json;

use super::simulation::{DEV, DEVELOPER, OPERATOR, PROD, Simulation, Story};

/// Approval is requested in prod's CodePipeline and read with prod's role, whose sessions last an hour.
fn asking_in_prod() -> Simulation {
    let approval =
        json!({ "by": "codepipeline", "pipeline": "shop", "action": "Approve", "account": "prod", "expires": "72h" });
    let allowed = |action: &str| json!([{ "Statement": [{ "Effect": "Allow", "Action": action, "Resource": "*" }] }]);
    Story::new()
        .of_stage("prod", "enter", json!({ "approval": approval }))
        .world("/codepipeline/0/account", json!(PROD))
        .world("/accounts/1/users/0/policies", allowed("codepipeline:*"))
        .world(
            "/accounts/1/roles/0/policies/0/Statement/0/Action",
            json!(["ecr:*", "ecs:*", "inspector2:*", "codepipeline:*"]),
        )
        .file("/defaults/poll", json!("1m"))
        .open()
}

/// The operator approves in prod's console.
async fn approved_there(sim: &Simulation) {
    let pipelines = aws_sdk_codepipeline::Client::new(&sim.sdk(OPERATOR));
    let state = pipelines.get_pipeline_state().name("shop").send().await.expect("the pipeline's state");
    let actions = state.stage_states().iter().flat_map(|s| s.action_states());
    let token = actions.filter_map(|a| a.latest_execution()?.token()).next().expect("it waits for a person");
    let result = ApprovalResult::builder().summary("as seen").status(ApprovalStatus::Approved).build();
    pipelines
        .put_approval_result()
        .pipeline_name("shop")
        .stage_name("Production")
        .action_name("Approve")
        .token(token)
        .result(result.expect("a result"))
        .send()
        .await
        .expect("answered");
}

#[tokio::test(start_paused = true)]
async fn goes_through_five_processes() {
    let sim = asking_in_prod();
    let hours = |n| SignedDuration::from_hours(n);

    // Friday: a build takes it through development and staging.
    let build = sim.release_until("staging").await;
    let id = build.id.clone();
    build.end(&sim).await.is(Outcome::Succeeded, 0);

    // The next morning another one requests approval for production, and reaches its time limit while it waits.
    sim.hours(22).await;
    let asking = sim.promotes(DEVELOPER, &id, "prod").await;
    let request = sim.approval_request(&id, "prod").await;
    let first = sim.calls("AssumeRole").len();
    sim.hours(8).await;
    let renewed = sim.calls("AssumeRole").len() - first;
    assert!((7..=10).contains(&renewed), "a session an hour: {renewed}");
    asking.stop();
    let parked = asking.end(&sim).await;
    parked.is(Outcome::Suspended, 30);
    parked.says(&format!("kanmon resume {id}"));

    // A third continues to wait, and is killed in the night.
    let waiting = sim.resumes(&id).await;
    sim.hours(9).await;
    waiting.crash(&sim).await;

    // The answer comes while no process waits for it.
    sim.hours(20).await;
    approved_there(&sim).await;
    sim.hours(2).await;

    // The fourth reads it, rolls, and is ended in the middle of the rollout, which ECS continues.
    let rolling = sim.resumes(&id).await;
    let of_admin = |f: &Fact| matches!(f, Fact::Step { at, fact: StepFact::Roll(RollFact::RolloutStarted { direction: Direction::Forward, .. }) } if at.stage.as_str() == "prod");
    sim.fact(&id, "rolled in prod", of_admin).await;
    rolling.stop();
    rolling.end(&sim).await.is(Outcome::Suspended, 30);
    sim.hours(1).await;

    let ended = sim.resumes(&id).await.end(&sim).await;
    ended.is(Outcome::Succeeded, 0);

    let took = sim.time.passed();
    assert!(took > hours(60) && took < hours(72), "{took}");
    assert_eq!(
        ended.count(|f| matches!(f, Fact::ApprovalRequested { .. })),
        1,
        "one approval request in all that time"
    );
    let given = |f: &Fact| matches!(f, Fact::ApprovalGiven { answer } if answer.plan == request.plan);
    assert_eq!(ended.count(given), 1);
    assert_eq!(ended.count(|f| matches!(f, Fact::Resumed { .. } | Fact::Extended { .. })), 4, "after the first");
    for (account, cluster) in [(DEV, "shop-dev"), (DEV, "shop-staging"), (PROD, "shop-prod")] {
        for service in ["web", "admin"] {
            assert_eq!(sim.updates(account, cluster, service).len(), 1, "{cluster}/{service}");
        }
    }
    let tasks: BTreeSet<String> = sim.calls("RunTask").iter().map(|e| e.input["clientToken"].to_string()).collect();
    assert_eq!(tasks.len(), 3, "a migration a stage");
    assert_eq!(sim.calls("StartPipelineExecution").len(), 1);
    let runs = [(DEV, "shop-dev"), (DEV, "shop-staging"), (PROD, "shop-prod")].map(|(a, c)| sim.digest(a, c, "web"));
    assert!(runs[0].is_some() && runs.iter().all(|d| *d == runs[0]), "{runs:?}");
    let expired = sim.world.lock().unwrap().log().iter().filter(|e| e.code.contains("Expired")).count();
    assert_eq!(expired, 0, "no session was used too long");
}

#[tokio::test(start_paused = true)]
async fn whose_answer_comes_too_late_deploys_nothing() {
    let sim = asking_in_prod();
    let asking = sim.release().await;
    let id = asking.id.clone();
    sim.approval_request(&id, "prod").await;
    asking.crash(&sim).await;
    sim.hours(73).await;
    approved_there(&sim).await;
    let ended = sim.resumes(&id).await.end(&sim).await;
    ended.is(Outcome::Expired, 12);
    assert!(sim.updates(PROD, "shop-prod", "web").is_empty());
}

#[tokio::test(start_paused = true)]
async fn whose_answer_came_in_time_and_is_read_too_late_is_deployed() {
    let sim = asking_in_prod();
    let asking = sim.release().await;
    let id = asking.id.clone();
    sim.approval_request(&id, "prod").await;
    asking.crash(&sim).await;
    sim.hours(70).await;
    approved_there(&sim).await;
    sim.hours(10).await;
    sim.resumes(&id).await.end(&sim).await.is(Outcome::Succeeded, 0);
}
