//! The judge finds changes in real answers of the sandbox.

use std::sync::{Arc, Mutex};

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_types::SdkConfig;
use aws_types::region::Region;
use jiff::Timestamp;
use kanmon::sandbox::connector::InProcess;
use kanmon::sandbox::latency::Latency;
use kanmon::sandbox::traffic::Traffic;
use kanmon::sandbox::{Seed, World};
use serde_json::Value;

use super::exchange::Exchange;
use super::judge::{Verdict, judge};
use super::recording::Buffer;
use super::traffic;

/// Calls the demo's AWS with the Rust SDK; returns the only exchange.
async fn exchange<F, R>(call: impl FnOnce(SdkConfig) -> F) -> Exchange
where
    F: Future<Output = R>,
{
    let page = Buffer::default();
    let mut world = World::new(&Seed::demo(), Latency::REAL, Timestamp::now()).unwrap();
    world.record(Traffic::new(page.clone()));
    let time = aws_smithy_async::time::SystemTimeSource::new();
    let sleep = aws_smithy_async::rt::sleep::TokioSleep::new();
    let keys =
        Credentials::new("AKIASANDBOXDEVELOPER", "sandbox/developer/example/secret/key/000", None, None, "the demo");
    let config = SdkConfig::builder()
        .behavior_version(aws_config::BehaviorVersion::latest())
        .region(Region::new("ap-northeast-1"))
        .credentials_provider(SharedCredentialsProvider::new(keys))
        .http_client(SharedHttpClient::new(InProcess::new(Arc::new(Mutex::new(world)), time, sleep)));
    call(config.build()).await;
    serde_json::from_slice(&page.take()).expect("one line")
}

async fn services() -> Exchange {
    exchange(|config| async move {
        let ecs = aws_sdk_ecs::Client::new(&config);
        ecs.describe_services().cluster("hello-dev").services("web").send().await.unwrap()
    })
    .await
}

async fn findings() -> Exchange {
    exchange(|config| async move {
        aws_sdk_inspector2::Client::new(&config).list_findings().max_results(5).send().await.unwrap()
    })
    .await
}

async fn assumed() -> Exchange {
    exchange(|config| async move {
        let role = "arn:aws:iam::222222222222:role/kanmon-deploy";
        let asked = aws_sdk_sts::Client::new(&config).assume_role().role_arn(role).role_session_name("judged");
        asked.external_id("asset").send().await.unwrap()
    })
    .await
}

/// The exchange with one change in the body of the answer.
fn changed(mut exchange: Exchange, change: impl FnOnce(&mut Value)) -> Exchange {
    let answer = exchange.response.as_mut().unwrap();
    let mut body: Value = serde_json::from_str(answer.text.as_deref().unwrap()).unwrap();
    change(&mut body);
    answer.text = Some(body.to_string());
    exchange
}

fn replaced(mut exchange: Exchange, from: &str, to: &str) -> Exchange {
    let text = exchange.response.as_mut().unwrap().text.as_mut().unwrap();
    assert!(text.contains(from), "{text}");
    *text = text.replacen(from, to, 1);
    exchange
}

fn found(verdict: &Verdict) -> Vec<String> {
    verdict.problems().map(|(side, p)| format!("{side} {}: {}", p.path, p.what)).collect()
}

#[tokio::test]
async fn the_judge_accepts_answers_of_the_sandbox_and_rejects_changed_ones() {
    let Some(models) = super::models("the judge") else { return };
    let said = |exchange: &Exchange| found(&judge(models, exchange));
    let (services, findings, assumed) = (services().await, findings().await, assumed().await);
    for exchange in [&services, &findings, &assumed] {
        let verdict = judge(models, exchange);
        assert_eq!((found(&verdict), verdict.code.as_str(), verdict.client), (vec![], "OK", "kanmon"));
    }

    let enumerated =
        changed(services.clone(), |body| body["services"][0]["deployments"][0]["rolloutState"] = "WONDERFUL".into());
    assert_eq!(
        said(&enumerated),
        ["answer services[].deployments[].rolloutState: 'WONDERFUL' is not a value of its enum"]
    );

    let without = changed(findings, |body| body["findings"] = serde_json::json!([{"type": "PACKAGE_VULNERABILITY"}]));
    assert!(
        said(&without).contains(&"answer findings[].findingArn: required, and not there".to_owned()),
        "{:?}",
        said(&without)
    );

    let typed = changed(services.clone(), |body| body["services"][0]["desiredCount"] = "2".into());
    assert_eq!(said(&typed), ["answer services[].desiredCount: not an integer: \"2\""]);

    let unknown = changed(services.clone(), |body| body["services"][0]["mood"] = 1.into());
    assert_eq!(said(&unknown), ["answer services[].mood: no such member"]);

    let dated = changed(services, |body| body["services"][0]["createdAt"] = "2026-01-31T09:45:00Z".into());
    assert_eq!(said(&dated), ["answer services[].createdAt: not a time (unixTimestamp): \"2026-01-31T09:45:00Z\""]);

    let without = replaced(assumed.clone(), "<AccessKeyId>", "<KeyId>");
    let without = replaced(without, "</AccessKeyId>", "</KeyId>");
    assert_eq!(
        said(&without),
        ["answer Credentials.KeyId: no such member", "answer Credentials.AccessKeyId: required, and not there"]
    );
    let broken = replaced(assumed, "</AssumeRoleResult>", "");
    assert!(said(&broken)[0].starts_with("answer : no XML"), "{:?}", said(&broken));
}

