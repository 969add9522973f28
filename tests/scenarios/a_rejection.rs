use std::task::{Context, Poll, Waker};

use kanmon::journal::Moment;
use kanmon::model::approval::{Answer, ApprovalAnswer};
use kanmon::model::event::Fact;
use kanmon::model::inbox::MessageBody;
use kanmon::model::outcome::Outcome;
use kanmon::ports::journal::Journal as _;
use serde_json::json;

use super::stage::{COLLEAGUE, DEVELOPER, MANAGER, PROD, Stage, Story};

#[tokio::test(start_paused = true)]
async fn ends_the_release_and_names_who_rejected_it() {
    let stage = Story::new().stages(&["dev", "prod"]).open();
    let run = stage.release().await;
    stage.answers(MANAGER, &run.id, "prod", Answer::Rejected).await;
    let ended = run.end(&stage).await;
    ended.is(Outcome::Rejected, 11);
    ended.says("user/manager");
    ended.says("as seen");
    assert!(stage.updates(PROD, "shop-prod", "web").is_empty());
}

/// Two who may decide.
fn two_approvers() -> Stage {
    let approvers = [MANAGER.identity().arn, COLLEAGUE.identity().arn];
    let approval = json!({ "by": "kanmon", "approvers": approvers, "expires": "24h" });
    Story::new().stages(&["prod"]).of_stage("prod", "enter", json!({ "approval": approval })).open()
}

/// The message reaches the inbox at the last moment: everything is read and decided, and the entry is about to be written.
#[tokio::test(start_paused = true)]
async fn by_another_approver_counts_until_the_stage_is_entered() {
    let stage = two_approvers();
    let run = stage.release().await;
    let id = run.id.clone();
    let request = stage.asked(&id, "prod").await;
    let (journal, release, at) = (stage.journal.clone(), id.clone(), stage.time.timestamp());
    let mut said = false;
    stage.journal.set_hook(move |moment, facts| {
        // The plan is the last thing that is read before the stage is entered.
        if moment == Moment::After && facts.iter().any(|f| matches!(f, Fact::StagePlanned { .. })) && !said {
            said = true;
            let no = ApprovalAnswer {
                stage: "prod".parse().unwrap(),
                plan: request.plan.clone(),
                answer: Answer::Rejected,
                by: COLLEAGUE.identity(),
                comment: "STOP, wrong build".to_owned(),
            };
            let mut sent = std::pin::pin!(journal.send(&release, MessageBody::Answer(no), at));
            let sent = sent.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            assert!(matches!(sent, Poll::Ready(Ok(_))), "in memory nothing is waited for");
        }
        Ok(())
    });
    stage.approves(MANAGER, &id, "prod").await;
    let ended = run.end(&stage).await;
    ended.is(Outcome::Rejected, 11);
    ended.says("STOP, wrong build");
    assert!(ended.has(|f| matches!(f, Fact::ApprovalGiven { .. })), "it was approved first");
    assert!(!ended.entered("prod") && stage.updates(PROD, "shop-prod", "web").is_empty());
}

#[tokio::test(start_paused = true)]
async fn that_follows_an_approval_while_nobody_works_on_it_is_heard_before_anything_else() {
    let stage = two_approvers();
    let run = stage.release().await;
    let id = run.id.clone();
    stage.asked(&id, "prod").await;
    run.crash(&stage).await;
    stage.approves(MANAGER, &id, "prod").await;
    stage.tries_to_answer(COLLEAGUE, &id, "prod", Answer::Rejected, "no").await.unwrap();
    stage.resumes(&id).await.end(&stage).await.is(Outcome::Rejected, 11);
    assert!(stage.updates(PROD, "shop-prod", "web").is_empty());
}

#[tokio::test(start_paused = true)]
async fn stays_with_the_plan_and_asking_again_needs_a_reason() {
    let stage = two_approvers();
    let run = stage.release().await;
    let id = run.id.clone();
    stage.answers(COLLEAGUE, &id, "prod", Answer::Rejected).await;
    run.end(&stage).await.is(Outcome::Rejected, 11);
    let ended = stage.promotes(DEVELOPER, &id, "prod").await.end(&stage).await;
    ended.is(Outcome::Rejected, 11);
    ended.says("user/colleague rejected exactly this plan for prod");
    ended.says("--reason WHY");
    assert_eq!(ended.count(|f| matches!(f, Fact::ApprovalRequested { .. })), 1, "nobody is asked again");
    let again = stage.promotes_again(DEVELOPER, &id, "prod", "the colleague looked at another build").await;
    stage.approves(MANAGER, &id, "prod").await;
    again.end(&stage).await.is(Outcome::Succeeded, 0);
}
