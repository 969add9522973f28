use kanmon::model::event::Fact;
use kanmon::model::outcome::Outcome;

use super::stage::{MANAGER, PROD, Story};

#[tokio::test(start_paused = true)]
async fn is_taken_back_before_it_is_used() {
    let stage = Story::new().stages(&["prod"]).open();
    let run = stage.release().await;
    stage.approves(MANAGER, &run.id, "prod").await;
    stage.fact(&run.id, "approved", |f| matches!(f, Fact::ApprovalGiven { .. })).await;
    stage.withdraws(MANAGER, &run.id, "prod", "wait for the marketing people").await;
    stage.fact(&run.id, "withdrawn", |f| matches!(f, Fact::ApprovalWithdrawn { .. })).await;
    stage.hours(5).await;
    assert!(stage.updates(PROD, "shop-prod", "web").is_empty() && !run.is_over());
    stage.approves(MANAGER, &run.id, "prod").await;
    let ended = run.end(&stage).await;
    ended.is(Outcome::Succeeded, 0);
    assert_eq!(ended.count(|f| matches!(f, Fact::ApprovalGiven { .. })), 2);
}
