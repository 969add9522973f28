use kanmon::model::outcome::Outcome;

use super::stage::Story;

#[tokio::test(start_paused = true)]
async fn ends_the_stage_before_any_roll() {
    let stage = Story::new().open();
    stage.build_next("app", &[("run-exit-code", "4")]);
    let ended = stage.release().await.end(&stage).await;
    ended.is(Outcome::Failed, 24);
    ended.says("dev/migrate exited with code 4");
    assert_eq!(stage.calls("RunTask").len(), 1);
    assert!(stage.calls("UpdateService").is_empty());
}
