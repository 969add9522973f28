use crate::facts::rollout_ended;
use kanmon::model::outcome::Outcome;
use kanmon::sandbox::faults::Kind;
use serde_json::json;

use super::stage::{COLLEAGUE, DEV, Ended, Run, Stage, Story};

/// A stage whose check fails, and a release that has rolled; what ran before is deregistered meanwhile.
async fn rolled() -> (Stage, Run) {
    let url = "https://shop.example/_sandbox/service/111111111111/ap-northeast-1/shop-dev/web";
    let steps = json!([{ "roll": "web" }, { "check": { "http": url, "status": 403, "timeout": "1m" } }]);
    let stage = Story::new().stages(&["dev"]).steps("dev", steps).open();
    let run = stage.release().await;
    stage.fact(&run.id, "rolled", rollout_ended).await;
    let ecs = aws_sdk_ecs::Client::new(&stage.sdk(COLLEAGUE));
    ecs.deregister_task_definition().task_definition("shop-web:1").send().await.unwrap();
    (stage, run)
}

/// Registered again once, and gone back to once: `shop-web:1` is `shop-web:3` now.
async fn is_back(stage: &Stage, ended: &Ended) {
    ended.is(Outcome::RolledBack, 20);
    let runs = stage.definition(DEV, "shop-dev", "web").unwrap();
    assert!(runs.ends_with("shop-web:3"), "{runs}");
    assert_eq!(stage.calls("RegisterTaskDefinition").len(), 2, "the release's own, and what ran before");
    assert_eq!(stage.updates(DEV, "shop-dev", "web")[1..], [runs]);
}

#[tokio::test(start_paused = true)]
async fn is_registered_again_with_the_same_content() {
    let (stage, run) = rolled().await;
    let ended = run.end(&stage).await;
    is_back(&stage, &ended).await;
    let ecs = aws_sdk_ecs::Client::new(&stage.sdk(COLLEAGUE));
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
async fn is_gone_back_to_once_whichever_answer_is_lost() {
    for operation in ["RegisterTaskDefinition", "UpdateService"] {
        for kind in [Kind::ResetBefore, Kind::ResetAfter] {
            let (stage, run) = rolled().await;
            stage.fault(operation, kind.clone(), 1);
            let ended = run.end(&stage).await;
            assert!(stage.tried(operation).iter().any(|e| e.fault.as_ref() == Some(&kind)), "{operation} met it");
            is_back(&stage, &ended).await;
        }
    }
}

/// Registered, and nobody left to say so.
#[tokio::test(start_paused = true)]
async fn is_registered_once_however_the_process_dies() {
    let (stage, run) = rolled().await;
    let id = run.id.clone();
    stage.fault("RegisterTaskDefinition", Kind::Slow(5000), 1);
    while stage.calls("RegisterTaskDefinition").len() < 2 {
        stage.pass(jiff::SignedDuration::from_secs(1)).await;
    }
    run.crash(&stage).await;
    let ended = stage.resumes(&id).await.end(&stage).await;
    is_back(&stage, &ended).await;
}
