use jiff::SignedDuration;
use kanmon::model::event::Fact;
use kanmon::model::outcome::Outcome;

use super::simulation::{MANAGER, OPERATOR, PROD, Story};
use kanmon::report::approval;

/// It is valid for as long as its request would have been: here 24 hours.
#[tokio::test(start_paused = true)]
async fn is_requested_again() {
    let sim = Story::new().stages(&["dev", "prod"]).open();
    let run = sim.release().await;
    let id = run.id.clone();
    sim.approval_request(&id, "prod").await;
    sim.freezes(OPERATOR, "prod", "a holiday").await;
    sim.approves(MANAGER, &id, "prod").await;
    run.end(&sim).await.is(Outcome::Locked, 41);
    sim.hours(20).await;
    sim.resumes(&id).await.end(&sim).await.is(Outcome::Locked, 41);
    sim.hours(5).await;
    sim.unfreezes(OPERATOR, "prod", "over").await;
    let resumed = sim.resumes(&id).await;
    sim.fact(
        &id,
        "voided",
        |f| matches!(f, Fact::ApprovalVoided { reason, .. } if approval::void(reason).contains("not used within 1d")),
    )
    .await;
    sim.pass(SignedDuration::from_mins(10)).await;
    assert!(sim.updates(PROD, "shop-prod", "web").is_empty());
    sim.approves(MANAGER, &id, "prod").await;
    resumed.end(&sim).await.is(Outcome::Succeeded, 0);
}
