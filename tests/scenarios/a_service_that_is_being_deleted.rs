use crate::scenarios::facts::task_started;
use jiff::SignedDuration;
use kanmon::model::outcome::Outcome;
use serde_json::json;

use super::simulation::{COLLEAGUE, DEV, Simulation, Story};

async fn deletes(sim: &Simulation, service: &str) {
    let ecs = aws_sdk_ecs::Client::new(&sim.sdk(COLLEAGUE));
    ecs.delete_service().cluster("shop-dev").service(service).force(true).send().await.expect("deleted");
}

fn dev() -> Simulation {
    Story::new().stages(&["dev"]).steps("dev", json!([{ "run": "migrate" }, { "roll": ["web", "admin"] }])).open()
}

#[tokio::test(start_paused = true)]
async fn or_is_deleted_is_refused_before_any_change() {
    for (later, status) in [(SignedDuration::ZERO, "DRAINING"), (SignedDuration::from_hours(1), "INACTIVE")] {
        let sim = dev();
        deletes(&sim, "admin").await;
        sim.pass(later).await;
        let ended = sim.release().await.end(&sim).await;
        ended.is(Outcome::Access, 40);
        ended.says("dev/admin");
        ended.says(status);
        let ours: Vec<_> = sim.changes().into_iter().filter(|(what, _)| what != "DeleteService").collect();
        assert_eq!(ours, [], "{status}: nothing is built, pushed or registered for it");
        assert!(!ended.entered("dev"));
    }
}

#[tokio::test(start_paused = true)]
async fn after_it_was_looked_at_is_not_rolled() {
    let sim = dev();
    let run = sim.release().await;
    sim.fact(&run.id, "started the task", task_started).await;
    deletes(&sim, "web").await;
    let ended = run.end(&sim).await;
    assert_ne!(ended.code, 0, "{:?}", ended.ending);
    ended.says("not ACTIVE");
    assert!(sim.updates(DEV, "shop-dev", "web").is_empty());
}
