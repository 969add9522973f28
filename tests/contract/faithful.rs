//! The judge finds what it is there to find: in real answers of the sandbox, with one thing changed.

use std::io::Write;
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

#[derive(Clone, Default)]
struct Page(Arc<Mutex<Vec<u8>>>);

impl Write for Page {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// The demo's AWS, spoken to by the Rust SDK, and the one exchange that came of it.
async fn exchange<F, R>(call: impl FnOnce(SdkConfig) -> F) -> Exchange
where
    F: Future<Output = R>,
{
    let page = Page::default();
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
    let written = page.0.lock().unwrap().clone();
    serde_json::from_slice(&written).expect("one line")
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

/// The answer's body with one thing changed.
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
async fn the_judge_agrees_with_the_sandbox_and_disagrees_with_what_is_changed_in_its_answers() {
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
        ["answer services[].deployments[].rolloutState: 'WONDERFUL' is no value of its enum"]
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
async fn a_required_member_and_an_error_that_is_none_of_the_operation_are_told() {
    let Some(models) = super::models("required members") else { return };
    let said = |exchange: &Exchange| found(&judge(models, exchange));
    let pipeline = exchange(|config| async move {
        aws_sdk_codepipeline::Client::new(&config).get_pipeline().name("asset-manager").send().await.unwrap_err()
    })
    .await;
    assert_eq!((said(&pipeline), judge(models, &pipeline).code), (vec![], "PipelineNotFoundException".to_owned()));
    let coded = replaced(pipeline, "PipelineNotFoundException", "PipelineOnHolidayException");
    assert_eq!(said(&coded), ["answer error: PipelineOnHolidayException is no error of this operation"]);

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
