//! Stories of executions and approvals, end through the API.

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::CodePipeline;
use crate::model::ids::{AccountId, Region};
use crate::sandbox::latency::Latency;
use crate::sandbox::service::{Answer, Call};
use crate::sandbox::wire::{self, Protocol, Service, Wire};

struct Rig {
    codepipeline: CodePipeline,
    now: Timestamp,
    account: AccountId,
    region: Region,
}

fn action(name: &str, category: &str, provider: &str) -> Value {
    json!({ "name": name, "actionTypeId": { "category": category, "owner": "AWS", "provider": provider, "version": "1" } })
}

fn seed(mode: &str) -> Value {
    let mut source = action("Source", "Source", "CodeStarSourceConnection");
    source["outputArtifacts"] = json!([{ "name": "src" }]);
    let mut build = action("Build", "Build", "CodeBuild");
    build["namespace"] = json!("Build");
    let mut approve = action("Approve", "Approval", "Manual");
    approve["timeoutInMinutes"] = json!(60);
    approve["configuration"] = json!({
        "CustomData": "release #{variables.RELEASE} of #{codepipeline.PipelineExecutionId}: #{Build.PLAN} #{none.x}",
        "ExternalEntityLink": "https://example.com/",
    });
    let mut promote = action("Promote", "Build", "CodeBuild");
    promote["runOrder"] = json!(2);
    json!({
        "account": "111111111111", "region": "ap-northeast-1",
        "pipeline": {
            "name": "asset", "executionMode": mode,
            "variables": [{ "name": "RELEASE" }, { "name": "NOTE", "defaultValue": "none" }],
            "stages": [
                { "name": "Source", "actions": [source] },
                { "name": "Build", "actions": [build] },
                { "name": "Prod", "actions": [approve, promote] },
            ],
        },
        "actions": { "Build/Build": { "seconds": 90, "outputVariables": { "PLAN": "abc" } } },
    })
}

impl Rig {
    fn new(mode: &str) -> Rig {
        Rig::from(seed(mode))
    }

    fn from(seed: Value) -> Rig {
        let now = "2026-01-31T00:00:00Z".parse().unwrap();
        let mut codepipeline = CodePipeline::new(Latency::REAL);
        codepipeline.seed(&seed, now).unwrap();
        let (account, region) = ("111111111111".parse().unwrap(), "ap-northeast-1".parse().unwrap());
        Rig { codepipeline, now, account, region }
    }

    fn call(&mut self, op: &str, input: Value) -> Answer {
        let principal = "arn:aws:sts::111111111111:assumed-role/approver/kate";
        wire::shape::validate(&Wire {
            service: Service::CodePipeline,
            protocol: Protocol::Json11,
            op: op.to_owned(),
            input: input.clone(),
        })?;
        let call = Call { op, input: &input, account: &self.account, region: &self.region, principal, now: self.now };
        self.codepipeline.handle(&call)
    }

    fn ok(&mut self, op: &str, input: Value) -> Value {
        self.call(op, input).unwrap_or_else(|e| panic!("{op}: {e:?}"))
    }

    fn code(&mut self, op: &str, input: Value) -> String {
        self.call(op, input).expect_err(op).code
    }

    fn pass(&mut self, seconds: i64) {
        self.now += SignedDuration::from_secs(seconds);
        self.codepipeline.advance(self.now);
    }

    fn start(&mut self) -> String {
        let variables = json!([{ "name": "RELEASE", "value": "r1" }]);
        let started = self.ok("StartPipelineExecution", json!({ "name": "asset", "variables": variables }));
        started["pipelineExecutionId"].as_str().unwrap().to_owned()
    }

    fn execution(&mut self, id: &str) -> Value {
        self.ok("GetPipelineExecution", json!({ "pipelineName": "asset", "pipelineExecutionId": id }))
            ["pipelineExecution"]
            .take()
    }

    fn status(&mut self, id: &str) -> String {
        self.execution(id)["status"].as_str().unwrap().to_owned()
    }

    /// The stage as GetPipelineState shows it.
    fn stage(&mut self, name: &str) -> Value {
        let state = self.ok("GetPipelineState", json!({ "name": "asset" }));
        state["stageStates"].as_array().unwrap().iter().find(|s| s["stageName"] == name).unwrap().clone()
    }

    fn approval(&mut self) -> Value {
        self.stage("Prod")["actionStates"][0]["latestExecution"].clone()
    }

