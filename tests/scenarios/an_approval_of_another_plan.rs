use kanmon::model::approval::Answer;
use kanmon::model::event::Fact;
use kanmon::model::ids::PlanHash;
use kanmon::model::outcome::Outcome;
use kanmon::model::refusal::{AnswerRefusal, Refusal};
use kanmon::report::verb::answer::summary;
use kanmon::usecase::answer::{Decision, answer};

use super::simulation::{MANAGER, Story};
use kanmon::report::approval;

#[tokio::test(start_paused = true)]
async fn is_refused_and_the_right_one_still_counts() {
    let sim = Story::new().stages(&["prod"]).open();
    let run = sim.release().await;
    let request = sim.approval_request(&run.id, "prod").await;
    let other = PlanHash::of(b"another");
    let decision =
        Decision { answer: Answer::Approved, stage: None, plan: Some(other.to_string()), comment: String::new() };
    let refused = answer(&sim.context(MANAGER), &run.id, &decision, summary).await.unwrap_err();
    assert!(matches!(refused.refusal(), Some(Refusal::Answer(AnswerRefusal::OtherPlan { .. }))), "{refused:?}");
    // Somebody who can write the state can still write it there.
    sim.answers_without_kanmon(MANAGER, &run.id, "prod", &request, &other, Answer::Approved).await;
    sim.fact(&run.id, "refused", |f| matches!(f, Fact::ApprovalRefused { .. })).await;
    sim.hours(1).await;
    assert!(sim.calls("UpdateService").is_empty());
    sim.approves(MANAGER, &run.id, "prod").await;
    let ended = run.end(&sim).await;
    ended.is(Outcome::Succeeded, 0);
    let refused = |f: &Fact| matches!(f, Fact::ApprovalRefused { reason, .. } if approval::refusal(reason).contains(other.short()) && approval::refusal(reason).contains(request.plan.short()));
    assert!(ended.has(refused));
}
