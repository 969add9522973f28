use kanmon::model::approval::Answer;
use kanmon::model::outcome::Outcome;

use super::stage::{MANAGER, PROD, Story};

#[tokio::test(start_paused = true)]
async fn ends_the_release_and_names_who_rejected_it() {
    let stage = Story::new().stages(&["dev", "prod"]).open();
    let run = stage.release().await;
    stage.answers(MANAGER, &run.id, "prod", Answer::Rejected).await;
    let ended = run.end(&stage).await;
    ended.is(Outcome::Rejected, 11);
    ended.says("user/manager");
    ended.says("as seen");
    assert!(stage.updates(PROD, "shop-prod", "web").is_empty());
}
