//! The one call of a rollback, when the rollout failed and what ran before is still listed as ACTIVE: whether it took effect must
//! not be concluded from what was there before it.

use crate::scenarios::facts::rollout_started;
use kanmon::model::effect::Effect;
use kanmon::model::event::Fact;
use kanmon::model::outcome::Outcome;
use kanmon::model::step::part::Direction;
use kanmon::sandbox::faults::Kind;
use serde_json::{Value, json};

use super::simulation::{DEV, Simulation, Story};

/// A rollout that fails and is left standing, so that kanmon itself goes back.
fn left_standing(breaker: &Value, service_deployments: bool) -> Simulation {
    let configuration =
        json!({ "deploymentCircuitBreaker": breaker, "minimumHealthyPercent": 100, "maximumPercent": 200 });
    let story = Story::new().stages(&["dev"]).steps("dev", json!([{ "roll": "web" }]));
    let story = story.services("web", "deploymentConfiguration", &configuration);
    let sim = story.world("/ecs/0/serviceDeployments", json!(service_deployments)).open();
    sim.build_next("broken", &[("exit-code", "1")]);
    sim
}

fn stages() -> [Simulation; 2] {
    [
        left_standing(&json!({ "enable": true, "rollback": false }), true),
        left_standing(&json!({ "enable": false, "rollback": false }), false),
    ]
}

async fn is_back(sim: &Simulation, ended: &super::simulation::Ended, before: &str) {
    ended.is(Outcome::RolledBack, 20);
    assert_eq!(sim.definition(DEV, "shop-dev", "web").unwrap(), before);
    let updates = sim.updates(DEV, "shop-dev", "web");
    assert_eq!(updates.len(), 2, "{updates:?}");
    assert_eq!(updates[1], before);
}

#[tokio::test(start_paused = true)]
async fn is_sent_again_where_it_never_arrived() {
    for sim in stages() {
        let before = sim.definition(DEV, "shop-dev", "web").unwrap();
        let run = sim.release().await;
        sim.fact(&run.id, "rolled", rollout_started).await;
        sim.fault("UpdateService", Kind::ResetBefore, 1);
        let ended = run.end(&sim).await;
        is_back(&sim, &ended, &before).await;
        let absent =
            |f: &Fact| matches!(f, Fact::EffectAbsent { effect: Effect::Update { direction: Direction::Back, .. } });
        assert!(ended.has(absent), "it was looked for, and not found");
    }
}

#[tokio::test(start_paused = true)]
async fn is_found_where_only_its_answer_was_lost() {
    for sim in stages() {
        let before = sim.definition(DEV, "shop-dev", "web").unwrap();
        let run = sim.release().await;
        sim.fact(&run.id, "rolled", rollout_started).await;
        sim.fault("UpdateService", Kind::ResetAfter, 1);
        let ended = run.end(&sim).await;
        is_back(&sim, &ended, &before).await;
    }
}

#[tokio::test(start_paused = true)]
async fn is_sent_by_the_next_process_where_the_one_before_died_on_its_way_to_it() {
    for sim in stages() {
        let before = sim.definition(DEV, "shop-dev", "web").unwrap();
        let run = sim.release().await;
        let id = run.id.clone();
        run.dies_at(&sim, |f| {
            matches!(f, Fact::Intended { effect: Effect::Update { direction: Direction::Back, .. }, .. })
        })
        .await;
        assert_eq!(sim.tried("UpdateService").len(), 1, "it died before it could ask");
        let ended = sim.resumes(&id).await.end(&sim).await;
        is_back(&sim, &ended, &before).await;
    }
}