    fn decide(&mut self, token: &Value, status: &str, summary: &str) -> Answer {
        let result = json!({ "status": status, "summary": summary });
        let input = json!({ "pipelineName": "asset", "stageName": "Prod", "actionName": "Approve", "token": token, "result": result });
        self.call("PutApprovalResult", input)
    }

    fn actions(&mut self, id: &str) -> Vec<Value> {
        let filter = json!({ "pipelineExecutionId": id });
        let listed = self.ok("ListActionExecutions", json!({ "pipelineName": "asset", "filter": filter }));
        listed["actionExecutionDetails"].as_array().unwrap().clone()
    }
}

#[test]
fn an_approval_waits_for_a_person_and_what_is_approved_goes_on() {
    let mut rig = Rig::new("QUEUED");
    let id = rig.start();
    rig.pass(80);
    assert_eq!(rig.stage("Build")["latestExecution"]["status"], "InProgress");
    rig.pass(20);
    let waiting = rig.approval();
    assert_eq!(waiting["status"], "InProgress");
    assert_eq!(rig.stage("Prod")["latestExecution"]["pipelineExecutionId"], json!(id));
    let shown = rig.actions(&id)[0]["input"]["resolvedConfiguration"]["CustomData"].clone();
    assert_eq!(shown, json!(format!("release r1 of {id}: abc #{{none.x}}")));

    rig.decide(&waiting["token"], "Approved", "looks good").unwrap();
    let decided = rig.approval();
    assert_eq!(decided.get("token"), None);
    assert_eq!((&decided["status"], &decided["summary"]), (&json!("Succeeded"), &json!("looks good")));
    assert_eq!(decided["lastUpdatedBy"], "arn:aws:sts::111111111111:assumed-role/approver/kate");
    let listed = rig.actions(&id).into_iter().find(|a| a["actionName"] == "Approve").unwrap();
    assert_eq!(listed["updatedBy"], decided["lastUpdatedBy"]);
    assert_eq!(listed["output"]["executionResult"]["externalExecutionSummary"], "looks good");

    let again = rig.decide(&waiting["token"], "Rejected", "").unwrap_err();
    assert_eq!(again.code, "ApprovalAlreadyCompletedException");
    assert_eq!(rig.status(&id), "InProgress");
    rig.pass(60);
    assert_eq!(rig.status(&id), "Succeeded");
}

#[test]
fn a_rejection_fails_the_execution() {
    let mut rig = Rig::new("QUEUED");
    let id = rig.start();
    rig.pass(100);
    let token = rig.approval()["token"].clone();
    rig.decide(&token, "Rejected", "not on a Friday").unwrap();
    assert_eq!(rig.status(&id), "Failed");
    assert_eq!((&rig.approval()["status"], &rig.approval()["summary"]), (&json!("Failed"), &json!("not on a Friday")));
    rig.pass(600);
    assert!(rig.actions(&id).iter().all(|a| a["actionName"] != "Promote"));
}

fn of(id: &str, mode: &str) -> Value {
    json!({ "pipelineName": "asset", "stageName": "Prod", "pipelineExecutionId": id, "retryMode": mode })
}

#[test]
fn a_stage_that_failed_is_retried_in_the_same_execution_and_asks_again() {
    let mut rig = Rig::new("QUEUED");
    let id = rig.start();
    rig.pass(100);
    assert_eq!(rig.code("RetryStageExecution", of(&id, "FAILED_ACTIONS")), "StageNotRetryableException");
    let first = rig.approval();
    rig.decide(&first["token"], "Rejected", "not on a Friday").unwrap();
    assert_eq!(rig.ok("RetryStageExecution", of(&id, "FAILED_ACTIONS"))["pipelineExecutionId"], json!(id));
    let second = rig.approval();
    assert_eq!((rig.status(&id).as_str(), &second["status"]), ("InProgress", &json!("InProgress")));
    assert!(second["token"] != first["token"] && second["actionExecutionId"] != first["actionExecutionId"]);
    assert_eq!(rig.decide(&first["token"], "Approved", "").unwrap_err().code, "ApprovalAlreadyCompletedException");
    rig.pass(10);
    rig.decide(&second["token"], "Approved", "a Monday").unwrap();
    let runs = rig.actions(&id).into_iter().filter(|a| a["actionName"] == "Approve");
    let runs: Vec<Value> = runs.map(|a| a["status"].clone()).collect();
    assert_eq!(runs, ["Succeeded", "Failed"], "the newest first");
    rig.pass(60);
    assert_eq!(rig.status(&id), "Succeeded");
}

