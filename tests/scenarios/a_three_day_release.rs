use std::collections::BTreeSet;

use aws_sdk_codepipeline::types::{ApprovalResult, ApprovalStatus};
use jiff::SignedDuration;
use kanmon::model::event::Fact;
use kanmon::model::outcome::Outcome;
use kanmon::model::step::StepFact;
use kanmon::model::step::part::Direction;
use kanmon::model::step::roll::RollFact;
use serde_json::json;

use super::stage::{DEV, DEVELOPER, OPERATOR, PROD, Stage, Story};

/// Prod's pipeline asks, and is looked at through prod's role, whose sessions last an hour.
fn asking_in_prod() -> Stage {
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

/// The operator approves in prod's console, so to speak.
async fn approved_there(stage: &Stage) {
    let pipelines = aws_sdk_codepipeline::Client::new(&stage.sdk(OPERATOR));
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
    let stage = asking_in_prod();
    let hours = |n| SignedDuration::from_hours(n);

    // Friday: a build takes it through development and staging.
    let build = stage.release_until("staging").await;
    let id = build.id.clone();
    build.end(&stage).await.is(Outcome::Succeeded, 0);

    // The next morning another one asks for production, and is ended by its time limit while it waits.
    stage.hours(22).await;
    let asking = stage.promotes(DEVELOPER, &id, "prod").await;
    let request = stage.asked(&id, "prod").await;
    let first = stage.calls("AssumeRole").len();
    stage.hours(8).await;
    let renewed = stage.calls("AssumeRole").len() - first;
    assert!((7..=10).contains(&renewed), "a session an hour: {renewed}");
    asking.stop();
    let parked = asking.end(&stage).await;
    parked.is(Outcome::Suspended, 30);
    parked.says(&format!("kanmon resume {id}"));

    // A third goes on waiting, and is killed without a word in the night.
    let waiting = stage.resumes(&id).await;
    stage.hours(9).await;
    waiting.crash(&stage).await;

    // The answer comes when nobody is there to hear it.
    stage.hours(20).await;
    approved_there(&stage).await;
    stage.hours(2).await;

    // The fourth hears it, rolls, and is ended in the middle of the rollout, which goes on without it.
    let rolling = stage.resumes(&id).await;
    let of_admin = |f: &Fact| matches!(f, Fact::Step { at, fact: StepFact::Roll(RollFact::RolloutStarted { direction: Direction::Forward, .. }) } if at.stage.as_str() == "prod");
    stage.fact(&id, "rolled in prod", of_admin).await;
    rolling.stop();
    rolling.end(&stage).await.is(Outcome::Suspended, 30);
    stage.hours(1).await;

    let ended = stage.resumes(&id).await.end(&stage).await;
    ended.is(Outcome::Succeeded, 0);

    let took = stage.time.passed();
    assert!(took > hours(60) && took < hours(72), "{took}");
    assert_eq!(ended.count(|f| matches!(f, Fact::ApprovalRequested { .. })), 1, "one question in all that time");
    let given = |f: &Fact| matches!(f, Fact::ApprovalGiven { answer } if answer.plan == request.plan);
    assert_eq!(ended.count(given), 1);
    assert_eq!(ended.count(|f| matches!(f, Fact::Resumed { .. } | Fact::Extended { .. })), 4, "after the first");
    for (account, cluster) in [(DEV, "shop-dev"), (DEV, "shop-staging"), (PROD, "shop-prod")] {
        for service in ["web", "admin"] {
            assert_eq!(stage.updates(account, cluster, service).len(), 1, "{cluster}/{service}");
        }
    }
    let tasks: BTreeSet<String> = stage.calls("RunTask").iter().map(|e| e.input["clientToken"].to_string()).collect();
    assert_eq!(tasks.len(), 3, "a migration a stage");
    assert_eq!(stage.calls("StartPipelineExecution").len(), 1);
    let runs = [(DEV, "shop-dev"), (DEV, "shop-staging"), (PROD, "shop-prod")].map(|(a, c)| stage.digest(a, c, "web"));
    assert!(runs[0].is_some() && runs.iter().all(|d| *d == runs[0]), "{runs:?}");
    let expired = stage.world.lock().unwrap().log().iter().filter(|e| e.code.contains("Expired")).count();
    assert_eq!(expired, 0, "no session was used too long");
}

#[tokio::test(start_paused = true)]
async fn whose_answer_comes_too_late_deploys_nothing() {
    let stage = asking_in_prod();
    let asking = stage.release().await;
    let id = asking.id.clone();
    stage.asked(&id, "prod").await;
    asking.crash(&stage).await;
    stage.hours(73).await;
    approved_there(&stage).await;
    let ended = stage.resumes(&id).await.end(&stage).await;
    ended.is(Outcome::Expired, 12);
    assert!(stage.updates(PROD, "shop-prod", "web").is_empty());
}

#[tokio::test(start_paused = true)]
async fn whose_answer_came_in_time_and_is_heard_too_late_is_deployed() {
    let stage = asking_in_prod();
    let asking = stage.release().await;
    let id = asking.id.clone();
    stage.asked(&id, "prod").await;
    asking.crash(&stage).await;
    stage.hours(70).await;
    approved_there(&stage).await;
    stage.hours(10).await;
    stage.resumes(&id).await.end(&stage).await.is(Outcome::Succeeded, 0);
}
