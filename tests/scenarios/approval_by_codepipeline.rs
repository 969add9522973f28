use serde_json::json;

use super::inside_an_execution::execution;
use super::simulation::{DEVELOPER, MANAGER, OPERATOR, PROD, ReleaseOptions, Run, Simulation, Story};
use kanmon::model::approval::Answer;
use kanmon::model::event::Fact;
use kanmon::model::ids::ReleaseId;
use kanmon::model::outcome::Outcome;
use kanmon::model::refusal::{AnswerRefusal, Refusal};
use kanmon::report::{approval, warning};
use kanmon::sandbox::faults::Kind;
use kanmon::sandbox::inspector::behaviour::{Findings, Images, LaterFindings};

fn approval_in_codepipeline() -> Simulation {
    approval_in_codepipeline_for("24h")
}

fn approval_in_codepipeline_for(expires: &str) -> Simulation {
    let approval =
        json!({ "by": "codepipeline", "pipeline": "shop", "action": "Approve", "account": "dev", "expires": expires });
    Story::new().stages(&["prod"]).of_stage("prod", "enter", json!({ "approval": approval })).open()
}

/// A release that requests approval in CodePipeline.
async fn waiting() -> (Simulation, Run, ReleaseId) {
    let sim = approval_in_codepipeline();
    let run = sim.release().await;
    let id = run.id.clone();
    sim.approval_request(&id, "prod").await;
    (sim, run, id)
}

