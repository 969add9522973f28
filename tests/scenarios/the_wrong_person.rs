use kanmon::model::approval::Answer;
use kanmon::model::event::Fact;
use kanmon::model::outcome::Outcome;
use kanmon::model::refusal::{AnswerRefusal, Refusal};

use super::simulation::{COLLEAGUE, Story};
use kanmon::report::approval;

#[tokio::test(start_paused = true)]
async fn may_not_approve() {
    let sim = Story::new().stages(&["prod"]).open();
    let run = sim.release().await;
    let request = sim.approval_request(&run.id, "prod").await;
    let refused = sim.try_answer(COLLEAGUE, &run.id, "prod", Answer::Approved, "fine").await.unwrap_err();
    let refused_why = |why: &str| why.contains("not among the approvers");
    let refusal = refused.refusal();
    assert!(
        matches!(refusal, Some(Refusal::Answer(AnswerRefusal::MayNotAnswer { why, .. })) if refused_why(&approval::refusal(why))),
        "{refusal:?}"
    );
    // Somebody who can write the state can still write it there.
    sim.answers_without_kanmon(COLLEAGUE, &run.id, "prod", &request, &request.plan, Answer::Approved).await;
    let ended = run.end(&sim).await;
    ended.is(Outcome::Expired, 12);
    assert!(
        ended.has(|f| matches!(f, Fact::ApprovalRefused { reason, .. } if refused_why(&approval::refusal(reason))))
    );
    assert!(sim.calls("UpdateService").is_empty());
}
