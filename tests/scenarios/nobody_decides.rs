use jiff::SignedDuration;
use kanmon::model::approval::Answer;
use kanmon::model::event::Fact;
use kanmon::model::outcome::Outcome;

use super::simulation::{DEVELOPER, MANAGER, PROD, Story};

#[tokio::test(start_paused = true)]
async fn the_request_expires_and_can_be_repeated() {
    let sim = Story::new().stages(&["dev", "prod"]).open();
    let run = sim.release().await;
    let id = run.id.clone();
    let request = sim.approval_request(&id, "prod").await;
    let ended = run.end(&sim).await;
    ended.is(Outcome::Expired, 12);
    assert_eq!(request.expires_at.duration_since(request.requested_at), SignedDuration::from_hours(24));
    assert!(sim.time.timestamp() >= request.expires_at);
    assert!(sim.updates(PROD, "shop-prod", "web").is_empty());

    let again = sim.promotes(DEVELOPER, &id, "prod").await;
    sim.fact(&id, "asked again", |f| matches!(f, Fact::Extended { .. })).await;
    sim.answers(MANAGER, &id, "prod", Answer::Approved).await;
    again.end(&sim).await.is(Outcome::Succeeded, 0);
}
