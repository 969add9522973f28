use kanmon::model::event::Fact;
use kanmon::model::outcome::Outcome;
use kanmon::sandbox::faults::Kind;
use serde_json::json;

use super::stage::{DEV, Story};

#[tokio::test(start_paused = true)]
async fn parks_the_release_and_leaves_what_was_done() {
    let stage = Story::new().stages(&["dev"]).steps("dev", json!([{ "roll": "admin" }, { "roll": "web" }])).open();
    let run = stage.release().await;
    let id = run.id.clone();
    stage.fact(&id, "rolled", |f| matches!(f, Fact::RolloutStarted { .. })).await;
    stage.fault("UpdateService", Kind::AccessDenied, 1);
    let ended = run.end(&stage).await;
    ended.is(Outcome::Access, 40);
    ended.says("ecs:UpdateService");
    ended.says("arn:aws:iam::111111111111:user/developer");
    ended.says("kanmon resume");
    assert_eq!(stage.updates(DEV, "shop-dev", "admin").len(), 1, "what succeeded stays");
    let resumed = stage.resumes(&id).await.end(&stage).await;
    resumed.is(Outcome::Succeeded, 0);
    assert_eq!(stage.calls("UpdateService").len(), 2);
}