#[test]
fn all_actions_of_a_stage_are_retried_from_its_first() {
    let mut seed = seed("QUEUED");
    seed["actions"]["Prod/Promote"] = json!({ "fails": true });
    let mut rig = Rig::from(seed);
    let id = rig.start();
    rig.pass(100);
    let token = rig.approval()["token"].clone();
    rig.decide(&token, "Approved", "").unwrap();
    rig.pass(60);
    assert_eq!(rig.status(&id), "Failed");
    rig.ok("RetryStageExecution", of(&id, "ALL_ACTIONS"));
    assert_eq!(rig.approval()["status"], "InProgress", "it asks again before the build");
    let promotes = |rig: &mut Rig| rig.actions(&id).iter().filter(|a| a["actionName"] == "Promote").count();
    assert_eq!(promotes(&mut rig), 1);
    let token = rig.approval()["token"].clone();
    rig.decide(&token, "Approved", "").unwrap();
    assert_eq!(promotes(&mut rig), 2);
    // Of the failed ones alone, the approval stands.
    rig.pass(60);
    rig.ok("RetryStageExecution", of(&id, "FAILED_ACTIONS"));
    assert_eq!((promotes(&mut rig), &rig.approval()["status"]), (3, &json!("Succeeded")));
    let mut stage = of(&id, "ALL_ACTIONS");
    stage["stageName"] = json!("Nowhere");
    assert_eq!(rig.code("RetryStageExecution", stage), "StageNotFoundException");
    rig.pass(60);
    rig.start();
    rig.pass(100);
    assert_eq!(rig.code("RetryStageExecution", of(&id, "ALL_ACTIONS")), "NotLatestPipelineExecutionException");
}

#[test]
fn an_approval_that_nobody_answers_times_out() {
    let mut rig = Rig::new("QUEUED");
    let id = rig.start();
    rig.pass(95 + 3599);
    assert_eq!(rig.status(&id), "InProgress");
    let token = rig.approval()["token"].clone();
    rig.pass(1);
    assert_eq!(rig.status(&id), "Failed");
    assert_eq!(rig.approval()["errorDetails"]["code"], "TimedOut");
    assert_eq!(rig.decide(&token, "Approved", "").unwrap_err().code, "ApprovalAlreadyCompletedException");
}

#[test]
fn a_wrong_approval_is_refused_with_its_own_error() {
    let mut rig = Rig::new("QUEUED");
    rig.start();
    rig.pass(100);
    let token = rig.approval()["token"].clone();
    let stale = json!("00000000-0000-0000-0000-000000000000");
    assert_eq!(rig.decide(&stale, "Approved", "").unwrap_err().code, "InvalidApprovalTokenException");
    assert_eq!(rig.decide(&token, "Approved", &"x".repeat(513)).unwrap_err().code, "ValidationException");
    assert_eq!(rig.decide(&token, "Perhaps", "").unwrap_err().code, "ValidationException");
    let mut input = json!({ "pipelineName": "none", "stageName": "Prod", "actionName": "Approve", "token": token,
        "result": { "status": "Approved", "summary": "" } });
    assert_eq!(rig.code("PutApprovalResult", input.clone()), "PipelineNotFoundException");
    input["pipelineName"] = json!("asset");
    input["actionName"] = json!("Promote");
    assert_eq!(rig.code("PutApprovalResult", input.clone()), "ActionNotFoundException");
    input["stageName"] = json!("None");
    assert_eq!(rig.code("PutApprovalResult", input), "StageNotFoundException");
    rig.decide(&token, "Approved", &"x".repeat(512)).unwrap();
}

#[test]
fn variables_are_checked_against_the_declared_ones() {
    let mut rig = Rig::new("QUEUED");
    let start = |variables: Value| json!({ "name": "asset", "variables": variables });
    assert_eq!(rig.code("StartPipelineExecution", start(json!([]))), "ValidationException");
    let unknown = json!([{ "name": "RELEASE", "value": "r1" }, { "name": "OTHER", "value": "x" }]);
    assert_eq!(rig.code("StartPipelineExecution", start(unknown)), "ValidationException");
    let empty = json!([{ "name": "RELEASE", "value": "" }]);
    assert_eq!(rig.code("StartPipelineExecution", start(empty)), "ValidationException");
    let id = rig.start();
    let resolved = json!([{ "name": "RELEASE", "resolvedValue": "r1" }, { "name": "NOTE", "resolvedValue": "none" }]);
    assert_eq!(rig.execution(&id)["variables"], resolved);
}

