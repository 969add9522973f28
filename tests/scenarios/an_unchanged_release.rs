use kanmon::model::outcome::Outcome;
use serde_json::json;

use super::stage::Story;

#[tokio::test(start_paused = true)]
async fn proves_what_runs_and_updates_nothing() {
    let stage = Story::new().stages(&["dev"]).steps("dev", json!([{ "roll": ["web", "admin"] }])).open();
    stage.release().await.end(&stage).await.is(Outcome::Succeeded, 0);
    let first = stage.tally();
    let again = stage.release().await.end(&stage).await;
    again.is(Outcome::Unchanged, 0);
    let mut second = stage.tally();
    // The same digest is pushed under the new release's tag.
    *second.get_mut(&("PutImage".to_owned(), super::stage::DEV.to_owned())).unwrap() -= 1;
    assert_eq!(first, second);
}
