use kanmon::model::event::Fact;
use kanmon::model::outcome::Outcome;
use serde_json::json;

use super::stage::{COLLEAGUE, DEV, Story};

#[tokio::test(start_paused = true)]
async fn is_registered_again_with_the_same_content() {
    let url = "https://shop.example/_sandbox/service/111111111111/ap-northeast-1/shop-dev/web";
    let steps = json!([{ "roll": "web" }, { "check": { "http": url, "status": 403, "timeout": "1m" } }]);
    let stage = Story::new().stages(&["dev"]).steps("dev", steps).open();
    let run = stage.release().await;
    stage.fact(&run.id, "rolled", |f| matches!(f, Fact::RolloutEnded { .. })).await;
    let ecs = aws_sdk_ecs::Client::new(&stage.sdk(COLLEAGUE));
    ecs.deregister_task_definition().task_definition("shop-web:1").send().await.unwrap();
    let ended = run.end(&stage).await;
    ended.is(Outcome::RolledBack, 20);
    let runs = stage.definition(DEV, "shop-dev", "web").unwrap();
    assert!(runs.ends_with("shop-web:3"), "{runs}");
    let described = ecs.describe_task_definition().task_definition(&runs).send().await.unwrap();
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
