//! Approval actions of CodePipeline, and what people do with them without kanmon.

use aws_sdk_codepipeline::Client;
use aws_sdk_codepipeline::types::{ApprovalResult, ApprovalStatus, StageRetryMode};

use super::world::World;

const BY_KANMON: &str = "        by: kanmon\n";

/// The team's file requests approval in the pipeline `hello` of this account.
pub fn asks_in(world: &World, account: &str) {
    asks_through(world, account, "hello");
}

/// The same in another pipeline.
pub fn asks_through(world: &World, account: &str, pipeline: &str) {
    let way = format!(
        "        by: codepipeline\n        account: {account}\n        pipeline: {pipeline}\n        action: Approve\n"
    );
    world.edit_for_all(BY_KANMON, &way);
}

/// A client of CodePipeline with this user's credentials.
async fn client(world: &World, user: &str) -> Client {
    let keys: std::collections::BTreeMap<String, String> = world.sandbox.keys(user).into_iter().collect();
    let (id, secret) = (&keys["AWS_ACCESS_KEY_ID"], &keys["AWS_SECRET_ACCESS_KEY"]);
    let config = aws_config::defaults(aws_config::BehaviorVersion::latest())
        .region(aws_types::region::Region::new("ap-northeast-1"))
        .credentials_provider(aws_credential_types::Credentials::new(id, secret, None, None, "test"))
        .endpoint_url(world.sandbox.endpoint());
    Client::new(&config.load().await)
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// Somebody starts a pipeline; returns its execution.
pub fn starts(world: &World, user: &str, pipeline: &str) -> String {
    runtime().block_on(async {
        let started = client(world, user).await.start_pipeline_execution().name(pipeline).send().await.unwrap();
        started.pipeline_execution_id().unwrap().to_owned()
    })
}

/// The token of a pipeline's approval, once it waits.
async fn token(client: &Client, pipeline: &str) -> String {
    let until = std::time::Instant::now() + std::time::Duration::from_secs(60);
    loop {
        let state = client.get_pipeline_state().name(pipeline).send().await.unwrap();
        let actions = state.stage_states().iter().flat_map(|s| s.action_states());
        if let Some(token) = actions.filter_map(|a| a.latest_execution()).find_map(|e| e.token()) {
            return token.to_owned();
        }
        assert!(std::time::Instant::now() < until, "{pipeline} never waits");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
}

/// The build `Prepare` of an execution ends and exports this plan.
pub fn exports(world: &World, account: &str, pipeline: &str, execution: &str, plan: &str) {
    let output = serde_json::json!({ "account": account, "region": "ap-northeast-1", "pipeline": pipeline,
        "execution": execution, "action": "Prepare/Prepare", "end": { "outputVariables": { "KANMON_PLAN": plan } } });
    let until = std::time::Instant::now() + std::time::Duration::from_secs(60);
    // The execution may not have reached the action yet.
    while world.sandbox.ask("POST", "actions", &output.to_string()).get("message").is_some() {
        assert!(std::time::Instant::now() < until, "the build of {pipeline} never waits for its end");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}

/// Waits until a pipeline's approval action waits.
pub fn waits(world: &World, user: &str, pipeline: &str) {
    runtime().block_on(async { token(&client(world, user).await, pipeline).await });
}

/// Somebody approves in the console, whatever the message is.
pub fn approves(world: &World, user: &str, pipeline: &str) {
    answers(world, user, pipeline, ApprovalStatus::Approved, "fine");
}

/// Somebody rejects in the console.
pub fn rejects(world: &World, user: &str, pipeline: &str, why: &str) {
    answers(world, user, pipeline, ApprovalStatus::Rejected, why);
}

/// Somebody retries the failed stage of the approval, so that its action waits again.
pub fn retries(world: &World, user: &str, pipeline: &str, execution: &str) {
    runtime().block_on(async {
        let retry = client(world, user).await.retry_stage_execution().pipeline_name(pipeline).stage_name("Production");
        let retry = retry.pipeline_execution_id(execution).retry_mode(StageRetryMode::FailedActions);
        retry.send().await.unwrap();
    });
}

fn answers(world: &World, user: &str, pipeline: &str, status: ApprovalStatus, summary: &str) {
    runtime().block_on(async {
        let client = client(world, user).await;
        let token = token(&client, pipeline).await;
        let result = ApprovalResult::builder().status(status).summary(summary).build().unwrap();
        let answer = client.put_approval_result().pipeline_name(pipeline).stage_name("Production");
        answer.action_name("Approve").result(result).token(token).send().await.unwrap();
    });
}