#[tokio::test(start_paused = true)]
async fn starts_an_execution_that_carries_the_request() {
    let sim = approval_in_codepipeline();
    let run = sim.release().await;
    let request = sim.approval_request(&run.id, "prod").await;
    sim.hours(3).await;
    sim.approves(MANAGER, &run.id, "prod").await;
    let ended = run.end(&sim).await;
    ended.is(Outcome::Succeeded, 0);
    let started = sim.calls("StartPipelineExecution");
    assert_eq!(started.len(), 1);
    assert!(started[0].input["variables"].to_string().contains(request.plan.as_str()));
    assert!(
        ended.has(|f| matches!(f, Fact::ApprovalGiven { answer } if answer.arn().unwrap().ends_with("user/manager")))
    );
    assert_eq!(sim.updates(PROD, "shop-prod", "web").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn is_rejected_in_codepipeline() {
    let sim = approval_in_codepipeline();
    let run = sim.release().await;
    sim.approval_request(&run.id, "prod").await;
    sim.hours(1).await;
    sim.answers(MANAGER, &run.id, "prod", Answer::Rejected).await;
    let ended = run.end(&sim).await;
    ended.is(Outcome::Rejected, 11);
    ended.says("user/manager");
    assert!(sim.updates(PROD, "shop-prod", "web").is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_rejection_while_no_process_waits_counts_whatever_has_changed_since() {
    let (sim, run, id) = waiting().await;
    run.crash(&sim).await;
    sim.hours(1).await;
    sim.answers(MANAGER, &id, "prod", Answer::Rejected).await;
    sim.deploys(OPERATOR, "shop-prod", "web").await;
    let ended = sim.resumes(&id).await.end(&sim).await;
    ended.is(Outcome::Rejected, 11);
    assert_eq!(sim.calls("StartPipelineExecution").len(), 1, "nobody is asked again");
}

#[tokio::test(start_paused = true)]
async fn an_open_request_becomes_void_when_the_plan_changes() {
    let (sim, run, id) = waiting().await;
    run.crash(&sim).await;
    sim.deploys(OPERATOR, "shop-prod", "web").await;
    let resumed = sim.resumes(&id).await;
    sim.fact(&id, "voided", |f| matches!(f, Fact::ApprovalVoided { .. })).await;
    sim.when(&id, "asked again", |r| r.stages.values().any(|s| s.approval_requests > 1).then_some(())).await;
    assert_eq!(sim.calls("StartPipelineExecution").len(), 2, "the new plan is a new request");
    // The first execution no longer waits before it.
    assert_eq!(sim.calls("StopPipelineExecution").len(), 1);
    sim.hours(1).await;
    sim.approves(MANAGER, &id, "prod").await;
    resumed.end(&sim).await.is(Outcome::Succeeded, 0);
}

/// The request goes into the execution that the release now runs in, and the one that kanmon started for it no longer waits.
#[tokio::test(start_paused = true)]
async fn a_request_in_the_releases_own_execution_ends_the_old_one() {
    let sim = approval_in_codepipeline();
    let run = sim.release().await;
    let id = run.id.clone();
    let first = sim.approval_request(&id, "prod").await.execution.unwrap();
    run.crash(&sim).await;
    sim.deploys(OPERATOR, "shop-prod", "web").await;
    let own = execution(&sim).await;
    let promoted = sim.promotes_in(DEVELOPER, &own, &id, "prod").await;
    let asked = sim.when(&id, "asked again", |r| r.stages.values().any(|s| s.approval_requests > 1).then_some(()));
    asked.await;
    let request = sim.approval_request(&id, "prod").await;
    assert_eq!(request.execution.as_deref(), Some(own.as_str()));
    assert_eq!(sim.calls("StopPipelineExecution").len(), 1);
    sim.pass(jiff::SignedDuration::from_secs(30)).await;
    assert_eq!(status(&sim, &first).await, "Stopped");
    promoted.stop();
    promoted.end(&sim).await.is(Outcome::Suspended, 30);
}

/// An execution that was started for the request has no earlier answer, whatever the clock of kanmon's machine shows.
#[tokio::test(start_paused = true)]
async fn an_approval_soon_after_the_request_counts_if_the_clock_is_fast() {
    let sim = approval_in_codepipeline();
    sim.machine.set(jiff::SignedDuration::from_mins(4));
    let run = sim.release().await;
    sim.approval_request(&run.id, "prod").await;
    sim.pass(jiff::SignedDuration::from_mins(2)).await;
    sim.approves(MANAGER, &run.id, "prod").await;
    run.end(&sim).await.is(Outcome::Succeeded, 0);
}

#[tokio::test(start_paused = true)]
async fn an_approval_of_the_record_is_read_again_by_the_next_process() {
    let (sim, run, id) = waiting().await;
    sim.hours(1).await;
    let dies = run.dies_at(&sim, |f| matches!(f, Fact::ApprovalGiven { .. }));
    tokio::join!(dies, sim.approves(MANAGER, &id, "prod"));
    let ended = sim.resumes(&id).await.end(&sim).await;
    ended.is(Outcome::Succeeded, 0);
    let read = ended.index_of(|f| matches!(f, Fact::ApprovalCompared { mismatch: None, .. }));
    assert!(read < ended.index_of(|f| matches!(f, Fact::StageEntered { .. })));
    assert_eq!(ended.count(|f| matches!(f, Fact::ApprovalRequested { .. } | Fact::ApprovalGiven { .. })), 2);
}

#[tokio::test(start_paused = true)]
async fn an_execution_that_somebody_stopped_is_reported_and_approval_is_requested_again() {
    let sim = approval_in_codepipeline();
    let run = sim.release().await;
    let id = run.id.clone();
    let execution = sim.approval_request(&id, "prod").await.execution.unwrap();
    let client = aws_sdk_codepipeline::Client::new(&sim.sdk(DEVELOPER));
    let stop = client.stop_pipeline_execution().pipeline_name("shop").pipeline_execution_id(&execution).abandon(true);
    stop.send().await.unwrap();
    let ended = run.end(&sim).await;
    ended.is(Outcome::Expired, 12);
    ended.says("prod can no longer be approved");
    ended.says(&execution);
    let again = sim.promotes(DEVELOPER, &id, "prod").await;
    sim.hours(1).await;
    sim.approves(MANAGER, &id, "prod").await;
    again.end(&sim).await.is(Outcome::Succeeded, 0);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_expired_ends_its_execution_so_that_it_cannot_succeed_with_nothing_deployed() {
    let sim = approval_in_codepipeline_for("10m");
    let run = sim.release().await;
    let id = run.id.clone();
    let execution = sim.approval_request(&id, "prod").await.execution.unwrap();
    run.end(&sim).await.is(Outcome::Expired, 12);
    assert_eq!(sim.calls("StopPipelineExecution").len(), 1);
    sim.hours(1).await;
    let client = aws_sdk_codepipeline::Client::new(&sim.sdk(MANAGER));
    let found = client.get_pipeline_execution().pipeline_name("shop").pipeline_execution_id(&execution).send().await;
    assert_eq!(found.unwrap().pipeline_execution().unwrap().status().unwrap().as_str(), "Stopped");
}

#[tokio::test(start_paused = true)]
async fn a_release_that_is_aborted_leaves_no_request_behind() {
    let sim = approval_in_codepipeline();
    let run = sim.release().await;
    sim.approval_request(&run.id, "prod").await;
    sim.aborts(&run.id, false).await;
    run.end(&sim).await.is(Outcome::Aborted, 23);
    assert_eq!(sim.calls("StopPipelineExecution").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_execution_that_cannot_be_stopped_is_reported() {
    let sim = approval_in_codepipeline_for("10m");
    let run = sim.release().await;
    sim.approval_request(&run.id, "prod").await;
    sim.fault("StopPipelineExecution", Kind::AccessDenied, 1);
    let ended = run.end(&sim).await;
    ended.is(Outcome::Expired, 12);
    assert!(ended.has(
        |f| matches!(f, Fact::Warned { warning } if warning::text(warning).contains("still waits for an answer that no longer counts"))
    ));
}

/// In CodePipeline, anybody who may call PutApprovalResult can answer; the file says who may approve.
#[tokio::test(start_paused = true)]
async fn counts_only_if_the_file_names_the_approver() {
    let approval = json!({ "by": "codepipeline", "pipeline": "shop", "action": "Approve", "account": "dev",
        "approvers": ["arn:aws:iam::111111111111:user/somebody"], "expires": "24h" });
    let sim = Story::new().stages(&["prod"]).of_stage("prod", "enter", json!({ "approval": approval })).open();
    let run = sim.release().await;
    let request = sim.approval_request(&run.id, "prod").await;
    sim.hours(1).await;
    let refused = sim.try_answer(MANAGER, &run.id, "prod", Answer::Approved, "fine").await.unwrap_err();
    let refusal = refused.refusal();
    assert!(matches!(refusal, Some(Refusal::Answer(AnswerRefusal::MayNotAnswer { .. }))), "{refusal:?}");
    sim.answers_without_kanmon(MANAGER, &run.id, "prod", &request, &request.plan, Answer::Approved).await;
    let ended = run.end(&sim).await;
    ended.is(Outcome::Blocked, 10);
    assert!(ended.has(|f| matches!(f, Fact::ApprovalRefused { reason, .. } if approval::refusal(reason).contains("not among the approvers"))));
    assert!(sim.updates(PROD, "shop-prod", "web").is_empty());
}

/// The console lets anybody approve an action whose message does not name exactly one plan.
#[tokio::test(start_paused = true)]
async fn approves_nothing_if_the_message_names_no_plan() {
    let message = "/codepipeline/0/pipeline/stages/1/actions/0/configuration/CustomData";
    let approval =
        json!({ "by": "codepipeline", "pipeline": "shop", "action": "Approve", "account": "dev", "expires": "24h" });
    let story = Story::new().stages(&["prod"]).of_stage("prod", "enter", json!({ "approval": approval }));
    let sim = story.world(message, json!("please look at #{variables.KANMON_RELEASE}")).open();
    let execution = Some(execution(&sim).await);
    let run = sim.release_with(ReleaseOptions { execution, ..ReleaseOptions::default() }).await;
    let execution = sim.approval_request(&run.id, "prod").await.execution.unwrap();
    sim.hours(1).await;
    let client = aws_sdk_codepipeline::Client::new(&sim.sdk(MANAGER));
    let state = client.get_pipeline_state().name("shop").send().await.unwrap();
    let found = state.stage_states().iter().find(|s| {
        s.latest_execution().is_some_and(|e| e.pipeline_execution_id() == execution)
            && !s.action_states().is_empty()
            && s.action_states()[0].action_name() == Some("Approve")
    });
    let found = found.expect("it waits");
    let token = found.action_states()[0].latest_execution().and_then(|e| e.token()).unwrap();
    let result = aws_sdk_codepipeline::types::ApprovalResult::builder()
        .status(aws_sdk_codepipeline::types::ApprovalStatus::Approved)
        .summary("fine")
        .build()
        .unwrap();
    let answer = client.put_approval_result().pipeline_name("shop").stage_name(found.stage_name().unwrap());
    answer.action_name("Approve").result(result).token(token).send().await.unwrap();
    let ended = run.end(&sim).await;
    ended.is(Outcome::Blocked, 10);
    assert!(
        ended.has(|f| matches!(f, Fact::ApprovalRefused { reason, .. } if approval::refusal(reason).contains("does not name exactly one plan")))
    );
    assert!(sim.updates(PROD, "shop-prod", "web").is_empty());
}

/// The same, with an action after the approval that ends only when the test ends it, as a build would.
fn with_a_build_behind_it() -> Simulation {
    let approval = json!({ "by": "codepipeline", "pipeline": "shop", "action": "Approve", "account": "dev" });
    let approve = json!({ "name": "Approve",
        "actionTypeId": { "category": "Approval", "owner": "AWS", "provider": "Manual", "version": "1" },
        "configuration": { "CustomData": "plan #{variables.KANMON_PLAN}" } });
    let build = json!({ "name": "Build", "runOrder": 2,
        "actionTypeId": { "category": "Build", "owner": "AWS", "provider": "CodeBuild", "version": "1" } });
    Story::new()
        .stages(&["prod"])
        .of_stage("prod", "enter", json!({ "approval": approval }))
        .world("/codepipeline/0/pipeline/stages/1/actions", json!([approve, build]))
        .world("/codepipeline/0/actions", json!({ "Production/Build": { "external": true } }))
        .open()
}

/// The status of an execution of the pipeline.
async fn status(sim: &Simulation, execution: &str) -> String {
    let client = aws_sdk_codepipeline::Client::new(&sim.sdk(MANAGER));
    let found = client.get_pipeline_execution().pipeline_name("shop").pipeline_execution_id(execution).send().await;
    found.unwrap().pipeline_execution().unwrap().status().unwrap().as_str().to_owned()
}

#[tokio::test(start_paused = true)]
async fn what_was_approved_and_then_withdrawn_does_not_succeed_with_nothing_deployed() {
    let sim = with_a_build_behind_it();
    let run = sim.release().await;
    let id = run.id.clone();
    let execution = sim.approval_request(&id, "prod").await.execution.unwrap();
    run.crash(&sim).await;
    sim.hours(1).await;
    sim.approves(MANAGER, &id, "prod").await;
    sim.withdraws(MANAGER, &id, "prod", "a fault").await;
    let ended = sim.resumes(&id).await.end(&sim).await;
    ended.is(Outcome::Blocked, 10);
    assert!(!ended.has(|f| matches!(f, Fact::Warned { .. })));
    sim.hours(1).await;
    assert_eq!(status(&sim, &execution).await, "Stopped");
    assert!(sim.updates(PROD, "shop-prod", "web").is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_was_approved_read_and_then_rejected_does_not_succeed_either() {
    let sim = with_a_build_behind_it();
    let run = sim.release().await;
    let id = run.id.clone();
    let request = sim.approval_request(&id, "prod").await;
    sim.hours(1).await;
    // A harmless finding is new, so that the gate waits for the settling time between the approval and the stage.
    let later = LaterFindings {
        images: Images::default(),
        at: sim.time.timestamp(),
        findings: Findings::Counted("LOW:1".to_owned()),
    };
    sim.world.lock().unwrap().add_findings(later);
    sim.approves(MANAGER, &id, "prod").await;
    sim.fact(&id, "approved", |f| matches!(f, Fact::ApprovalGiven { .. })).await;
    sim.try_answer(MANAGER, &id, "prod", Answer::Rejected, "not on a Friday").await.unwrap();
    run.end(&sim).await.is(Outcome::Rejected, 11);
    sim.hours(1).await;
    assert_eq!(status(&sim, &request.execution.unwrap()).await, "Stopped");
    assert!(sim.updates(PROD, "shop-prod", "web").is_empty());
}

/// Its execution has ended, so it cannot be stopped any more.
#[tokio::test(start_paused = true)]
async fn an_execution_that_succeeded_with_nothing_deployed_is_reported() {
    let sim = approval_in_codepipeline();
    let run = sim.release().await;
    let id = run.id.clone();
    let execution = sim.approval_request(&id, "prod").await.execution.unwrap();
    run.crash(&sim).await;
    sim.hours(1).await;
    sim.approves(MANAGER, &id, "prod").await;
    sim.hours(1).await;
    sim.withdraws(MANAGER, &id, "prod", "a fault").await;
    let ended = sim.resumes(&id).await.end(&sim).await;
    ended.is(Outcome::Blocked, 10);
    assert_eq!(status(&sim, &execution).await, "Succeeded");
    let plainly =
        format!("execution {execution} of shop was approved and has succeeded, but nothing was deployed in prod");
    assert!(
        ended.has(|f| matches!(f, Fact::Warned { warning } if warning::text(warning) == plainly)),
        "{:?}",
        ended.release.warnings
    );
}

#[tokio::test(start_paused = true)]
async fn is_withdrawn_before_anybody_has_read_it() {
    let (sim, run, id) = waiting().await;
    run.crash(&sim).await;
    sim.hours(1).await;
    sim.approves(MANAGER, &id, "prod").await;
    sim.withdraws(MANAGER, &id, "prod", "a fault").await;
    let ended = sim.resumes(&id).await.end(&sim).await;
    ended.is(Outcome::Blocked, 10);
    ended.says("it was withdrawn");
    assert!(sim.updates(PROD, "shop-prod", "web").is_empty());
}
