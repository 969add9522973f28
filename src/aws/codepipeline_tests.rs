use crate::aws::testing::instead;
use crate::model::fault::{Fault, FaultKind};
use rstest::rstest;
use serde_json::{Value, json};

use super::*;
use crate::aws::testing::{Asked, Peer, Reply, account};
use crate::model::fault::approval::{self, ApprovalProblem, Decision};
use crate::model::fault::aws::Instead;

fn pipeline(handler: impl Fn(&Asked, usize) -> Reply + Send + Sync + 'static) -> (Peer, CodePipeline) {
    let peer = Peer::new(move |asked, before| match asked.op.as_str() {
        "GetCallerIdentity" => Reply::Json(Value::Null),
        _ => handler(asked, before),
    });
    let codepipeline = CodePipeline::new(peer.sessions());
    (peer, codepipeline)
}

const PLAN: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

fn verdict(approved: bool, summary: &str) -> Verdict<'_> {
    static ASKED: std::sync::LazyLock<PlanHash> = std::sync::LazyLock::new(|| PLAN.parse().unwrap());
    Verdict { approved, plan: &ASKED, summary }
}

fn detail(execution: &str, status: &str, result: Value) -> Value {
    json!({"pipelineExecutionId": execution, "actionExecutionId": format!("a-{execution}"), "stageName": "Prod",
           "actionName": "Approve", "startTime": 100, "lastUpdateTime": 200, "status": status,
           "input": {"configuration": {"CustomData": "plan #{variables.PLAN}"}, "resolvedConfiguration": {"CustomData": format!("plan {PLAN}")}},
           "output": {"executionResult": result}})
}

/// The state shows `execution`; the list has `ours`, and by a broken filter somebody else's.
fn answers(asked: &Asked, shown: &'static str, ours: &Value, latest: Value) -> Reply {
    match asked.op.as_str() {
        "ListActionExecutions" if asked.json().get("nextToken").is_none() => Reply::Json(json!({
            "actionExecutionDetails": [detail("other", "Succeeded", json!({}))], "nextToken": "2"})),
        "ListActionExecutions" => Reply::Json(json!({"actionExecutionDetails": ours})),
        "GetPipelineState" => {
            let mut latest = latest;
            latest["actionExecutionId"] = json!(format!("a-{shown}"));
            Reply::Json(json!({"stageStates": [{"stageName": "Prod",
                "latestExecution": {"pipelineExecutionId": shown, "status": "InProgress"},
                "actionStates": [{"actionName": "Approve", "latestExecution": latest}]}]}))
        }
        "GetPipelineExecution" => {
            Reply::Json(json!({"pipelineExecution": {"pipelineExecutionId": "mine", "status": "InProgress"}}))
        }
        "PutApprovalResult" => Reply::Json(json!({"approvedAt": 1})),
        other => panic!("{other}"),
    }
}

async fn state(shown: &'static str, ours: Value, latest: Value) -> ActionState {
    let (_, p) = pipeline(move |asked, _| answers(asked, shown, &ours, latest.clone()));
    p.action(&account("prod"), "asset", "mine", "Approve").await.unwrap().state
}

#[tokio::test]
async fn a_waiting_action_has_the_token_of_its_own_execution_only() {
    let ours = json!([detail("mine", "InProgress", json!({}))]);
    let latest = json!({"token": "t", "status": "InProgress"});
    assert_eq!(state("mine", ours.clone(), latest.clone()).await, ActionState::Waiting { token: Some("t".into()) });
    assert_eq!(state("other", ours, latest).await, ActionState::Waiting { token: None });
}

#[tokio::test]
async fn in_parallel_mode_the_token_is_the_actions_external_id() {
    let ours = json!([detail("mine", "InProgress", json!({"externalExecutionId": "ext"}))]);
    let latest = json!({"token": "t"});
    assert_eq!(state("other", ours, latest).await, ActionState::Waiting { token: Some("ext".into()) });
}

