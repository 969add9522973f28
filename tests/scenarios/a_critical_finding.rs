use kanmon::model::event::Fact;
use kanmon::model::outcome::Outcome;

use super::simulation::{DEV, Story};

#[tokio::test(start_paused = true)]
async fn blocks_before_anything_is_deployed() {
    let sim = Story::new().open();
    sim.build_next("bad", &[("findings", "CRITICAL:1,LOW:3")]);
    let ended = sim.release().await.end(&sim).await;
    ended.is(Outcome::Blocked, 10);
    ended.says("1 critical (at most 0)");
    ended.says("CVE-");
    assert!(!ended.has(|f| matches!(f, Fact::StageEntered { .. })));
    assert_eq!(sim.changes(), [("PutImage".to_owned(), DEV.to_owned())]);
}
