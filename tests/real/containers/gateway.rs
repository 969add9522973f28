//! The endpoint of an account's ECS and ECR in a pipeline file: ministack, with two corrections. ministack names its repositories by AWS's
//! own host names, which nothing on loopback resolves; these are replaced by its own address. And it has no scanning configurations; these
//! requests go to the sandbox, whose Inspector scans.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{HeaderName, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use kanmon::sandbox::traffic::Traffic;

use crate::contract::recording;

pub struct Gateway {
    serving: JoinHandle<()>,
    pub url: String,
}

struct Upstreams {
    http: reqwest::Client,
    /// `127.0.0.1:PORT` of ministack and of the sandbox.
    registry: String,
    scans: String,
    /// The host that ministack's answers name.
    output: String,
    traffic: Option<Mutex<Traffic>>,
}

impl Gateway {
    pub async fn start(registry: &str, scans: &str, account: &str, region: &str) -> Gateway {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let ways = Arc::new(Upstreams {
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
            registry: registry.to_owned(),
            scans: scans.to_owned(),
            output: format!("{account}.dkr.ecr.{region}.amazonaws.com"),
            traffic: recording::of("ministack", "real").map(Mutex::new),
        });
        let serving = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let ways = ways.clone();
                let pass = service_fn(move |request| pass(request, ways.clone()));
                tokio::spawn(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), pass));
            }
        });
        Gateway { serving, url }
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn pass(request: Request<Incoming>, ways: Arc<Upstreams>) -> Result<Response<Full<Bytes>>, Infallible> {
    let answer = ways.ask(request).await.unwrap_or_else(|error| {
        let mut failed = Response::new(Full::from(error));
        *failed.status_mut() = StatusCode::BAD_GATEWAY;
        failed
    });
    Ok(answer)
}

impl Upstreams {
    /// Forwards the request unchanged, because the sandbox checks its signature.
    async fn ask(&self, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, String> {
        let (parts, body) = request.into_parts();
        let body = body.collect().await.map_err(|e| e.to_string())?.to_bytes();
        let op = parts.headers.get("x-amz-target").and_then(|t| t.to_str().ok()).unwrap_or_default();
        let to = if op.ends_with("ScanningConfiguration") { &self.scans } else { &self.registry };
        let asked = Request::from_parts(parts, body);
        let url = format!("http://{to}{}", asked.uri());
        let asks = self.http.request(asked.method().clone(), url).headers(asked.headers().clone());
        let answer = asks.body(asked.body().clone()).send().await.map_err(|e| e.to_string())?;
        let status = answer.status();
        // Without its request id, an error would not count as one of AWS.
        let kept = ["content-type", "x-amzn-requestid"].map(HeaderName::from_static);
        let kept = kept.map(|name| answer.headers().get(&name).cloned().map(|value| (name, value)));
        let body = self.heard(&asked, answer, *to == self.registry).await?;
        let body = body.replace(&format!("https://{}", self.output), &format!("http://{}", self.registry));
        let mut answer = Response::new(Full::from(body.replace(&self.output, &self.registry)));
        *answer.status_mut() = status;
        answer.headers_mut().extend(kept.into_iter().flatten());
        Ok(answer)
    }

    /// The body of an answer. ministack's exchanges are recorded here; the sandbox records its own.
    async fn heard(
        &self,
        asked: &Request<Bytes>,
        answer: reqwest::Response,
        ministacks: bool,
    ) -> Result<String, String> {
        let mut whole = Response::new(Bytes::new());
        (*whole.status_mut(), *whole.headers_mut()) = (answer.status(), answer.headers().clone());
        *whole.body_mut() = answer.bytes().await.map_err(|e| e.to_string())?;
        if let Some(traffic) = self.traffic.as_ref().filter(|_| ministacks) {
            traffic.lock().unwrap().write(jiff::Timestamp::now(), asked, &whole).map_err(|e| e.to_string())?;
        }
        String::from_utf8(whole.body().to_vec()).map_err(|e| e.to_string())
    }
}
