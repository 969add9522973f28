use kanmon::model::event::Fact;
use kanmon::model::outcome::Outcome;

use super::simulation::{MANAGER, PROD, Story};

#[tokio::test(start_paused = true)]
async fn is_taken_back_before_it_is_used() {
    let sim = Story::new().stages(&["prod"]).open();
    let run = sim.release().await;
    sim.approves(MANAGER, &run.id, "prod").await;
    sim.fact(&run.id, "approved", |f| matches!(f, Fact::ApprovalGiven { .. })).await;
    sim.withdraws(MANAGER, &run.id, "prod", "wait for the marketing people").await;
    sim.fact(&run.id, "withdrawn", |f| matches!(f, Fact::ApprovalWithdrawn { .. })).await;
    sim.hours(5).await;
    assert!(sim.updates(PROD, "shop-prod", "web").is_empty() && !run.is_over());
    sim.approves(MANAGER, &run.id, "prod").await;
    let ended = run.end(&sim).await;
    ended.is(Outcome::Succeeded, 0);
    assert_eq!(ended.count(|f| matches!(f, Fact::ApprovalGiven { .. })), 2);
}
