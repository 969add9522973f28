use kanmon::model::outcome::Outcome;
use serde_json::json;

use super::stage::Story;

/// Everything is looked for before anything is touched.
async fn is_named(story: Story, words: &[&str]) {
    let stage = story.open();
    let ended = stage.release().await.end(&stage).await;
    ended.is(Outcome::Access, 40);
    for what in words {
        ended.says(what);
    }
    assert_eq!(stage.changes(), [], "nothing was touched");
}

#[tokio::test(start_paused = true)]
async fn a_repository_with_the_nearest() {
    is_named(Story::new().file("/images/app/repository", json!("shopp")), &["`shopp`", "`shop`"]).await;
}

#[tokio::test(start_paused = true)]
async fn a_cluster_of_the_last_stage_with_the_nearest() {
    is_named(Story::new().of_stage("prod", "cluster", json!("shop-prd")), &["shop-prd", "`shop-prod`"]).await;
}

#[tokio::test(start_paused = true)]
async fn a_service_with_the_nearest() {
    let story = Story::new().of_stage("staging", "services", json!({ "web": "wbe" }));
    is_named(story, &["wbe", "`web`", "shop-staging"]).await;
}

#[tokio::test(start_paused = true)]
async fn a_container_with_the_nearest() {
    let story = Story::new().file("/services/web/containers", json!({ "wen": "app" }));
    is_named(story, &["wen", "`web`"]).await;
}

#[tokio::test(start_paused = true)]
async fn several_things_at_once() {
    let story = Story::new()
        .file("/images/app/repository", json!("shopp"))
        .of_stage("dev", "cluster", json!("shop-dve"))
        .of_stage("prod", "cluster", json!("shop-prd"));
    is_named(story, &["shopp", "shop-dve", "shop-prd", "things stand in the way"]).await;
}

#[tokio::test(start_paused = true)]
async fn a_pipeline_of_codepipeline_with_the_nearest() {
    let approval = json!({ "by": "codepipeline", "pipeline": "shp", "action": "Approve", "account": "dev" });
    let story = Story::new().of_stage("prod", "enter", json!({ "approval": approval }));
    let stage = story.open();
    let ended = stage.release().await.end(&stage).await;
    for what in ["`shp`", "`shop`"] {
        ended.says(what);
    }
    assert_eq!(stage.calls("ListPipelines").len(), 1);
}
