//! What the tests of this room share.

use std::convert::Infallible;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use http::{Method, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use jiff::{SignedDuration, Timestamp};

use crate::ports::clock::Clock;
use crate::ports::images::{Access, Login};

/// A clock that does not move; waiting takes no time.
pub struct FixedClock;

#[async_trait]
impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_second(1_800_000_000).unwrap()
    }

    fn uptime(&self) -> SignedDuration {
        SignedDuration::ZERO
    }

    async fn sleep(&self, _duration: SignedDuration) {}

    fn token(&self, digits: usize) -> String {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        format!("{:0digits$x}", NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

/// Status, headers and body.
pub type Answer = (u16, Vec<(&'static str, String)>, Bytes);
/// What a registry was asked, in order.
pub type Heard = Arc<Mutex<Vec<String>>>;

/// Serves one repository: each request is written down as `METHOD PATH`, with its login where it has one, and answered by `answer`,
/// which gets what was heard before.
pub async fn scripted(answer: impl Fn(&str, &[String]) -> Answer + Send + Sync + 'static) -> (Access, Heard) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = listener.local_addr().unwrap().to_string();
    let heard: Heard = Arc::default();
    let (answer, log) = (Arc::new(answer), heard.clone());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (answer, log) = (answer.clone(), log.clone());
            let service = service_fn(move |request: http::Request<hyper::body::Incoming>| {
                let (answer, log) = (answer.clone(), log.clone());
                async move {
                    let login = request.headers().get("authorization").and_then(|v| v.to_str().ok());
                    let login = login.map(|l| format!(" {l}")).unwrap_or_default();
                    let asked = format!("{} {}{login}", request.method(), request.uri());
                    let head = request.method() == Method::HEAD;
                    let _ = request.into_body().collect().await;
                    let mut log = log.lock().unwrap();
                    let (status, headers, body) = answer(&asked, &log);
                    log.push(asked);
                    let mut response = Response::new(Full::new(if head { Bytes::new() } else { body }));
                    *response.status_mut() = StatusCode::from_u16(status).unwrap();
                    for (name, value) in headers {
                        response.headers_mut().insert(name, value.parse().unwrap());
                    }
                    Ok::<_, Infallible>(response)
                }
            });
            let connection = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
            tokio::spawn(connection);
        }
    });
    let login = Some(Login { username: "AWS".into(), password: "secret".into() });
    (Access { repository: format!("{host}/app"), login, login_from: None, insecure: true }, heard)
}

/// How often something was asked.
pub fn count(heard: &Heard, what: &str) -> usize {
    heard.lock().unwrap().iter().filter(|h| h.starts_with(what)).count()
}

/// The registry's own answer without a body.
pub fn plain(status: u16) -> Answer {
    (status, vec![("docker-distribution-api-version", "registry/2.0".into())], Bytes::new())
}