#[test]
fn a_request_token_starts_one_execution() {
    let mut rig = Rig::new("QUEUED");
    let input =
        json!({ "name": "asset", "clientRequestToken": "t-1", "variables": [{ "name": "RELEASE", "value": "r1" }] });
    let (first, again) = (rig.ok("StartPipelineExecution", input.clone()), rig.ok("StartPipelineExecution", input));
    assert_eq!(first, again);
    let listed = rig.ok("ListPipelineExecutions", json!({ "pipelineName": "asset" }));
    assert_eq!(listed["pipelineExecutionSummaries"].as_array().unwrap().len(), 1);
}

#[test]
fn a_pending_approval_holds_its_stage_and_waiting_executions_are_superseded_before_it() {
    let mut rig = Rig::new("SUPERSEDED");
    let first = rig.start();
    rig.pass(100);
    let second = rig.start();
    rig.pass(100);
    let third = rig.start();
    rig.pass(100);
    assert_eq!(rig.stage("Prod")["latestExecution"]["pipelineExecutionId"], json!(first));
    assert_eq!(rig.stage("Prod")["inboundExecution"]["pipelineExecutionId"], json!(third));
    assert_eq!((rig.status(&first), rig.status(&second)), ("InProgress".into(), "Superseded".into()));
    let token = rig.approval()["token"].clone();
    rig.decide(&token, "Approved", "").unwrap();
    rig.pass(61);
    assert_eq!(rig.stage("Prod")["latestExecution"]["pipelineExecutionId"], json!(third));
    assert_ne!(rig.approval()["token"], token);
}

#[test]
fn queued_executions_wait_in_line() {
    let mut rig = Rig::new("QUEUED");
    let ids = [rig.start(), rig.start(), rig.start()];
    rig.pass(600);
    assert!(ids.iter().all(|id| rig.status(id) == "InProgress"));
    for id in &ids {
        assert_eq!(rig.stage("Prod")["latestExecution"]["pipelineExecutionId"], json!(id));
        let token = rig.approval()["token"].clone();
        rig.decide(&token, "Rejected", "").unwrap();
    }
}

#[test]
fn parallel_executions_have_their_token_in_the_action_executions_only() {
    let mut rig = Rig::new("PARALLEL");
    let (first, second) = (rig.start(), rig.start());
    rig.pass(100);
    assert_eq!(rig.approval().get("token"), None);
    let token =
        |rig: &mut Rig, id: &str| rig.actions(id)[0]["output"]["executionResult"]["externalExecutionId"].clone();
    let (one, two) = (token(&mut rig, &first), token(&mut rig, &second));
    assert_ne!(one, two);
    rig.decide(&two, "Approved", "").unwrap();
    rig.pass(60);
    assert_eq!((rig.status(&first), rig.status(&second)), ("InProgress".into(), "Succeeded".into()));
}

#[test]
fn a_stopped_execution_abandons_its_approval() {
    let mut rig = Rig::new("QUEUED");
    let id = rig.start();
    rig.pass(100);
    let token = rig.approval()["token"].clone();
    let stop =
        |abandon| json!({ "pipelineName": "asset", "pipelineExecutionId": id, "abandon": abandon, "reason": "no" });
    rig.ok("StopPipelineExecution", stop(false));
    assert_eq!(rig.status(&id), "Stopping");
    assert_eq!(rig.code("StopPipelineExecution", stop(false)), "DuplicatedStopRequestException");
    rig.ok("StopPipelineExecution", stop(true));
    rig.pass(10);
    assert_eq!(rig.status(&id), "Stopped");
    assert_eq!(rig.approval()["status"], "Abandoned");
    assert_eq!(rig.decide(&token, "Approved", "").unwrap_err().code, "ApprovalAlreadyCompletedException");
    assert_eq!(rig.code("StopPipelineExecution", stop(true)), "PipelineExecutionNotStoppableException");
}

#[test]
fn an_action_that_the_seed_fails_fails_the_execution() {
    let mut seed = seed("QUEUED");
    seed["actions"]["Build/Build"] = json!({ "fails": true, "summary": "exit status 10" });
    let mut rig = Rig::from(seed);
    let id = rig.start();
    rig.pass(100);
    assert_eq!(rig.status(&id), "Failed");
    let failed = rig.stage("Build")["actionStates"][0]["latestExecution"].clone();
    assert_eq!(failed["errorDetails"]["message"], "exit status 10");
    assert_eq!(rig.stage("Prod").get("latestExecution"), None);
}

