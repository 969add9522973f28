use jiff::SignedDuration;
use kanmon::model::approval::Answer;
use kanmon::model::event::Fact;
use kanmon::model::outcome::Outcome;

use super::simulation::{MANAGER, OPERATOR, PROD, Story};
use kanmon::report::approval;

#[tokio::test(start_paused = true)]
async fn an_operator_s_deployment_voids_what_was_approved_before_it() {
    let sim = Story::new().stages(&["prod"]).open();
    let run = sim.release().await;
    let first = sim.approval_request(&run.id, "prod").await;
    let theirs = sim.deploys(OPERATOR, "shop-prod", "web").await;
    sim.pass(SignedDuration::from_mins(20)).await;
    // The plan has changed before the process reads the answer, so that the approver may be told so at once.
    let _ = sim.try_answer(MANAGER, &run.id, "prod", Answer::Approved, "as seen").await;
    let voided = |f: &Fact| matches!(f, Fact::ApprovalVoided { reason, .. } if approval::void(reason).contains("web ran ") && approval::void(reason).contains("and now runs "));
    sim.fact(&run.id, "voided", voided).await;
    assert_eq!(sim.definition(PROD, "shop-prod", "web").unwrap(), theirs);
    let second = sim.approval_request(&run.id, "prod").await;
    assert_ne!(first.plan, second.plan, "the plan has changed");
    sim.approves(MANAGER, &run.id, "prod").await;
    let ended = run.end(&sim).await;
    ended.is(Outcome::Succeeded, 0);
    let entered = ended.index_of(|f| matches!(f, Fact::StageEntered { .. }));
    assert!(ended.index_of(|f| matches!(f, Fact::ApprovalVoided { .. })) < entered);
}
