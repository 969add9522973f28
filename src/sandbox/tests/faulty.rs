use aws_sdk_ecr::Client;
use serde_json::{Value, json};

use super::*;
use crate::sandbox::faults::{Fault, Kind};

fn fault(operation: &str, kind: Kind) -> Fault {
    Fault { operation: operation.to_owned(), account: None, count: 1, kind }
}

fn get(stage: &Stage, path: &str) -> (u16, Value) {
    let response = stage.send(Request::get(path).body(Bytes::new()).unwrap());
    (response.status().as_u16(), serde_json::from_slice(response.body()).unwrap())
}

#[tokio::test]
async fn a_lost_reply_is_a_call_that_took_place() {
    let stage = Stage::demo();
    let ecr = Client::new(&stage.developer());
    let make = |name: &str| ecr.create_repository().repository_name(name).send();
    stage.world.lock().unwrap().order_fault(fault("CreateRepository", Kind::ResetAfter));
    assert!(make("lost").await.unwrap_err().as_service_error().is_none());
    assert_eq!(said(make("lost").await).0, "RepositoryAlreadyExistsException");
    stage.world.lock().unwrap().order_fault(fault("CreateRepository", Kind::ResetBefore));
    assert!(make("never").await.unwrap_err().as_service_error().is_none());
    make("never").await.unwrap();
}

#[tokio::test]
async fn each_kind_has_its_services_own_code_and_ends_with_its_count() {
    let stage = Stage::demo();
    let ecr = Client::new(&stage.developer());
    let sts = aws_sdk_sts::Client::new(&stage.developer());
    let inspector = aws_sdk_inspector2::Client::new(&stage.developer());
    for (kind, expected) in [
        (Kind::Throttle, ["ThrottlingException", "Throttling", "ThrottlingException"]),
        (Kind::ServerError, ["ServerException", "InternalFailure", "InternalServerException"]),
        (Kind::AccessDenied, ["AccessDeniedException", "AccessDenied", "AccessDeniedException"]),
        (Kind::ExpiredToken, ["ExpiredTokenException", "ExpiredToken", "ExpiredTokenException"]),
    ] {
        stage.world.lock().unwrap().order_fault(Fault { count: 3, ..fault("*", kind) });
        let codes = [
            said(ecr.describe_repositories().send().await).0,
            said(sts.get_caller_identity().send().await).0,
            said(inspector.list_coverage().send().await).0,
        ];
        assert_eq!(codes, expected);
        ecr.describe_repositories().send().await.unwrap();
    }
}

#[tokio::test]
async fn a_stale_read_answers_what_it_answered_before() {
    let stage = Stage::demo();
    let ecr = Client::new(&stage.developer());
    let count = || async { ecr.describe_repositories().send().await.unwrap().repositories().len() };
    let before = count().await;
    ecr.create_repository().repository_name("new").send().await.unwrap();
    stage.world.lock().unwrap().order_fault(fault("DescribeRepositories", Kind::StaleRead));
    assert_eq!((count().await, count().await), (before, before + 1));
}

#[tokio::test]
async fn faults_are_ordered_and_calls_are_logged_over_http() {
    let stage = Stage::demo();
    let order = json!([{"operation": "CreateRepository", "account": "111111111111", "kind": "throttle"},
                       {"operation": "GetCallerIdentity", "count": 2, "kind": {"slow": 250}}]);
    let post =
        |body: &Value| stage.send(Request::post("/_sandbox/faults").body(Bytes::from(body.to_string())).unwrap());
    assert_eq!(post(&order).status(), 200);
    assert_eq!(post(&json!({"operation": "X", "kind": "nonsense"})).status(), 400);
    let ecr = Client::new(&stage.developer());
    let throttled = said(ecr.create_repository().repository_name("x1").send().await);
    assert_eq!(throttled, ("ThrottlingException".to_owned(), "Rate exceeded".to_owned()));
    let before = stage.clock.timestamp();
    aws_sdk_sts::Client::new(&stage.developer()).get_caller_identity().send().await.unwrap();
    assert_eq!(stage.clock.timestamp() - before, jiff::SignedDuration::from_millis(250));
    let (_, log) = get(&stage, "/_sandbox/log");
    let call = &log["calls"][0];
    assert_eq!(call["operation"], "CreateRepository");
    assert_eq!(call["principal"], "arn:aws:iam::111111111111:user/developer");
    assert_eq!((&call["status"], &call["code"]), (&json!(400), &json!("ThrottlingException")));
    assert_eq!(call["input"]["repositoryName"], "x1");
    let (_, later) = get(&stage, "/_sandbox/log?after=1");
    assert_eq!(later["calls"].as_array().unwrap().len(), 1);
}

#[test]
fn a_service_that_does_not_run_is_unavailable() {
    let stage = Stage::demo();
    assert_eq!(get(&stage, "/_sandbox/service/111111111111/ap-northeast-1/none/none/healthz").0, 503);
    assert_eq!(get(&stage, "/_sandbox/service/111111111111").0, 404);
}

#[test]
fn a_log_has_no_secrets() {
    let input = json!({
        "token": "t", "containerDefinitions": [{"name": "web", "environment": [{"name": "DB", "value": "secret"}]}],
    });
    let shown = crate::sandbox::log::without_secrets(&input).to_string();
    assert!(!shown.contains("secret") && shown.contains("\"DB\"") && !shown.contains("\"t\""), "{shown}");
}
