use kanmon::model::outcome::Outcome;

use super::simulation::Story;

#[tokio::test(start_paused = true)]
async fn ends_the_stage_before_any_roll() {
    let sim = Story::new().open();
    sim.build_next("app", &[("run-exit-code", "4")]);
    let ended = sim.release().await.end(&sim).await;
    ended.is(Outcome::Failed, 24);
    ended.says("dev/migrate exited with code 4");
    assert_eq!(sim.calls("RunTask").len(), 1);
    assert!(sim.calls("UpdateService").is_empty());
}
