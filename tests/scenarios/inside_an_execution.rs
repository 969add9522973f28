use serde_json::json;

use super::simulation::{DEV, DEVELOPER, MANAGER, PROD, ReleaseOptions, Run, Simulation, Story};
use kanmon::model::approval::{Answer, ApprovalRequest};
use kanmon::model::event::Fact;
use kanmon::model::ids::ReleaseId;
use kanmon::model::outcome::Outcome;
use kanmon::report::approval;

/// A pipeline whose first build requests approval, and whose second continues once the approval action is answered. The sandbox gets what
/// the builds export, as CodePipeline would.
fn sim() -> Simulation {
    let approval =
        json!({ "by": "codepipeline", "pipeline": "shop", "action": "Approve", "account": "dev", "expires": "24h" });
    let build = |name: &str| {
        json!({ "name": name, "namespace": name, "runOrder": 1,
            "actionTypeId": { "category": "Build", "owner": "AWS", "provider": "CodeBuild", "version": "1" } })
    };
    let source = json!({ "name": "Source", "actions": [{ "name": "Source",
        "actionTypeId": { "category": "Source", "owner": "AWS", "provider": "S3", "version": "1" } }] });
    let approve = json!({ "name": "Approve", "runOrder": 1,
        "actionTypeId": { "category": "Approval", "owner": "AWS", "provider": "Manual", "version": "1" },
        "configuration": { "CustomData": "plan #{Prepare.KANMON_PLAN}" } });
    let mut deploy = build("Deploy");
    deploy["runOrder"] = json!(2);
    let stages = json!([source, { "name": "Prepare", "actions": [build("Prepare")] },
        { "name": "Production", "actions": [approve, deploy] }]);
    Story::new()
        .stages(&["dev", "prod"])
        .of_stage("prod", "enter", json!({ "approval": approval }))
        .world("/codepipeline/0/pipeline/stages", stages)
        .world(
            "/codepipeline/0/actions",
            json!({ "Prepare/Prepare": { "external": true }, "Production/Deploy": { "external": true } }),
        )
        .open()
}

/// An execution of the pipeline, started by the developer.
pub(super) async fn execution(sim: &Simulation) -> String {
    let pipelines = aws_sdk_codepipeline::Client::new(&sim.sdk(DEVELOPER));
    let started = pipelines.start_pipeline_execution().name("shop").send().await.expect("started");
    started.pipeline_execution_id().expect("an execution").to_owned()
}

/// The first build ends and exports this plan.
async fn exports(sim: &Simulation, execution: &str, plan: &str) {
    let end = json!({ "account": DEV, "region": "ap-northeast-1", "pipeline": "shop", "execution": execution,
        "action": "Prepare/Prepare", "end": { "outputVariables": { "KANMON_PLAN": plan } } });
    // The execution may not have reached the action yet.
    while sim.tell_sandbox("actions", &end).is_err() {
        sim.pass(jiff::SignedDuration::from_secs(1)).await;
    }
}

/// The first build: it releases to dev, requests approval, and ends.
async fn prepared(sim: &Simulation, execution: &str) -> (ReleaseId, ApprovalRequest) {
    let asking =
        ReleaseOptions { execution: Some(execution.to_owned()), until: Some("dev"), ..ReleaseOptions::default() };
    let run: Run = sim.release_with(asking).await;
    let id = run.id.clone();
    let ended = run.end(sim).await;
    ended.is(Outcome::Succeeded, 0);
    let request = ended.events.iter().find_map(|e| match &e.fact {
        Fact::ApprovalRequested { request, .. } => Some(request.clone()),
        _ => None,
    });
    (id, request.expect("it requested approval before it ended"))
}

