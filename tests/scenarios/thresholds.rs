use kanmon::model::event::Fact;
use kanmon::model::outcome::Outcome;

use super::simulation::{DEV, PROD, Story};

#[tokio::test(start_paused = true)]
async fn tighten_from_stage_to_stage() {
    let sim = Story::new().stages(&["dev", "prod"]).open();
    sim.build_next("app", &[("findings", "MEDIUM:3")]);
    let ended = sim.release().await.end(&sim).await;
    ended.is(Outcome::Blocked, 10);
    ended.says("prod");
    ended.says("3 medium (at most 0)");
    assert!(ended.entered("dev") && !ended.entered("prod"));
    assert!(
        !ended.has(|f| matches!(f, Fact::ApprovalRequested { .. })),
        "no approval is requested for what is blocked"
    );
    assert!(sim.digest(DEV, "shop-dev", "web").is_some());
    assert!(sim.changes().iter().all(|(_, account)| account != PROD), "nothing was even copied");
}
