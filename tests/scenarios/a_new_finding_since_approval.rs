use kanmon::model::event::Fact;
use kanmon::model::outcome::Outcome;
use kanmon::sandbox::inspector::behaviour::{Findings, Images, Later};

use super::stage::{MANAGER, PROD, Story};

#[tokio::test(start_paused = true)]
async fn blocks_what_was_approved() {
    let stage = Story::new().stages(&["dev", "prod"]).open();
    let run = stage.release().await;
    stage.asked(&run.id, "prod").await;
    stage.hours(2).await;
    stage.approves(MANAGER, &run.id, "prod").await;
    stage.fact(&run.id, "approved", |f| matches!(f, Fact::ApprovalGiven { .. })).await;
    let later = Later {
        images: Images::default(),
        at: stage.time.timestamp(),
        findings: Findings::Counted("CRITICAL:1".to_owned()),
    };
    stage.world.lock().unwrap().add_findings(later);
    let ended = run.end(&stage).await;
    ended.is(Outcome::Blocked, 10);
    ended.says("1 critical (at most 0)");
    assert!(!ended.entered("prod"));
    assert!(stage.updates(PROD, "shop-prod", "web").is_empty());
}
