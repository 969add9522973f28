//! How the SDK's real client fails, over loopback.

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region};
use aws_credential_types::Credentials;
use aws_smithy_async::rt::sleep::TokioSleep;
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;

use super::*;

/// One UpdateService against a port, with a read timeout of half a second.
async fn update(port: u16) -> Failure {
    let config = aws_sdk_ecs::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("ap-northeast-1"))
        .endpoint_url(format!("http://127.0.0.1:{port}"))
        .credentials_provider(Credentials::new("k", "s", None, None, "test"))
        .sleep_impl(TokioSleep::new())
        .retry_config(RetryConfig::disabled())
        .timeout_config(TimeoutConfig::builder().read_timeout(Duration::from_millis(500)).build())
        .build();
    let client = aws_sdk_ecs::Client::from_conf(config);
    failure(client.update_service().service("web").send().await.unwrap_err())
}

#[tokio::test]
async fn a_refused_connection_has_sent_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let failure = update(port).await;
    assert!(matches!(failure, Failure::NotSent { .. }), "{failure:?}");
}

#[tokio::test]
async fn a_connection_closed_after_the_request_may_have_done_it() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = [0; 256];
        stream.read(&mut request).await.unwrap()
    });
    let failure = update(port).await;
    assert!(matches!(failure, Failure::NoAnswer { .. }), "{failure:?}");
    assert!(server.await.unwrap() > 0);
}

#[tokio::test]
async fn an_answer_that_does_not_come_in_time_may_have_done_it() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        tokio::time::sleep(Duration::from_secs(5)).await;
        drop(stream);
    });
    let failure = update(port).await;
    server.abort();
    assert!(matches!(failure, Failure::NoAnswer { .. }), "{failure:?}");
}