#[tokio::test]
async fn a_missing_required_member_and_an_unknown_error_are_reported() {
    let Some(models) = super::models("required members") else { return };
    let said = |exchange: &Exchange| found(&judge(models, exchange));
    let pipeline = exchange(|config| async move {
        aws_sdk_codepipeline::Client::new(&config).get_pipeline().name("asset-manager").send().await.unwrap_err()
    })
    .await;
    assert_eq!((said(&pipeline), judge(models, &pipeline).code), (vec![], "PipelineNotFoundException".to_owned()));
    let coded = replaced(pipeline, "PipelineNotFoundException", "PipelineOnHolidayException");
    assert_eq!(said(&coded), ["answer error: PipelineOnHolidayException is not an error of this operation"]);

    let coverage = exchange(|config| async move {
        aws_sdk_inspector2::Client::new(&config).batch_get_account_status().send().await.unwrap()
    })
    .await;
    assert_eq!(said(&coverage), Vec::<String>::new());
    let without = changed(coverage, |body| {
        body["accounts"][0]["state"].as_object_mut().unwrap().remove("status").unwrap();
    });
    assert_eq!(said(&without), ["answer accounts[].state.status: required, and not there"]);
}

#[tokio::test]
async fn a_changed_answer_among_the_traffic_is_reported_and_counted() {
    let Some(models) = super::models("traffic with a fault") else { return };
    let folder = tempfile::tempdir().unwrap();
    let services = services().await;
    let judged = |exchanges: &[&Exchange]| {
        let lines: Vec<String> = exchanges.iter().map(|e| serde_json::to_string(e).unwrap() + "\n").collect();
        std::fs::write(folder.path().join("scenarios-1-0.jsonl"), lines.concat()).unwrap();
        traffic::read(models, folder.path())
    };
    let agreed = judged(&[&services, &services]);
    assert!(agreed.disagreements.is_empty());
    let total = "1 operations, 2 exchanges (4 messages) of scenarios: 0 disagreements";
    assert!(agreed.table().contains(total), "{}", agreed.table());

    let enumerated = changed(services.clone(), |body| body["services"][0]["launchType"] = "MOON".into());
    let without = changed(findings().await, |body| {
        body["findings"] =
            serde_json::json!([{"findingArn": "arn:aws:inspector2:ap-northeast-1:111111111111:finding/0"}]);
    });
    let output = judged(&[&services, &enumerated, &without]).table();
    for words in [
        "1 × sandbox: ecs DescribeServices answer: services[].launchType: 'MOON' is not a value of its enum",
        "1 × sandbox: inspector2 ListFindings answer: findings[].severity: required, and not there",
    ] {
        assert!(output.contains(words), "{words}\n{output}");
    }
}

#[tokio::test]
async fn an_invalid_request_is_reported_if_kanmon_sends_it_or_the_peer_accepts_it() {
    let Some(models) = super::models("requests") else { return };
    let said = |exchange: &Exchange| found(&judge(models, exchange));
    let mut without = services().await;
    without.request.text = Some(r#"{"cluster":"hello-dev"}"#.to_owned());
    let missing = ["request services: required, and not there"];
    assert_eq!(said(&without), missing);
    without.request.headers.insert("user-agent".to_owned(), "Boto3/1.44.5".to_owned());
    assert_eq!(said(&without), missing);
    let answer = without.response.as_mut().unwrap();
    answer.status = 400;
    answer.text = Some(r#"{"__type":"InvalidParameterException","message":"services is empty"}"#.to_owned());
    assert_eq!(said(&without), Vec::<String>::new());
    without.request.headers.insert("user-agent".to_owned(), "aws-sdk-rust/1".to_owned());
    assert_eq!(said(&without), missing);
}

#[tokio::test]
async fn an_unknown_operation_must_be_answered_as_unknown() {
    let Some(models) = super::models("unknown operations") else { return };
    let said = |exchange: &Exchange| found(&judge(models, exchange));
    let mut coffee = services().await;
    let target = "AmazonEC2ContainerServiceV20141113.MakeCoffee".to_owned();
    coffee.request.headers.insert("x-amz-target".to_owned(), target);
    // A test may request an operation that does not exist; kanmon may not.
    coffee.request.headers.insert("user-agent".to_owned(), "Boto3/1.44.5".to_owned());
    let answer = coffee.response.as_mut().unwrap();
    (answer.status, answer.text) = (400, Some(r#"{"__type":"UnknownOperationException"}"#.to_owned()));
    assert_eq!(said(&coffee), Vec::<String>::new());
    let mut ours = coffee.clone();
    ours.request.headers.insert("user-agent".to_owned(), "aws-sdk-rust/1".to_owned());
    assert_eq!(said(&ours), ["request : no operation of this service"]);
    let answer = coffee.response.as_mut().unwrap();
    (answer.status, answer.text) = (500, Some("<html>".to_owned()));
    answer.headers.insert("content-type".to_owned(), "text/html".to_owned());
    assert_eq!(
        said(&coffee),
        ["answer error: '' instead of UnknownOperationException: text/html <html>", "answer error:  with status 500"]
    );
}
