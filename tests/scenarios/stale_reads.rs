use kanmon::model::outcome::Outcome;
use serde_json::json;

use super::simulation::{DEV, Simulation, Story};

fn stale(service_deployments: bool) -> Simulation {
    Story::new()
        .stages(&["dev"])
        .steps("dev", json!([{ "roll": ["web", "admin"] }]))
        .world("/ecs/0/staleReadsSeconds", json!(20))
        .world("/ecs/0/serviceDeployments", json!(service_deployments))
        .open()
}

#[tokio::test(start_paused = true)]
async fn do_not_turn_an_earlier_deployment_into_a_success() {
    for listed in [true, false] {
        let sim = stale(listed);
        let ended = sim.release().await.end(&sim).await;
        ended.is(Outcome::Succeeded, 0);
        let digest = ended.release.images.values().next().unwrap().digest.to_string();
        assert_eq!(sim.digest(DEV, "shop-dev", "web").unwrap(), digest);
        assert_eq!(sim.calls("UpdateService").len(), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn do_not_hide_a_rollback() {
    for listed in [true, false] {
        let sim = stale(listed);
        sim.build_next("broken", &[("exit-code", "1")]);
        let ended = sim.release().await.end(&sim).await;
        ended.is(Outcome::RolledBack, 20);
    }
}
