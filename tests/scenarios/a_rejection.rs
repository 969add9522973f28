use std::task::{Context, Poll, Waker};

use kanmon::journal::Moment;
use kanmon::model::approval::{Answer, ApprovalAnswer};
use kanmon::model::event::Fact;
use kanmon::model::inbox::MessageBody;
use kanmon::model::outcome::Outcome;
use kanmon::ports::journal::Journal as _;
use serde_json::json;

use super::simulation::{COLLEAGUE, DEVELOPER, MANAGER, PROD, Simulation, Story};

#[tokio::test(start_paused = true)]
async fn ends_the_release_and_names_who_rejected_it() {
    let sim = Story::new().stages(&["dev", "prod"]).open();
    let run = sim.release().await;
    sim.answers(MANAGER, &run.id, "prod", Answer::Rejected).await;
    let ended = run.end(&sim).await;
    ended.is(Outcome::Rejected, 11);
    ended.says("user/manager");
    ended.says("as seen");
    assert!(sim.updates(PROD, "shop-prod", "web").is_empty());
}

/// Two who may decide.
fn two_approvers() -> Simulation {
    let approvers = [MANAGER.identity().arn, COLLEAGUE.identity().arn];
    let approval = json!({ "by": "kanmon", "approvers": approvers, "expires": "24h" });
    Story::new().stages(&["prod"]).of_stage("prod", "enter", json!({ "approval": approval })).open()
}

/// The message reaches the inbox at the last moment: everything was read and decided, but the entry is not written yet.
#[tokio::test(start_paused = true)]
async fn by_another_approver_counts_until_the_stage_is_entered() {
    let sim = two_approvers();
    let run = sim.release().await;
    let id = run.id.clone();
    let request = sim.approval_request(&id, "prod").await;
    let (journal, release, at) = (sim.journal.clone(), id.clone(), sim.time.timestamp());
    let mut said = false;
    sim.journal.set_append_hook(move |moment, facts| {
        // The plan is the last thing that is read before the stage is entered.
        if moment == Moment::After && facts.iter().any(|f| matches!(f, Fact::StagePlanned { .. })) && !said {
            said = true;
            let no = ApprovalAnswer {
                stage: "prod".parse().unwrap(),
                plan: request.plan.clone(),
                answer: Answer::Rejected,
                by: Some(COLLEAGUE.identity()),
                comment: "STOP, wrong build".to_owned(),
            };
            let mut sent = std::pin::pin!(journal.send(&release, MessageBody::Answer(no), at));
            let sent = sent.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            assert!(matches!(sent, Poll::Ready(Ok(_))), "in memory nothing is waited for");
        }
        Ok(())
    });
    sim.approves(MANAGER, &id, "prod").await;
    let ended = run.end(&sim).await;
    ended.is(Outcome::Rejected, 11);
    ended.says("STOP, wrong build");
    assert!(ended.has(|f| matches!(f, Fact::ApprovalGiven { .. })), "it was approved first");
    assert!(!ended.entered("prod") && sim.updates(PROD, "shop-prod", "web").is_empty());
}

#[tokio::test(start_paused = true)]
async fn that_follows_an_approval_while_nobody_works_on_it_is_read_before_anything_else() {
    let sim = two_approvers();
    let run = sim.release().await;
    let id = run.id.clone();
    sim.approval_request(&id, "prod").await;
    run.crash(&sim).await;
    sim.approves(MANAGER, &id, "prod").await;
    sim.try_answer(COLLEAGUE, &id, "prod", Answer::Rejected, "no").await.unwrap();
    sim.resumes(&id).await.end(&sim).await.is(Outcome::Rejected, 11);
    assert!(sim.updates(PROD, "shop-prod", "web").is_empty());
}

#[tokio::test(start_paused = true)]
async fn stays_with_the_plan_and_asking_again_needs_a_reason() {
    let sim = two_approvers();
    let run = sim.release().await;
    let id = run.id.clone();
    sim.answers(COLLEAGUE, &id, "prod", Answer::Rejected).await;
    run.end(&sim).await.is(Outcome::Rejected, 11);
    let ended = sim.promotes(DEVELOPER, &id, "prod").await.end(&sim).await;
    ended.is(Outcome::Rejected, 11);
    ended.says("user/colleague rejected exactly this plan for prod");
    ended.says("--again --comment WHY");
    assert_eq!(ended.count(|f| matches!(f, Fact::ApprovalRequested { .. })), 1, "nobody is asked again");
    let again = sim.promotes_again(DEVELOPER, &id, "prod", "the colleague looked at another build").await;
    sim.approves(MANAGER, &id, "prod").await;
    again.end(&sim).await.is(Outcome::Succeeded, 0);
}
