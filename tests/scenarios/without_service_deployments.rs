use crate::scenarios::facts::rollout_started;
use kanmon::model::outcome::Outcome;
use serde_json::json;

use super::simulation::{DEV, Simulation, Story};

fn older() -> Simulation {
    let story = Story::new().stages(&["dev"]).steps("dev", json!([{ "roll": "web" }]));
    story.world("/ecs/0/serviceDeployments", json!(false)).open()
}

#[tokio::test(start_paused = true)]
async fn a_rollout_succeeds() {
    let sim = older();
    let ended = sim.release().await.end(&sim).await;
    ended.is(Outcome::Succeeded, 0);
    let digest = ended.release.images.values().next().unwrap().digest.to_string();
    assert_eq!(sim.digest(DEV, "shop-dev", "web").unwrap(), digest);
    assert_eq!(sim.calls("UpdateService").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_rollback_is_not_taken_for_a_success() {
    let sim = older();
    sim.build_next("broken", &[("exit-code", "1")]);
    let before = sim.definition(DEV, "shop-dev", "web").unwrap();
    let ended = sim.release().await.end(&sim).await;
    ended.is(Outcome::RolledBack, 20);
    ended.says("code 1");
    assert_eq!(sim.definition(DEV, "shop-dev", "web").unwrap(), before);
}

#[tokio::test(start_paused = true)]
async fn somebody_elses_deployment_is_not_taken_for_a_rollback() {
    let sim = older();
    let run = sim.release().await;
    sim.fact(&run.id, "rolled", rollout_started).await;
    sim.pass(jiff::SignedDuration::from_secs(30)).await;
    let theirs = sim.deploys(super::simulation::COLLEAGUE, "shop-dev", "web").await;
    let ended = run.end(&sim).await;
    ended.is(Outcome::Superseded, 21);
    sim.hours(1).await;
    assert_eq!(sim.definition(DEV, "shop-dev", "web").unwrap(), theirs);
}
