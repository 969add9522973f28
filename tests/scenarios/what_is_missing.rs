use kanmon::model::outcome::Outcome;
use serde_json::json;

use super::simulation::Story;

/// Everything is looked up before anything is changed.
async fn is_named(story: Story, words: &[&str]) {
    let sim = story.open();
    let ended = sim.release().await.end(&sim).await;
    ended.is(Outcome::Access, 40);
    for what in words {
        ended.says(what);
    }
    assert_eq!(sim.changes(), [], "nothing was changed");
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
    is_named(story, &["shopp", "shop-dve", "shop-prd", "problems were found"]).await;
}

#[tokio::test(start_paused = true)]
async fn a_pipeline_of_codepipeline_with_the_nearest() {
    let approval = json!({ "by": "codepipeline", "pipeline": "shp", "action": "Approve", "account": "dev" });
    is_named(Story::new().of_stage("prod", "enter", json!({ "approval": approval })), &["`shp`", "`shop`"]).await;
}

fn asking(action: &str) -> Story {
    let approval = json!({ "by": "codepipeline", "pipeline": "shop", "action": action, "account": "dev" });
    Story::new().of_stage("prod", "enter", json!({ "approval": approval }))
}

#[tokio::test(start_paused = true)]
async fn an_action_of_codepipeline_with_the_nearest() {
    is_named(asking("Aprove"), &["has no action `Aprove`", "did you mean `Approve`?"]).await;
    is_named(asking("Source"), &["action `Source`", "is not a manual approval", "its manual approvals: Approve"]).await;
}

#[tokio::test(start_paused = true)]
async fn a_pipeline_that_takes_no_variables_or_not_kanmon_s() {
    let shop = "/codepipeline/0/pipeline";
    let v1 = asking("Approve").world(&format!("{shop}/pipelineType"), json!("V1"));
    is_named(v1, &["CodePipeline shop in account dev is of type V1, which takes no variables", "V2"]).await;
    // Both mistakes at once.
    let both = asking("Aprove").world(&format!("{shop}/pipelineType"), json!("V1"));
    is_named(both, &["has no action `Aprove`", "is of type V1"]).await;
    let two = json!([{ "name": "KANMON_RELEASE" }, { "name": "KANMON_PLN" }]);
    let two = asking("Approve").world(&format!("{shop}/variables"), two);
    is_named(two, &["does not declare KANMON_DIGEST, KANMON_PLAN", "`KANMON_PLN`"]).await;
    let names = ["KANMON_RELEASE", "KANMON_DIGEST", "KANMON_PLAN", "REASON"];
    let one_more = json!(names.map(|name| json!({ "name": name })));
    let one_more = asking("Approve").world(&format!("{shop}/variables"), one_more);
    is_named(one_more, &["needs a value for REASON", "give it a default value in the pipeline"]).await;
}

/// A release outside an execution passes its plan as a variable. If the message shows another plan or none, it cannot be approved.
#[tokio::test(start_paused = true)]
async fn a_pipeline_whose_approval_would_not_show_the_plan() {
    let message = "/codepipeline/0/pipeline/stages/1/actions/0/configuration/CustomData";
    for shown in [
        "release #{Prepare.KANMON_RELEASE}, plan #{Prepare.KANMON_PLAN}",
        "release #{variables.KANMON_RELEASE}",
        "plan #{variables.KANMON_PLAN} or fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210",
    ] {
        let story = asking("Approve").world(message, json!(shown));
        let cause = format!("its message (CustomData) is “{shown}”");
        let named = [
            "action `Approve` of CodePipeline shop in account dev would not show the plan of a release that is not started inside it",
            cause.as_str(),
            "`kanmon release --remote`",
            "`release #{variables.KANMON_RELEASE}, plan #{variables.KANMON_PLAN}`",
        ];
        is_named(story, &named).await;
    }
}
