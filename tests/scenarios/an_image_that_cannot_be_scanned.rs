use jiff::SignedDuration;
use kanmon::model::outcome::Outcome;

use super::simulation::Story;

#[tokio::test(start_paused = true)]
async fn is_unknown_and_blocks_at_once() {
    let sim = Story::new().open();
    sim.build_next("odd", &[("scan", "UNSUPPORTED_OS")]);
    let ended = sim.release().await.end(&sim).await;
    ended.is(Outcome::Blocked, 10);
    ended.says("UNSUPPORTED_OS");
    ended.says("build the image on a base that the scanner supports");
    assert!(sim.time.passed() < SignedDuration::from_mins(5));
    assert!(sim.calls("UpdateService").is_empty());
}
