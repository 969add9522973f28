use kanmon::model::approval::Answer;
use kanmon::model::event::Fact;
use kanmon::model::ids::PlanHash;
use kanmon::model::outcome::Outcome;
use kanmon::model::refusal::{AnswerRefusal, Refusal};
use kanmon::usecase::answer::{Decision, answer};

use super::stage::{MANAGER, Story};
use kanmon::report::approval;

#[tokio::test(start_paused = true)]
async fn is_refused_and_the_right_one_still_counts() {
    let stage = Story::new().stages(&["prod"]).open();
    let run = stage.release().await;
    let request = stage.asked(&run.id, "prod").await;
    let other = PlanHash::of(b"another");
    let decision =
        Decision { answer: Answer::Approved, stage: None, plan: Some(other.to_string()), comment: String::new() };
    let refused = answer(&stage.context(MANAGER), &run.id, &decision).await.unwrap_err();
    assert!(matches!(refused.refusal(), Some(Refusal::Answer(AnswerRefusal::OtherPlan { .. }))), "{refused:?}");
    // Whoever writes the state can put it there all the same.
    stage.answers_past_kanmon(MANAGER, &run.id, "prod", &request, &other, Answer::Approved).await;
    stage.fact(&run.id, "refused", |f| matches!(f, Fact::ApprovalRefused { .. })).await;
    stage.hours(1).await;
    assert!(stage.calls("UpdateService").is_empty());
    stage.approves(MANAGER, &run.id, "prod").await;
    let ended = run.end(&stage).await;
    ended.is(Outcome::Succeeded, 0);
    let refused = |f: &Fact| matches!(f, Fact::ApprovalRefused { reason, .. } if approval::refusal(reason).contains(other.short()) && approval::refusal(reason).contains(request.plan.short()));
    assert!(ended.has(refused));
}
