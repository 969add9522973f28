//! A peer for tests: answers the SDK in process, and remembers what it was asked.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_async::rt::sleep::{AsyncSleep, SharedAsyncSleep, Sleep};
use aws_smithy_async::time::{SharedTimeSource, TimeSource};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use serde_json::{Value, json};

use super::session::{Sessions, Setup};
use crate::model::fault::aws::{AwsProblem, Instead};
use crate::model::fault::{Fault, Problem};
use crate::model::pipeline::Account;

/// Account 222222222222 in ap-northeast-1, entered with the ambient credentials.
pub(super) fn account(name: &str) -> Account {
    Account {
        name: name.parse().unwrap(),
        id: "222222222222".parse().unwrap(),
        region: "ap-northeast-1".parse().unwrap(),
        role: None,
        external_id: None,
        profile: None,
        assume: Default::default(),
        endpoints: BTreeMap::new(),
    }
}

/// What is there in the place of what was not found.
pub(super) fn instead(fault: &Fault) -> &Instead {
    match &fault.problem {
        Problem::Aws(AwsProblem::Missing { instead, .. }) => instead,
        other => panic!("{other:?}"),
    }
}

/// Time that passes only while somebody sleeps.
#[derive(Debug, Clone)]
pub(super) struct VirtualTime(Arc<Mutex<Duration>>);

impl VirtualTime {
    /// 2026-01-31T09:45:00Z.
    const START: Duration = Duration::from_secs(1_769_852_700);

    pub fn new() -> VirtualTime {
        VirtualTime(Arc::default())
    }

    pub fn elapsed(&self) -> Duration {
        *self.0.lock().unwrap()
    }

    pub fn advance(&self, by: Duration) {
        *self.0.lock().unwrap() += by;
    }

    pub fn time_source(&self) -> SharedTimeSource {
        SharedTimeSource::new(self.clone())
    }

    pub fn sleep(&self) -> SharedAsyncSleep {
        SharedAsyncSleep::new(self.clone())
    }
}

impl TimeSource for VirtualTime {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Self::START + self.elapsed()
    }
}

impl AsyncSleep for VirtualTime {
    fn sleep(&self, duration: Duration) -> Sleep {
        let clock = self.clone();
        // Time moves when the sleep is waited for, not when a timeout is merely armed.
        Sleep::new(async move {
            tokio::task::yield_now().await;
            clock.advance(duration);
        })
    }
}

/// What the peer was asked: operation, JSON input (or the raw text of other protocols), and the access key that signed it.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub op: String,
    pub body: String,
    pub key: String,
}

impl Asked {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// What the peer does with a call.
pub(super) enum Reply {
    Json(Value),
    Error(u16, &'static str, &'static str),
    Raw(u16, String),
    /// The connection breaks after the request was sent.
    Reset,
}

type Handler = dyn Fn(&Asked, usize) -> Reply + Send + Sync;

/// An AWS that is one closure: the call, and how many calls of the same operation came before it.
#[derive(Clone)]
pub(super) struct Peer {
    handler: Arc<Handler>,
    asked: Arc<Mutex<Vec<Asked>>>,
    pub clock: VirtualTime,
}

impl std::fmt::Debug for Peer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Peer")
    }
}

impl Peer {
    pub fn new(handler: impl Fn(&Asked, usize) -> Reply + Send + Sync + 'static) -> Peer {
        Peer { handler: Arc::new(handler), asked: Arc::default(), clock: VirtualTime::new() }
    }

    pub fn sessions(&self) -> Arc<Sessions> {
        Arc::new(Sessions::new(self.setup()))
    }

    pub fn setup(&self) -> Setup {
        Setup {
            http_client: Some(SharedHttpClient::new(self.clone())),
            time_source: Some(self.clock.time_source()),
            sleep: Some(self.clock.sleep()),
            credentials: Some(SharedCredentialsProvider::new(Credentials::new(
                "AMBIENT", "secret", None, None, "test",
            ))),
            session_name: "r20260131-094500-1a2b3c".to_owned(),
            source_identity: None,
        }
    }

    /// All calls of an operation, in their order.
    pub fn asked(&self, op: &str) -> Vec<Asked> {
        self.asked.lock().unwrap().iter().filter(|a| a.op == op).cloned().collect()
    }

    fn answer(&self, request: &HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let asked = read(request);
        let before = self.asked(&asked.op).len();
        self.asked.lock().unwrap().push(asked.clone());
        let reply = match (asked.op.as_str(), (self.handler)(&asked, before)) {
            ("GetCallerIdentity", Reply::Json(Value::Null)) => Reply::Raw(200, caller_identity("222222222222")),
            (_, reply) => reply,
        };
        let (status, body) = match reply {
            Reply::Json(value) => (200, value.to_string()),
            Reply::Raw(status, body) => (status, body),
            Reply::Error(status, code, message) => {
                (status, json!({"__type": code, "message": message, "Message": message}).to_string())
            }
            Reply::Reset => {
                return Err(ConnectorError::io("connection reset by peer".into()));
            }
        };
        let mut response = HttpResponse::new(status.try_into().unwrap(), SdkBody::from(body.clone()));
        if let Ok(value) = serde_json::from_str::<Value>(&body)
            && let Some(code) = value["__type"].as_str()
        {
            response.headers_mut().insert("x-amzn-errortype", code.to_owned());
        }
        response.headers_mut().insert("x-amzn-requestid", "req-1");
        let content = match body.as_bytes().first() {
            Some(b'{') => "application/x-amz-json-1.1",
            Some(_) | None if body.starts_with("<html") => "text/html",
            Some(_) | None => "text/xml",
        };
        response.headers_mut().insert("content-type", content);
        Ok(response)
    }
}

/// What an `sts:GetCallerIdentity` answers for a role of this account.
pub(super) fn caller_identity(account: &str) -> String {
    format!(
        "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><GetCallerIdentityResult>\
         <Arn>arn:aws:iam::{account}:user/ann</Arn><UserId>AIDA</UserId><Account>{account}</Account>\
         </GetCallerIdentityResult></GetCallerIdentityResponse>"
    )
}

fn read(request: &HttpRequest) -> Asked {
    let body = String::from_utf8(request.body().bytes().unwrap_or_default().to_vec()).unwrap();
    let length = request.headers().get("content-length").map(|l| l.parse::<usize>().unwrap());
    assert_eq!(length.unwrap_or(body.len()), body.len(), "content-length is the body's");
    let op = match request.headers().get("x-amz-target") {
        Some(target) => target.rsplit('.').next().unwrap().to_owned(),
        None => body.split('&').find_map(|pair| pair.strip_prefix("Action=")).map_or_else(
            || request.uri().split('?').next().unwrap().split('/').nth(3).unwrap().to_owned(),
            str::to_owned,
        ),
    };
    let authorization = request.headers().get("authorization").unwrap_or_default();
    let key =
        authorization.split("Credential=").nth(1).and_then(|c| c.split('/').next()).unwrap_or_default().to_owned();
    Asked { op, body, key }
}

impl HttpConnector for Peer {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::ready(self.answer(&request))
    }
}

impl HttpClient for Peer {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}
