use kanmon::model::approval::Answer;
use kanmon::model::event::Fact;
use kanmon::model::outcome::Outcome;
use serde_json::json;

use super::stage::{MANAGER, PROD, Stage, Story};

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
