use kanmon::model::event::Fact;
use kanmon::model::outcome::Outcome;
use kanmon::model::rollout::RolloutEnd;
use kanmon::model::step::StepFact;
use kanmon::model::step::part::Direction;
use kanmon::model::step::roll::RollFact;
use serde_json::json;

use super::simulation::{DEV, Story};

#[tokio::test(start_paused = true)]
async fn one_fails_and_the_other_is_rolled_back_with_it() {
    let sim = Story::new()
        .stages(&["dev"])
        .steps("dev", json!([{ "roll": ["web", "admin"] }]))
        .file("/images/console", json!({ "account": "dev", "repository": "console", "context": "." }))
        .file("/services/admin/containers/admin", json!("console"))
        .world("/accounts/0/repositories", json!([{ "name": "shop" }, { "name": "console" }]))
        .open();
    sim.build_next_in("console", "broken", &[("exit-code", "9")]);
    let before = ["web", "admin"].map(|s| sim.definition(DEV, "shop-dev", s).unwrap());
    let ended = sim.release().await.end(&sim).await;
    ended.is(Outcome::RolledBack, 20);
    ended.says("dev/admin");
    ended.says("code 9");
    let end_of = |name: &str, wanted: fn(&RolloutEnd) -> bool| {
        ended.has(|f| matches!(f, Fact::Step { fact: StepFact::Roll(RollFact::RolloutEnded { direction: Direction::Forward, service, end, .. }), .. } if service.as_str() == name && wanted(end)))
    };
    assert!(end_of("admin", |e| matches!(e, RolloutEnd::RolledBack { .. })));
    assert!(end_of("web", |e| *e == RolloutEnd::Succeeded));
    assert_eq!(["web", "admin"].map(|s| sim.definition(DEV, "shop-dev", s).unwrap()), before);
    assert_eq!(sim.updates(DEV, "shop-dev", "web").len(), 2, "the rollout and its rollback");
    assert_eq!(sim.updates(DEV, "shop-dev", "admin").len(), 1, "ECS rolled back by itself");
}
