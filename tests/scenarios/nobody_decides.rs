use jiff::SignedDuration;
use kanmon::model::approval::Answer;
use kanmon::model::event::Fact;
use kanmon::model::outcome::Outcome;

use super::stage::{DEVELOPER, MANAGER, PROD, Story};

#[tokio::test(start_paused = true)]
async fn the_question_expires_and_can_be_put_again() {
    let stage = Story::new().stages(&["dev", "prod"]).open();
    let run = stage.release().await;
    let id = run.id.clone();
    let request = stage.asked(&id, "prod").await;
    let ended = run.end(&stage).await;
    ended.is(Outcome::Expired, 12);
    assert_eq!(request.expires_at.duration_since(request.asked_at), SignedDuration::from_hours(24));
    assert!(stage.time.timestamp() >= request.expires_at);
    assert!(stage.updates(PROD, "shop-prod", "web").is_empty());

    let again = stage.promotes(DEVELOPER, &id, "prod").await;
    stage.fact(&id, "asked again", |f| matches!(f, Fact::Extended { .. })).await;
    stage.answers(MANAGER, &id, "prod", Answer::Approved).await;
    again.end(&stage).await.is(Outcome::Succeeded, 0);
}