#[tokio::test(start_paused = true)]
async fn a_build_requests_approval_before_it_ends_and_another_continues_with_the_answer() {
    let sim = sim();
    let execution = execution(&sim).await;
    let (id, asked) = prepared(&sim, &execution).await;
    assert_eq!(asked.execution.as_ref(), Some(&execution));
    assert_eq!(sim.calls("StartPipelineExecution").len(), 1, "kanmon starts no other execution");
    exports(&sim, &execution, asked.plan.as_str()).await;
    assert!(sim.updates(PROD, "shop-prod", "web").is_empty());

    sim.hours(5).await;
    sim.approves(MANAGER, &id, "prod").await;
    let ended = sim.promotes_in(DEVELOPER, &execution, &id, "prod").await.end(&sim).await;
    ended.is(Outcome::Succeeded, 0);
    assert_eq!(ended.count(|f| matches!(f, Fact::ApprovalRequested { .. })), 1);
    assert_eq!(sim.updates(PROD, "shop-prod", "web").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_approver_who_was_shown_something_else_has_approved_nothing() {
    let sim = sim();
    let other = kanmon::model::ids::PlanHash::of(b"another plan");
    let execution = execution(&sim).await;
    let (id, _) = prepared(&sim, &execution).await;
    exports(&sim, &execution, other.as_str()).await;
    approves_in_the_console(&sim).await;
    let ended = sim.promotes_in(DEVELOPER, &execution, &id, "prod").await.end(&sim).await;
    ended.is(Outcome::Blocked, 10);
    assert!(sim.updates(PROD, "shop-prod", "web").is_empty());
}

/// The execution's action was approved before approval was requested: its name alone does not show that it is the same plan.
#[tokio::test(start_paused = true)]
async fn an_answer_from_before_the_request_does_not_count() {
    // The same story gives the same plan twice: the plan of the first is what the second's build exports too early.
    let first = sim();
    let early = execution(&first).await;
    exports(&first, &early, "none").await;
    approves_in_the_console(&first).await;
    let (_, request) = prepared(&first, &early).await;

    let sim = sim();
    let execution = execution(&sim).await;
    exports(&sim, &execution, request.plan.as_str()).await;
    approves_in_the_console(&sim).await;
    let (id, asked) = prepared(&sim, &execution).await;
    assert_eq!(asked.plan, request.plan);
    let ended = sim.promotes_in(DEVELOPER, &execution, &id, "prod").await.end(&sim).await;
    ended.is(Outcome::Blocked, 10);
    assert!(ended.has(|f| matches!(f, Fact::ApprovalRefused { reason, .. } if approval::refusal(reason).contains("before approval was requested"))));
    assert!(sim.updates(PROD, "shop-prod", "web").is_empty());
}

/// The manager approves the action of the pipeline's latest execution as soon as it waits.
async fn approves_in_the_console(sim: &Simulation) {
    let client = aws_sdk_codepipeline::Client::new(&sim.sdk(MANAGER));
    let token = loop {
        let state = client.get_pipeline_state().name("shop").send().await.expect("a state");
        let actions = state.stage_states().iter().flat_map(|s| s.action_states());
        if let Some(token) = actions.filter_map(|a| a.latest_execution()).find_map(|e| e.token()) {
            break token.to_owned();
        }
        sim.pass(jiff::SignedDuration::from_secs(1)).await;
    };
    let result = aws_sdk_codepipeline::types::ApprovalResult::builder()
        .status(aws_sdk_codepipeline::types::ApprovalStatus::Approved)
        .summary("fine")
        .build()
        .expect("a result");
    let answer = client.put_approval_result().pipeline_name("shop").stage_name("Production");
    answer.action_name("Approve").result(result).token(token).send().await.expect("answered");
}

/// The stage that was rejected is retried in the same execution, and an approver approves it without seeing the rejection.
#[tokio::test(start_paused = true)]
async fn a_rejection_is_not_forgotten_when_the_stage_is_retried() {
    let sim = sim();
    let execution = execution(&sim).await;
    let (id, asked) = prepared(&sim, &execution).await;
    exports(&sim, &execution, asked.plan.as_str()).await;
    sim.hours(1).await;
    sim.answers(MANAGER, &id, "prod", Answer::Rejected).await;
    let client = aws_sdk_codepipeline::Client::new(&sim.sdk(DEVELOPER));
    let retry = client.retry_stage_execution().pipeline_name("shop").stage_name("Production");
    let retry = retry.pipeline_execution_id(asked.execution.as_ref().unwrap());
    retry.retry_mode(aws_sdk_codepipeline::types::StageRetryMode::FailedActions).send().await.unwrap();
    sim.hours(1).await;
    approves_in_the_console(&sim).await;
    let ended = sim.promotes_in(DEVELOPER, &execution, &id, "prod").await.end(&sim).await;
    ended.is(Outcome::Rejected, 11);
    ended.says("user/manager rejected exactly this plan for prod");
    let again = sim.promotes_in(DEVELOPER, &execution, &id, "prod").await.end(&sim).await;
    again.is(Outcome::Rejected, 11);
    again.says("rejected exactly this plan");
    assert!(sim.updates(PROD, "shop-prod", "web").is_empty());
}
