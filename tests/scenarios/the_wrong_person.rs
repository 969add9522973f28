use kanmon::model::event::Fact;
use kanmon::model::outcome::Outcome;

use super::stage::{COLLEAGUE, Story};

#[tokio::test(start_paused = true)]
async fn may_not_approve() {
    let stage = Story::new().stages(&["prod"]).open();
    let run = stage.release().await;
    stage.approves(COLLEAGUE, &run.id, "prod").await;
    let ended = run.end(&stage).await;
    ended.is(Outcome::Expired, 12);
    assert!(ended.has(|f| matches!(f, Fact::ApprovalRefused { why, .. } if why.contains("not among the approvers"))));
    assert!(stage.calls("UpdateService").is_empty());
}