#[test]
fn action_executions_come_in_pages_newest_first() {
    let mut rig = Rig::new("QUEUED");
    let id = rig.start();
    rig.pass(100);
    let mut query = json!({ "pipelineName": "asset", "filter": { "pipelineExecutionId": id }, "maxResults": 1 });
    let mut names = Vec::new();
    loop {
        let page = rig.ok("ListActionExecutions", query.clone());
        names.push(page["actionExecutionDetails"][0]["actionName"].as_str().unwrap().to_owned());
        match page.get("nextToken") {
            Some(token) => query["nextToken"] = token.clone(),
            None => break,
        }
    }
    assert_eq!(names, ["Approve", "Build", "Source"]);
    query["nextToken"] = json!("nonsense");
    assert_eq!(rig.code("ListActionExecutions", query), "InvalidNextTokenException");
    let missing = json!({ "pipelineName": "asset", "pipelineExecutionId": "00000000-0000-0000-0000-000000000000" });
    assert_eq!(rig.code("GetPipelineExecution", missing), "PipelineExecutionNotFoundException");
}

#[test]
fn a_seed_that_names_no_action_of_the_pipeline_is_refused() {
    let mut seed = seed("QUEUED");
    seed["actions"]["Build/Biuld"] = json!({});
    let mut codepipeline = CodePipeline::new(Latency::REAL);
    let refused = codepipeline.seed(&seed, Timestamp::UNIX_EPOCH).unwrap_err();
    assert!(refused.contains("Build/Biuld"), "{refused}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn one_long_step_comes_to_the_same_as_many_short_ones(
        mode in prop_oneof![Just("SUPERSEDED"), Just("QUEUED"), Just("PARALLEL")],
        waits in proptest::collection::vec(0i64..200, 1..6), step in 1i64..50,
    ) {
        let (mut long, mut short) = (Rig::new(mode), Rig::new(mode));
        for wait in waits.iter().chain(&[5000]) {
            prop_assert_eq!(long.start(), short.start());
            let mut left = *wait;
            while left > 0 {
                short.pass(step.min(left));
                left -= step;
            }
            long.pass(*wait);
        }
        let all = json!({ "pipelineName": "asset" });
        for op in ["ListActionExecutions", "ListPipelineExecutions"] {
            prop_assert_eq!(long.ok(op, all.clone()), short.ok(op, all.clone()));
        }
    }
}

#[test]
fn an_action_whose_work_is_done_outside_ends_as_reported() {
    let mut seed = seed("QUEUED");
    seed["actions"] = json!({ "Build/Build": { "external": true }, "Prod/Promote": { "external": true } });
    let mut rig = Rig::from(seed);
    let end_action = |rig: &mut Rig, id: &str, action: &str, end: Value| {
        let end = json!({
            "account": "111111111111", "region": "ap-northeast-1", "pipeline": "asset", "execution": id, "action": action, "end": end,
        });
        rig.codepipeline.end_action(serde_json::from_value(end).unwrap(), rig.now)
    };
    let id = rig.start();
    rig.pass(86_400);
    assert_eq!(rig.stage("Build")["latestExecution"]["status"], "InProgress");
    let early = end_action(&mut rig, &id, "Prod/Promote", json!({})).unwrap_err();
    assert_eq!(early, "no action Prod/Promote waits for its end");
    end_action(&mut rig, &id, "Build/Build", json!({ "outputVariables": { "PLAN": "def" } })).unwrap();
    end_action(&mut rig, &id, "Build/Build", json!({})).unwrap_err();
    let shown = rig.actions(&id)[0]["input"]["resolvedConfiguration"]["CustomData"].clone();
    assert_eq!(shown, json!(format!("release r1 of {id}: def #{{none.x}}")));

    let token = rig.approval()["token"].clone();
    rig.decide(&token, "Approved", "").unwrap();
    assert_eq!(rig.status(&id), "InProgress");
    end_action(&mut rig, &id, "Prod/Promote", json!({ "fails": true, "summary": "exit code 10" })).unwrap();
    assert_eq!(rig.status(&id), "Failed");
    assert_eq!(rig.stage("Prod")["actionStates"][1]["latestExecution"]["summary"], "exit code 10");
}
