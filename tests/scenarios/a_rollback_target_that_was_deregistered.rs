use crate::scenarios::facts::rollout_ended;
use kanmon::model::outcome::Outcome;
use kanmon::sandbox::faults::Kind;
use serde_json::json;

use super::simulation::{COLLEAGUE, DEV, Ended, Run, Simulation, Story};

/// A release that has rolled in a stage whose check will fail; the revision that ran before is deregistered meanwhile.
async fn rolled() -> (Simulation, Run) {
    let url = "https://shop.example/_sandbox/service/111111111111/ap-northeast-1/shop-dev/web";
    let steps = json!([{ "roll": "web" }, { "check": { "http": url, "status": 403, "timeout": "1m" } }]);
    let sim = Story::new().stages(&["dev"]).steps("dev", steps).open();
    let run = sim.release().await;
    sim.fact(&run.id, "rolled", rollout_ended).await;
    let ecs = aws_sdk_ecs::Client::new(&sim.sdk(COLLEAGUE));
    ecs.deregister_task_definition().task_definition("shop-web:1").send().await.unwrap();
    (sim, run)
}

/// It is registered again once and rolled back to once: `shop-web:1` is now `shop-web:3`.
async fn is_back(sim: &Simulation, ended: &Ended) {
    ended.is(Outcome::RolledBack, 20);
    let runs = sim.definition(DEV, "shop-dev", "web").unwrap();
    assert!(runs.ends_with("shop-web:3"), "{runs}");
    assert_eq!(sim.calls("RegisterTaskDefinition").len(), 2, "the release's own, and what ran before");
    assert_eq!(sim.updates(DEV, "shop-dev", "web")[1..], [runs]);
}

#[tokio::test(start_paused = true)]
async fn is_registered_again_with_the_same_content() {
    let (sim, run) = rolled().await;
    let ended = run.end(&sim).await;
    is_back(&sim, &ended).await;
    let ecs = aws_sdk_ecs::Client::new(&sim.sdk(COLLEAGUE));
    let described = ecs.describe_task_definition().task_definition("shop-web:3").send().await.unwrap();
    let images: Vec<_> = described
        .task_definition()
        .unwrap()
        .container_definitions()
        .iter()
        .map(|c| c.image().unwrap_or_default().to_owned())
        .collect();
    let before = ["public.ecr.aws/nginx/nginx:1.27", "public.ecr.aws/aws-observability/aws-for-fluent-bit:stable"];
    assert_eq!(images, before);
}

#[tokio::test(start_paused = true)]
async fn is_restored_once_whichever_answer_is_lost() {
    for operation in ["RegisterTaskDefinition", "UpdateService"] {
        for kind in [Kind::ResetBefore, Kind::ResetAfter] {
            let (sim, run) = rolled().await;
            sim.fault(operation, kind.clone(), 1);
            let ended = run.end(&sim).await;
            assert!(sim.tried(operation).iter().any(|e| e.fault.as_ref() == Some(&kind)), "{operation} met it");
            is_back(&sim, &ended).await;
        }
    }
}

/// It was registered, but no process recorded it.
#[tokio::test(start_paused = true)]
async fn is_registered_once_however_the_process_dies() {
    let (sim, run) = rolled().await;
    let id = run.id.clone();
    sim.fault("RegisterTaskDefinition", Kind::Slow(5000), 1);
    while sim.calls("RegisterTaskDefinition").len() < 2 {
        sim.pass(jiff::SignedDuration::from_secs(1)).await;
    }
    run.crash(&sim).await;
    let ended = sim.resumes(&id).await.end(&sim).await;
    is_back(&sim, &ended).await;
}
