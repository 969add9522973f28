use kanmon::model::outcome::Outcome;
use kanmon::sandbox::inspector::behaviour::{Findings, Images, LaterFindings};

use super::simulation::{MANAGER, PROD, Story};

#[tokio::test(start_paused = true)]
async fn blocks_what_was_approved() {
    let sim = Story::new().stages(&["dev", "prod"]).open();
    let run = sim.release().await;
    sim.approval_request(&run.id, "prod").await;
    sim.hours(2).await;
    let later = LaterFindings {
        images: Images::default(),
        at: sim.time.timestamp(),
        findings: Findings::Counted("CRITICAL:1".to_owned()),
    };
    sim.world.lock().unwrap().add_findings(later);
    sim.approves(MANAGER, &run.id, "prod").await;
    let ended = run.end(&sim).await;
    ended.is(Outcome::Blocked, 10);
    ended.says("1 critical (at most 0)");
    assert!(!ended.entered("prod"));
    assert!(sim.updates(PROD, "shop-prod", "web").is_empty());
}