#[tokio::test]
async fn another_executions_approval_is_not_ours() {
    assert_eq!(state("other", json!([]), json!({"status": "Succeeded"})).await, ActionState::NotReached);
}

#[tokio::test]
async fn an_approval_has_its_approver_and_what_was_asked() {
    let ours = json!([detail("mine", "Succeeded", json!({"externalExecutionSummary": "looks good"}))]);
    let expected = |by: Option<&str>| {
        ActionState::Approved(Decided {
            by: by.map(str::to_owned),
            summary: "looks good".into(),
            at: Some(Timestamp200::at()),
            asked: Some(format!("plan {PLAN}")),
        })
    };
    let latest = json!({"lastUpdatedBy": "arn:aws:iam::222222222222:user/bo"});
    assert_eq!(state("mine", ours.clone(), latest.clone()).await, expected(Some("arn:aws:iam::222222222222:user/bo")));
    assert_eq!(
        state("other", ours, latest).await,
        expected(None),
        "who answered another execution did not answer ours"
    );
}

/// The `lastUpdateTime` of `detail`.
struct Timestamp200;

impl Timestamp200 {
    fn at() -> jiff::Timestamp {
        jiff::Timestamp::from_second(200).unwrap()
    }
}

#[tokio::test]
async fn a_rejection_has_a_person_and_a_timeout_has_none() {
    let failed = json!([detail("mine", "Failed", json!({"externalExecutionSummary": "no"}))]);
    let by_bo = state("mine", failed, json!({"lastUpdatedBy": "bo"})).await;
    assert_eq!(
        by_bo,
        ActionState::Rejected(Decided {
            by: Some("bo".into()),
            summary: "no".into(),
            at: Some(Timestamp200::at()),
            asked: Some(format!("plan {PLAN}")),
        })
    );
    let late = json!([detail("mine", "Failed", json!({"errorDetails": {"message": "Approval has timed out"}}))]);
    assert_eq!(
        state("mine", late, json!({})).await,
        ActionState::Ended {
            why: Undecided::ActionEnded {
                status: Some(ActionStatus::Failed),
                said: Some("Approval has timed out".into())
            }
        }
    );
}

/// A stage that failed is retried in the same execution, where the action asks again.
#[tokio::test]
async fn decisions_of_earlier_runs_of_an_action_are_kept() {
    let run = |nth: i64, status: &str, result: Value| {
        let mut run = detail("mine", status, result);
        run["startTime"] = json!(100 * nth);
        run["updatedBy"] = json!(format!("arn:aws:iam::222222222222:user/{nth}"));
        run
    };
    let late = json!({"errorDetails": {"code": "TimedOut", "message": "late"}});
    let no = json!({"externalExecutionSummary": "no", "errorDetails": {"code": "Rejected", "message": "no"}});
    // As CodePipeline lists them: newest first.
    let ours = json!([
        run(4, "Succeeded", json!({})),
        run(3, "Abandoned", json!({})),
        run(2, "Failed", no),
        run(1, "Failed", late)
    ]);
    let (_, p) = pipeline(move |asked, _| answers(asked, "other", &ours, json!({})));
    let action = p.action(&account("prod"), "asset", "mine", "Approve").await.unwrap();
    let by = |(answer, decided): (Answer, &Decided)| (answer, decided.by.clone().unwrap().pop().unwrap());
    let decided: Vec<_> = action.decisions().map(by).collect();
    assert_eq!(decided, [(Answer::Rejected, '2'), (Answer::Approved, '4')]);
    assert_eq!(action.before[0].1.summary, "no");
}

#[rstest]
#[case("InProgress", false)]
#[case("Superseded", true)]
#[case("Stopped", true)]
#[tokio::test]
async fn an_execution_that_ended_before_the_action_never_reaches_it(#[case] status: &'static str, #[case] ended: bool) {
    let (_, p) = pipeline(move |asked, _| match asked.op.as_str() {
        "ListActionExecutions" => Reply::Json(json!({"actionExecutionDetails": []})),
        _ => Reply::Json(json!({"pipelineExecution": {"pipelineExecutionId": "mine", "status": status}})),
    });
    let state = p.action(&account("prod"), "asset", "mine", "Approve").await.unwrap().state;
    assert_eq!(matches!(state, ActionState::Ended { .. }), ended, "{state:?}");
}

