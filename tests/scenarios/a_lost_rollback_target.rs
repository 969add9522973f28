//! The call of a rollback is lost after a rollout failed, while the revision that ran before is still listed as ACTIVE. That listing must
//! not be taken for the call's effect.

use crate::scenarios::facts::rollout_started;
use kanmon::model::effect::Effect;
use kanmon::model::event::Fact;
use kanmon::model::outcome::Outcome;
use kanmon::model::step::part::Direction;
use kanmon::sandbox::faults::Kind;
use serde_json::{Value, json};

use super::simulation::{DEV, Simulation, Story};

/// A rollout that fails and that ECS does not roll back, so that kanmon does.
fn failing(breaker: &Value, service_deployments: bool) -> Simulation {
    let configuration =
        json!({ "deploymentCircuitBreaker": breaker, "minimumHealthyPercent": 100, "maximumPercent": 200 });
    let story = Story::new().stages(&["dev"]).steps("dev", json!([{ "roll": "web" }]));
    let story = story.services("web", "deploymentConfiguration", &configuration);
    let sim = story.world("/ecs/0/serviceDeployments", json!(service_deployments)).open();
    sim.build_next("broken", &[("exit-code", "1")]);
    sim
}

fn simulations() -> [Simulation; 2] {
    [
        failing(&json!({ "enable": true, "rollback": false }), true),
        failing(&json!({ "enable": false, "rollback": false }), false),
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
    for sim in simulations() {
        let before = sim.definition(DEV, "shop-dev", "web").unwrap();
        let run = sim.release().await;
        sim.fact(&run.id, "rolled", rollout_started).await;
        sim.fault("UpdateService", Kind::ResetBefore, 1);
        let ended = run.end(&sim).await;
        is_back(&sim, &ended, &before).await;
        let absent =
            |f: &Fact| matches!(f, Fact::EffectAbsent { effect: Effect::Update { direction: Direction::Back, .. } });
        assert!(ended.has(absent), "it was read, and not found");
    }
}

#[tokio::test(start_paused = true)]
async fn is_found_where_only_its_answer_was_lost() {
    for sim in simulations() {
        let before = sim.definition(DEV, "shop-dev", "web").unwrap();
        let run = sim.release().await;
        sim.fact(&run.id, "rolled", rollout_started).await;
        sim.fault("UpdateService", Kind::ResetAfter, 1);
        let ended = run.end(&sim).await;
        is_back(&sim, &ended, &before).await;
    }
}

#[tokio::test(start_paused = true)]
async fn is_sent_by_the_next_process_if_the_previous_one_died_before_it() {
    for sim in simulations() {
        let before = sim.definition(DEV, "shop-dev", "web").unwrap();
        let run = sim.release().await;
        let id = run.id.clone();
        run.dies_at(&sim, |f| {
            matches!(f, Fact::Intended { effect: Effect::Update { direction: Direction::Back, .. }, .. })
        })
        .await;
        assert_eq!(sim.tried("UpdateService").len(), 1, "it died before it could send the call");
        let ended = sim.resumes(&id).await.end(&sim).await;
        is_back(&sim, &ended, &before).await;
    }
}
