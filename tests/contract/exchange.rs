//! One recorded exchange, and its operation according to the protocols of the models.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::models::Service;
use super::{cbor, query_protocol};

#[derive(Debug, Clone, Deserialize, Serialize)]
pub struct Exchange {
    /// The peer: `sandbox`, `moto` or `ministack`.
    pub peer: String,
    pub request: Message,
    /// `None`: the connection broke.
    pub response: Option<Message>,
}

#[derive(Debug, Clone, Default, Deserialize, Serialize)]
pub struct Message {
    #[serde(default)]
    pub method: String,
    #[serde(default)]
    pub uri: String,
    #[serde(default)]
    pub status: u16,
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    pub text: Option<String>,
    pub base64: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// AWS JSON 1.0 or 1.1.
    Json,
    RestJson,
    Query,
    Cbor,
}

/// The contents of a request.
pub struct Said<'m> {
    pub protocol: Protocol,
    /// Its service and operation in the models.
    pub known: Option<(&'m Service, &'m Value)>,
    /// The name in the request.
    pub operation: String,
}

impl Message {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(String::as_str).unwrap_or_default()
    }

    pub fn media_type(&self) -> &str {
        self.header("content-type").split(';').next().unwrap_or_default().trim()
    }

    pub fn text(&self) -> &str {
        self.text.as_deref().unwrap_or_default()
    }

    pub fn bytes(&self) -> Vec<u8> {
        match &self.base64 {
            Some(coded) => STANDARD.decode(coded).expect("a recording's base64"),
            None => self.text().as_bytes().to_vec(),
        }
    }
}

impl Exchange {
    /// The client that sent the request.
    pub fn client(&self) -> &'static str {
        let agent = self.request.header("user-agent");
        let known = [("aws-sdk-rust", "kanmon"), ("aws-cli", "aws"), ("Boto3", "boto3"), ("Botocore", "boto3")];
        known.iter().find(|(product, _)| agent.contains(product)).map_or("others", |(_, name)| name)
    }

    pub fn said<'m>(&self, models: &'m [Service]) -> Said<'m> {
        let target = self.request.header("x-amz-target");
        if !target.is_empty() {
            let (prefix, operation) = target.rsplit_once('.').unwrap_or(("", target));
            return said(Protocol::Json, operation, models.iter().find(|s| s.metadata("targetPrefix") == prefix));
        }
        let path = self.request.uri.split('?').next().unwrap_or_default();
        if self.request.header("smithy-protocol") == "rpc-v2-cbor" {
            let mut parts = path.trim_start_matches('/').split('/');
            let (prefix, operation) = (parts.nth(1).unwrap_or_default(), parts.nth(1).unwrap_or_default());
            return said(Protocol::Cbor, operation, models.iter().find(|s| s.metadata("targetPrefix") == prefix));
        }
        if self.request.media_type() == "application/x-www-form-urlencoded" {
            let fields = query_protocol::fields(self.request.text());
            let field = |name: &str| fields.iter().find(|(k, _)| k == name).map_or("", |(_, v)| v.as_str());
            let version = field("Version");
            let service = models.iter().find(|s| s.speaks("query") && s.metadata("apiVersion") == version);
            return said(Protocol::Query, field("Action"), service);
        }
        for service in models.iter().filter(|s| s.speaks("rest-json")) {
            let fits =
                |o: &Value| o["http"]["method"] == self.request.method.as_str() && o["http"]["requestUri"] == path;
            if let Some((name, _)) = service.operations().iter().find(|(_, o)| fits(o)) {
                return said(Protocol::RestJson, name, Some(service));
            }
        }
        said(Protocol::RestJson, &format!("{} {path}", self.request.method), None)
    }
}

fn said<'m>(protocol: Protocol, operation: &str, service: Option<&'m Service>) -> Said<'m> {
    let known = service.and_then(|s| Some((s, s.operation(operation)?)));
    Said { protocol, known, operation: operation.to_owned() }
}

impl Said<'_> {
    /// The members of a message; values that the protocol writes as text stay text.
    pub fn input(&self, message: &Message) -> Result<Value, String> {
        let (service, operation) = self.known.expect("an operation of the models");
        match self.protocol {
            Protocol::Query => {
                let fields = query_protocol::fields(message.text());
                Ok(query_protocol::input(service, service.side(operation, "input"), &fields))
            }
            Protocol::Json | Protocol::RestJson | Protocol::Cbor => self.body(message),
        }
    }

    /// The members of an answer; of an error, without the wrapper of its protocol.
    pub fn output(&self, message: &Message) -> Result<Value, String> {
        let (service, operation) = self.known.expect("an operation of the models");
        match self.protocol {
            Protocol::Query => query_protocol::output(service, operation, &self.operation, message.text()),
            Protocol::Json | Protocol::RestJson | Protocol::Cbor => self.body(message),
        }
    }

    fn body(&self, message: &Message) -> Result<Value, String> {
        let bytes = message.bytes();
        if bytes.is_empty() {
            return Ok(Value::Object(serde_json::Map::new()));
        }
        match self.protocol {
            Protocol::Cbor => cbor::read(&bytes),
            _ => serde_json::from_slice(&bytes).map_err(|e| format!("no JSON: {e}")),
        }
    }
}