#[tokio::test]
async fn an_answer_carries_token_stage_and_a_summary_that_fits() {
    let ours = json!([detail("mine", "InProgress", json!({}))]);
    let (peer, p) = pipeline(move |asked, _| answers(asked, "mine", &ours, json!({"token": "t"})));
    p.answer(&account("prod"), "asset", "mine", "Approve", verdict(false, &"é".repeat(600))).await.unwrap();
    assert_eq!(
        peer.asked("PutApprovalResult")[0].json(),
        json!({"pipelineName": "asset", "stageName": "Prod", "actionName": "Approve", "token": "t",
               "result": {"status": "Rejected", "summary": "é".repeat(512)}})
    );
}

#[tokio::test]
async fn an_answer_to_an_execution_that_does_not_wait_is_never_sent() {
    let ours = json!([detail("mine", "Succeeded", json!({}))]);
    let (peer, p) = pipeline(move |asked, _| answers(asked, "mine", &ours, json!({"token": "t"})));
    let fault = p.answer(&account("prod"), "asset", "mine", "Approve", verdict(true, "")).await.unwrap_err();
    assert_eq!(fault.kind(), FaultKind::Invalid);
    assert!(peer.asked("PutApprovalResult").is_empty());
}

#[rstest]
#[case::another_plan(json!({"CustomData": "plan fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"}))]
#[case::only_its_beginning(json!({"CustomData": format!("plan {}", &PLAN[..16])}))]
#[case::a_digest(json!({"CustomData": format!("sha256:{PLAN}")}))]
#[case::no_text(json!({}))]
#[case::two_plans(json!({"CustomData": format!("plan {PLAN} or fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210")}))]
#[case::only_a_link(json!({"ExternalEntityLink": format!("https://changes.example/?plan={PLAN}")}))]
#[case::a_link_beside_another_text(json!({"CustomData": "please look", "ExternalEntityLink": format!("https://changes.example/?plan={PLAN}")}))]
#[case::a_link_of_another_plan(json!({"CustomData": format!("plan {PLAN}"), "ExternalEntityLink": "https://changes.example/fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"}))]
#[tokio::test]
async fn an_action_whose_own_text_does_not_name_the_plan_gets_no_answer(#[case] resolved: Value) {
    let mut ours = json!([detail("mine", "InProgress", json!({}))]);
    ours[0]["input"]["resolvedConfiguration"] = resolved;
    let (peer, p) = pipeline(move |asked, _| answers(asked, "mine", &ours, json!({"token": "t"})));
    for approved in [true, false] {
        let fault = p.answer(&account("prod"), "asset", "mine", "Approve", verdict(approved, "")).await.unwrap_err();
        assert_eq!(fault.kind(), FaultKind::Invalid);
        assert_eq!(fault.code(), "approval-of-another-plan");
    }
    assert!(peer.asked("PutApprovalResult").is_empty());
}

#[tokio::test]
async fn somebody_elses_decision_is_shown() {
    let (peer, p) = pipeline(|asked, before| match (asked.op.as_str(), before) {
        ("PutApprovalResult", _) => Reply::Error(400, "ApprovalAlreadyCompletedException", "done"),
        // The decision falls between our look and our answer.
        ("ListActionExecutions", n) => {
            let status = if n < 2 { "InProgress" } else { "Succeeded" };
            answers(asked, "mine", &json!([detail("mine", status, json!({}))]), json!({}))
        }
        _ => answers(asked, "mine", &json!([]), json!({"token": "t", "lastUpdatedBy": "bo"})),
    });
    let fault = p.answer(&account("prod"), "asset", "mine", "Approve", verdict(true, "")).await.unwrap_err();
    let asked = approval::Asked { pipeline: "asset".into(), action: "Approve".into(), execution: "mine".into() };
    let (decision, by) = (Some(Decision::Approved), Some("bo".to_owned()));
    assert_eq!(fault, Fault { said: fault.said.clone(), ..ApprovalProblem::Decided { asked, decision, by }.into() });
    assert_eq!(peer.asked("PutApprovalResult").len(), 1);
}

