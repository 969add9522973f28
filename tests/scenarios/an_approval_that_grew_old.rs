use jiff::SignedDuration;
use kanmon::model::event::Fact;
use kanmon::model::outcome::Outcome;

use super::stage::{MANAGER, OPERATOR, PROD, Story};
use kanmon::report::approval;

/// It lives as long as its question would have: here 24 hours.
#[tokio::test(start_paused = true)]
async fn is_asked_for_anew() {
    let stage = Story::new().stages(&["dev", "prod"]).open();
    let run = stage.release().await;
    let id = run.id.clone();
    stage.asked(&id, "prod").await;
    stage.freezes(OPERATOR, "prod", "a holiday").await;
    stage.approves(MANAGER, &id, "prod").await;
    run.end(&stage).await.is(Outcome::Locked, 41);
    stage.hours(20).await;
    stage.resumes(&id).await.end(&stage).await.is(Outcome::Locked, 41);
    stage.hours(5).await;
    stage.unfreezes(OPERATOR, "prod", "over").await;
    let resumed = stage.resumes(&id).await;
    stage
        .fact(&id, "voided", |f| matches!(f, Fact::ApprovalVoided { reason, .. } if approval::void(reason).contains("not used within 1d")))
        .await;
    stage.pass(SignedDuration::from_mins(10)).await;
    assert!(stage.updates(PROD, "shop-prod", "web").is_empty());
    stage.approves(MANAGER, &id, "prod").await;
    resumed.end(&stage).await.is(Outcome::Succeeded, 0);
}
