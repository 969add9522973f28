use jiff::SignedDuration;
use kanmon::model::outcome::Outcome;

use super::stage::Story;

#[tokio::test(start_paused = true)]
async fn is_unknown_and_closed_at_once() {
    let stage = Story::new().open();
    stage.build_next("odd", &[("scan", "UNSUPPORTED_OS")]);
    let ended = stage.release().await.end(&stage).await;
    ended.is(Outcome::Blocked, 10);
    ended.says("UNSUPPORTED_OS");
    ended.says("build it on a base that the scanner supports");
    assert!(stage.time.passed() < SignedDuration::from_mins(5));
    assert!(stage.calls("UpdateService").is_empty());
}