#[tokio::test]
async fn an_answer_that_is_lost_is_sent_once_and_stays_ambiguous() {
    let ours = json!([detail("mine", "InProgress", json!({}))]);
    let (peer, p) = pipeline(move |asked, _| match asked.op.as_str() {
        "PutApprovalResult" => Reply::Reset,
        _ => answers(asked, "mine", &ours, json!({"token": "t"})),
    });
    let fault = p.answer(&account("prod"), "asset", "mine", "Approve", verdict(true, "")).await.unwrap_err();
    assert_eq!((fault.kind(), peer.asked("PutApprovalResult").len()), (FaultKind::Ambiguous, 1));
}

#[tokio::test]
async fn a_start_carries_variables_and_token_and_may_be_repeated() {
    let (peer, p) = pipeline(|_, before| match before {
        0 => Reply::Error(500, "InternalFailure", ""),
        _ => Reply::Json(json!({"pipelineExecutionId": "new"})),
    });
    let variables = BTreeMap::from([("KANMON_RELEASE".to_owned(), "r1".to_owned())]);
    assert_eq!(p.start(&account("prod"), "asset", &variables, "token").await.unwrap(), "new");
    let asked = peer.asked("StartPipelineExecution");
    assert_eq!(asked.len(), 2);
    assert_eq!(
        asked[1].json(),
        json!({"name": "asset", "clientRequestToken": "token", "variables": [{"name": "KANMON_RELEASE", "value": "r1"}]})
    );
}

#[tokio::test]
async fn a_pipeline_without_variables_is_started_without_their_list() {
    let (peer, p) = pipeline(|_, _| Reply::Json(json!({"pipelineExecutionId": "new"})));
    p.start(&account("prod"), "asset", &BTreeMap::new(), "token").await.unwrap();
    let asked = peer.asked("StartPipelineExecution");
    assert_eq!(asked[0].json(), json!({"name": "asset", "clientRequestToken": "token"}));
}

#[tokio::test]
async fn a_missing_pipeline_is_reported_with_the_nearest_name() {
    let (_, p) = pipeline(|asked, _| match asked.op.as_str() {
        "ListPipelines" => Reply::Json(json!({"pipelines": [{"name": "asset-manager"}]})),
        _ => Reply::Error(400, "PipelineNotFoundException", "no"),
    });
    let fault = p.start(&account("prod"), "asset-manger", &BTreeMap::new(), "t").await.unwrap_err();
    assert_eq!((fault.kind(), instead(&fault)), (FaultKind::NotFound, &Instead::Nearest("asset-manager".into())));
}

#[tokio::test]
async fn an_execution_has_its_variables_and_trigger() {
    let (_, p) = pipeline(|_, _| {
        Reply::Json(json!({"pipelineExecution": {"pipelineExecutionId": "mine", "status": "InProgress",
            "variables": [{"name": "KANMON_PLAN", "resolvedValue": "abc"}],
            "trigger": {"triggerType": "StartPipelineExecution", "triggerDetail": "arn:aws:iam::222222222222:user/ann"}}}))
    });
    let e = p.execution(&account("prod"), "asset", "mine").await.unwrap();
    let e = e.unwrap();
    assert_eq!(e.variables["KANMON_PLAN"], "abc");
    let ann = Trigger::Principal { arn: "arn:aws:iam::222222222222:user/ann".to_owned() };
    assert_eq!((e.status.as_str(), e.trigger), ("InProgress", ann));
}
