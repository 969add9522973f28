use aws_sdk_ecr::Client;
use serde_json::{Value, json};

use super::*;
use crate::sandbox::faults::{Fault, Kind};

fn fault(operation: &str, kind: Kind) -> Fault {
    Fault::next(operation, 1, kind)
}

fn get(test_env: &TestEnv, path: &str) -> (u16, Value) {
    let response = test_env.send(Request::get(path).body(Bytes::new()).unwrap());
    (response.status().as_u16(), serde_json::from_slice(response.body()).unwrap())
}

#[tokio::test]
async fn a_lost_reply_is_a_call_that_took_place() {
    let test_env = TestEnv::demo();
    let ecr = Client::new(&test_env.developer());
    let make = |name: &str| ecr.create_repository().repository_name(name).send();
    test_env.world.lock().unwrap().order_fault(fault("CreateRepository", Kind::ResetAfter));
    assert!(make("lost").await.unwrap_err().as_service_error().is_none());
    assert_eq!(said(make("lost").await).0, "RepositoryAlreadyExistsException");
    test_env.world.lock().unwrap().order_fault(fault("CreateRepository", Kind::ResetBefore));
    assert!(make("never").await.unwrap_err().as_service_error().is_none());
    make("never").await.unwrap();
}

#[tokio::test]
async fn each_kind_has_its_services_own_code_and_ends_with_its_count() {
    let test_env = TestEnv::demo();
    let ecr = Client::new(&test_env.developer());
    let sts = aws_sdk_sts::Client::new(&test_env.developer());
    let inspector = aws_sdk_inspector2::Client::new(&test_env.developer());
    for (kind, expected) in [
        (Kind::Throttle, ["ThrottlingException", "Throttling", "ThrottlingException"]),
        (Kind::ServerError, ["ServerException", "InternalFailure", "InternalServerException"]),
        (Kind::AccessDenied, ["AccessDeniedException", "AccessDenied", "AccessDeniedException"]),
        (Kind::ExpiredToken, ["ExpiredTokenException", "ExpiredToken", "ExpiredTokenException"]),
    ] {
        test_env.world.lock().unwrap().order_fault(Fault { count: 3, ..fault("*", kind) });
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
    let test_env = TestEnv::demo();
    let ecr = Client::new(&test_env.developer());
    let count = || async { ecr.describe_repositories().send().await.unwrap().repositories().len() };
    let before = count().await;
    ecr.create_repository().repository_name("new").send().await.unwrap();
    test_env.world.lock().unwrap().order_fault(fault("DescribeRepositories", Kind::StaleRead));
    assert_eq!((count().await, count().await), (before, before + 1));
}

#[tokio::test]
async fn faults_are_ordered_and_calls_are_logged_over_http() {
    let test_env = TestEnv::demo();
    let order = json!([{"operation": "CreateRepository", "account": "111111111111", "kind": "throttle"},
                       {"operation": "GetCallerIdentity", "count": 2, "kind": {"slow": 250}}]);
    let post =
        |body: &Value| test_env.send(Request::post("/_sandbox/faults").body(Bytes::from(body.to_string())).unwrap());
    assert_eq!(post(&order).status(), 200);
    assert_eq!(post(&json!({"operation": "X", "kind": "nonsense"})).status(), 400);
    let ecr = Client::new(&test_env.developer());
    let throttled = said(ecr.create_repository().repository_name("x1").send().await);
    assert_eq!(throttled, ("ThrottlingException".to_owned(), "Rate exceeded".to_owned()));
    let before = test_env.clock.timestamp();
    aws_sdk_sts::Client::new(&test_env.developer()).get_caller_identity().send().await.unwrap();
    assert_eq!(test_env.clock.timestamp() - before, jiff::SignedDuration::from_millis(250));
    let (_, log) = get(&test_env, "/_sandbox/log");
    let call = &log["calls"][0];
    assert_eq!(call["operation"], "CreateRepository");
    assert_eq!(call["principal"], "arn:aws:iam::111111111111:user/developer");
    assert_eq!((&call["status"], &call["code"]), (&json!(400), &json!("ThrottlingException")));
    assert_eq!(call["input"]["repositoryName"], "x1");
    let (_, later) = get(&test_env, "/_sandbox/log?after=1");
    assert_eq!(later["calls"].as_array().unwrap().len(), 1);
}

#[test]
fn a_service_that_does_not_run_is_unavailable() {
    let test_env = TestEnv::demo();
    assert_eq!(get(&test_env, "/_sandbox/service/111111111111/ap-northeast-1/none/none/healthz").0, 503);
    assert_eq!(get(&test_env, "/_sandbox/service/111111111111").0, 404);
}

#[test]
fn a_log_has_no_secrets() {
    let input = json!({
        "token": "t", "containerDefinitions": [{"name": "web", "environment": [{"name": "DB", "value": "secret"}]}],
    });
    let shown = crate::sandbox::log::without_secrets(&input).to_string();
    assert!(!shown.contains("secret") && shown.contains("\"DB\"") && !shown.contains("\"t\""), "{shown}");
}

#[tokio::test]
async fn a_fault_by_chance_strikes_some_calls_and_the_same_ones_for_a_seed() {
    let struck = |seed: u64| async move {
        let test_env = TestEnv::demo();
        let by_chance = Fault { probability: 0.3, seed, count: 1_000, ..fault("GetCallerIdentity", Kind::Throttle) };
        test_env.world.lock().unwrap().order_fault(by_chance);
        let sts = aws_sdk_sts::Client::new(&test_env.developer());
        let mut calls = Vec::new();
        for _ in 0..200 {
            calls.push(sts.get_caller_identity().send().await.is_err());
        }
        calls
    };
    let first = struck(7).await;
    assert_eq!(first, struck(7).await);
    assert_ne!(first, struck(8).await);
    let share = first.iter().filter(|s| **s).count();
    assert!((30..90).contains(&share), "{share} of 200");
    let bad = json!({"operation": "*", "kind": "throttle", "probability": 1.5}).to_string();
    assert_eq!(TestEnv::demo().send(Request::post("/_sandbox/faults").body(Bytes::from(bad)).unwrap()).status(), 400);
}

#[tokio::test]
async fn a_faults_account_is_the_only_one_that_meets_it() {
    let test_env = TestEnv::demo();
    let of_prod = Fault { account: Some("222222222222".parse().unwrap()), ..fault("*", Kind::ServerError) };
    test_env.world.lock().unwrap().order_fault(of_prod);
    aws_sdk_sts::Client::new(&test_env.developer()).get_caller_identity().send().await.unwrap();
    assert_eq!(test_env.world.lock().unwrap().log()[0].code, "OK");
}

#[tokio::test]
async fn an_enum_value_can_be_newer_than_the_client() {
    let test_env = TestEnv::demo();
    let ecs = aws_sdk_ecs::Client::new(&test_env.developer());
    let read = || async {
        let answer = ecs.describe_services().cluster("asset-dev").services("web").send().await.unwrap();
        let service = answer.services()[0].clone();
        let rollout = service.deployments()[0].rollout_state().unwrap().as_str().to_owned();
        (service.status().unwrap().to_owned(), rollout)
    };
    let as_ever = read().await;
    let newer = Kind::NewEnum("deployments.rolloutState".to_owned());
    test_env.world.lock().unwrap().order_fault(fault("DescribeServices", newer));
    // An answer that has no such member leaves the order where it is.
    assert!(ecs.describe_services().cluster("nowhere").services("web").send().await.is_err());
    ecs.describe_services().cluster("asset-dev").services("nobody").send().await.unwrap();
    assert_eq!(read().await, (as_ever.0.clone(), crate::sandbox::faults::NEW_ENUM.to_owned()));
    assert_eq!(read().await, as_ever);
}

#[tokio::test]
async fn a_caller_above_the_quota_is_throttled_until_time_passes() {
    let test_env = TestEnv::demo();
    let ecs = aws_sdk_ecs::Client::new(&test_env.developer());
    let register = || {
        let container =
            aws_sdk_ecs::types::ContainerDefinition::builder().name("web").image("web:1").memory(128).build();
        ecs.register_task_definition().family("many").container_definitions(container).send()
    };
    for _ in 0..20 {
        register().await.unwrap();
    }
    assert_eq!(said(register().await), ("ThrottlingException".to_owned(), "Rate exceeded".to_owned()));
    ecs.list_clusters().send().await.expect("another quota");
    test_env.clock.pass(1);
    register().await.unwrap();
    assert_eq!(said(register().await).0, "ThrottlingException");
    let mut seed = Seed::demo();
    seed.quotas = false;
    let open = TestEnv::of(&seed);
    let ecs = aws_sdk_ecs::Client::new(&open.developer());
    for _ in 0..120 {
        ecs.list_clusters().send().await.unwrap();
    }
}
