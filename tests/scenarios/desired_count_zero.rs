use kanmon::model::event::Fact;
use kanmon::model::outcome::Outcome;
use kanmon::model::rollout::RolloutEnd;
use kanmon::model::step::StepFact;
use kanmon::model::step::part::Direction;
use kanmon::model::step::roll::RollFact;
use serde_json::json;

use super::simulation::Story;

#[tokio::test(start_paused = true)]
async fn is_set_and_reported_as_unverified() {
    let sim = Story::new()
        .stages(&["dev"])
        .steps("dev", json!([{ "roll": "web" }]))
        .services("web", "desiredCount", &json!(0))
        .open();
    let ended = sim.release().await.end(&sim).await;
    ended.is(Outcome::Succeeded, 0);
    ended.says("desired count 0");
    assert!(ended.has(|f| matches!(
        f,
        Fact::Step {
            fact: StepFact::Roll(RollFact::RolloutEnded {
                direction: Direction::Forward,
                end: RolloutEnd::Unverified,
                ..
            }),
            ..
        }
    )));
    assert_eq!(sim.calls("UpdateService").len(), 1);
    assert!(sim.tried("UpdateService")[0].input.get("desiredCount").is_none());
}
