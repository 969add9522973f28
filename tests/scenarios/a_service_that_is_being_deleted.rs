use crate::facts::task_started;
use jiff::SignedDuration;
use kanmon::model::outcome::Outcome;
use serde_json::json;

use super::stage::{COLLEAGUE, DEV, Stage, Story};

async fn deletes(stage: &Stage, service: &str) {
    let ecs = aws_sdk_ecs::Client::new(&stage.sdk(COLLEAGUE));
    ecs.delete_service().cluster("shop-dev").service(service).force(true).send().await.expect("deleted");
}

fn dev() -> Stage {
    Story::new().stages(&["dev"]).steps("dev", json!([{ "run": "migrate" }, { "roll": ["web", "admin"] }])).open()
}

#[tokio::test(start_paused = true)]
async fn or_is_deleted_is_refused_before_any_change() {
    for (later, status) in [(SignedDuration::ZERO, "DRAINING"), (SignedDuration::from_hours(1), "INACTIVE")] {
        let stage = dev();
        deletes(&stage, "admin").await;
        stage.pass(later).await;
        let ended = stage.release().await.end(&stage).await;
        ended.is(Outcome::Access, 40);
        ended.says("dev/admin");
        ended.says(status);
        let ours: Vec<_> = stage.changes().into_iter().filter(|(what, _)| what != "DeleteService").collect();
        assert_eq!(ours, [], "{status}: nothing is built, pushed or registered for it");
        assert!(!ended.entered("dev"));
    }
}

#[tokio::test(start_paused = true)]
async fn after_it_was_looked_at_is_not_rolled() {
    let stage = dev();
    let run = stage.release().await;
    stage.fact(&run.id, "started the task", task_started).await;
    deletes(&stage, "web").await;
    let ended = run.end(&stage).await;
    assert_ne!(ended.code, 0, "{:?}", ended.ending);
    ended.says("not ACTIVE");
    assert!(stage.updates(DEV, "shop-dev", "web").is_empty());
}
