use kanmon::model::approval::Answer;
use kanmon::model::event::Fact;
use kanmon::model::outcome::Outcome;
use serde_json::json;

use super::stage::{DEVELOPER, MANAGER, OPERATOR, PROD, Stage, Story};

fn asking_codepipeline() -> Stage {
    let approval =
        json!({ "by": "codepipeline", "pipeline": "shop", "action": "Approve", "account": "dev", "expires": "24h" });
    Story::new().stages(&["prod"]).of_stage("prod", "enter", json!({ "approval": approval })).open()
}

#[tokio::test(start_paused = true)]
async fn starts_an_execution_that_carries_the_question() {
    let stage = asking_codepipeline();
    let run = stage.release().await;
    let request = stage.asked(&run.id, "prod").await;
    stage.hours(3).await;
    stage.approves(MANAGER, &run.id, "prod").await;
    let ended = run.end(&stage).await;
    ended.is(Outcome::Succeeded, 0);
    let started = stage.calls("StartPipelineExecution");
    assert_eq!(started.len(), 1);
    assert!(started[0].input["variables"].to_string().contains(request.plan.as_str()));
    assert!(ended.has(|f| matches!(f, Fact::ApprovalGiven { answer } if answer.by.arn.ends_with("user/manager"))));
    assert_eq!(stage.updates(PROD, "shop-prod", "web").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn is_rejected_there() {
    let stage = asking_codepipeline();
    let run = stage.release().await;
    stage.asked(&run.id, "prod").await;
    stage.hours(1).await;
    stage.answers(MANAGER, &run.id, "prod", Answer::Rejected).await;
    let ended = run.end(&stage).await;
    ended.is(Outcome::Rejected, 11);
    ended.says("user/manager");
    assert!(stage.updates(PROD, "shop-prod", "web").is_empty());
}

#[tokio::test(start_paused = true)]
async fn rejected_while_nobody_listens_it_stands_whatever_has_changed_since() {
    let stage = asking_codepipeline();
    let run = stage.release().await;
    let id = run.id.clone();
    stage.asked(&id, "prod").await;
    run.crash(&stage).await;
    stage.hours(1).await;
    stage.answers(MANAGER, &id, "prod", Answer::Rejected).await;
    stage.deploys(OPERATOR, "shop-prod", "web").await;
    let ended = stage.resumes(&id).await.end(&stage).await;
    ended.is(Outcome::Rejected, 11);
    assert_eq!(stage.calls("StartPipelineExecution").len(), 1, "nobody is asked again");
}

#[tokio::test(start_paused = true)]
async fn still_open_it_falls_when_the_plan_changes() {
    let stage = asking_codepipeline();
    let run = stage.release().await;
    let id = run.id.clone();
    stage.asked(&id, "prod").await;
    run.crash(&stage).await;
    stage.deploys(OPERATOR, "shop-prod", "web").await;
    let resumed = stage.resumes(&id).await;
    stage.fact(&id, "voided", |f| matches!(f, Fact::ApprovalVoided { .. })).await;
    stage.when(&id, "asked again", |r| r.stages.values().any(|s| s.asks > 1).then_some(())).await;
    assert_eq!(stage.calls("StartPipelineExecution").len(), 2, "the new plan is a new question");
    // The first execution no longer waits in front of it.
    assert_eq!(stage.calls("StopPipelineExecution").len(), 1);
    stage.hours(1).await;
    stage.approves(MANAGER, &id, "prod").await;
    resumed.end(&stage).await.is(Outcome::Succeeded, 0);
}

#[tokio::test(start_paused = true)]
async fn an_execution_that_somebody_stopped_is_told_as_that_and_asked_anew() {
    let stage = asking_codepipeline();
    let run = stage.release().await;
    let id = run.id.clone();
    let execution = stage.asked(&id, "prod").await.execution.unwrap();
    let client = aws_sdk_codepipeline::Client::new(&stage.sdk(DEVELOPER));
    let stop = client.stop_pipeline_execution().pipeline_name("shop").pipeline_execution_id(&execution).abandon(true);
    stop.send().await.unwrap();
    let ended = run.end(&stage).await;
    ended.is(Outcome::Expired, 12);
    ended.says("nobody can decide about prod any more");
    ended.says(&execution);
    let again = stage.promotes(DEVELOPER, &id, "prod").await;
    stage.hours(1).await;
    stage.approves(MANAGER, &id, "prod").await;
    again.end(&stage).await.is(Outcome::Succeeded, 0);
}
