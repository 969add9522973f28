//! Reading a request: service, operation, input.

use bytes::Bytes;
use http::{Method, Request};
use serde_json::Value;

use super::answer::RPC_V2;
use super::{Protocol, Service, cbor, query};
use crate::sandbox::operations::Inspector2Operation;

/// A call as it was sent, before anything is verified.
#[derive(Debug, Clone, PartialEq)]
pub struct Wire {
    pub service: Service,
    pub protocol: Protocol,
    pub op: String,
    pub input: Value,
}

/// A request that names no call, with the protocol that it seems to use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WireError {
    pub protocol: Protocol,
    pub code: &'static str,
    pub status: u16,
    pub message: String,
}

/// `X-Amz-Target` prefixes, as the models' `targetPrefix` has them.
const TARGETS: &[(&str, Service)] = &[
    ("AmazonEC2ContainerRegistry_V20150921", Service::Ecr),
    ("AmazonEC2ContainerServiceV20141113", Service::Ecs),
    ("CodePipeline_20150709", Service::CodePipeline),
];

/// An operation's path in Inspector, all POST, as the model's `requestUri` has it.
fn inspector_path(op: Inspector2Operation) -> &'static str {
    match op {
        Inspector2Operation::BatchGetAccountStatus => "/status/batch/get",
        Inspector2Operation::ListCoverage => "/coverage/list",
        Inspector2Operation::ListFindings => "/findings/list",
        Inspector2Operation::BatchGetFindingDetails => "/findings/details/batch/get",
        Inspector2Operation::GetConfiguration => "/configuration/get",
        Inspector2Operation::UpdateConfiguration => "/configuration/update",
    }
}

/// Reads which call a request makes.
pub fn read(request: &Request<Bytes>) -> Result<Wire, WireError> {
    let header = |name: &str| request.headers().get(name).and_then(|v| v.to_str().ok());
    let (path, query) = (request.uri().path(), request.uri().query().unwrap_or_default());
    // The query protocol may also be used in the URL.
    if request.method() == Method::GET && query.split('&').any(|field| field.starts_with("Action=")) {
        return form(query);
    }
    if request.method() != Method::POST {
        let protocol = match () {
            () if header("x-amz-target").is_some() => Protocol::Json11,
            () if header("smithy-protocol") == Some(RPC_V2) => Protocol::Cbor,
            () => Protocol::RestJson,
        };
        return Err(WireError { protocol, ..no_such(request.method(), path) });
    }
    if let Some(target) = header("x-amz-target") {
        let protocol = match header("content-type") {
            Some(c) if c.starts_with("application/x-amz-json-1.0") => Protocol::Json10,
            _ => Protocol::Json11,
        };
        return json_target(target, protocol, request.body());
    }
    if header("smithy-protocol") == Some(RPC_V2) {
        return rpc(path, request.body());
    }
    if header("content-type").is_some_and(|c| c.starts_with("application/x-www-form-urlencoded")) {
        return form(&String::from_utf8_lossy(request.body()));
    }
    match Inspector2Operation::ALL.iter().find(|op| inspector_path(**op) == path) {
        Some(op) => {
            let input = json(request.body(), Protocol::RestJson)?;
            Ok(Wire { service: Service::Inspector2, protocol: Protocol::RestJson, op: op.name().to_owned(), input })
        }
        None => Err(no_such(request.method(), path)),
    }
}

fn no_such(method: &Method, path: &str) -> WireError {
    let message = format!("{method} {path} is not an operation of this AWS");
    WireError { protocol: Protocol::RestJson, code: "UnknownOperationException", status: 404, message }
}

fn json_target(target: &str, protocol: Protocol, body: &Bytes) -> Result<Wire, WireError> {
    let unknown = || WireError { protocol, code: "UnknownOperationException", status: 400, message: String::new() };
    let (prefix, op) = target.split_once('.').ok_or_else(unknown)?;
    let service = TARGETS.iter().find(|(p, _)| *p == prefix).map(|(_, s)| *s).ok_or_else(unknown)?;
    // All its services use 1.1, and answer in it.
    let protocol = Protocol::Json11;
    Ok(Wire { service, protocol, op: op.to_owned(), input: json(body, protocol)? })
}

/// `/service/PREFIX/operation/OPERATION`. CodePipeline is the one service here whose model has this protocol.
fn rpc(path: &str, body: &Bytes) -> Result<Wire, WireError> {
    let protocol = Protocol::Cbor;
    let said = path.strip_prefix("/service/CodePipeline_20150709/operation/");
    let op =
        said.ok_or(WireError { protocol, code: "UnknownOperationException", status: 404, message: String::new() })?;
    let malformed = |message| WireError { protocol, code: "SerializationException", status: 400, message };
    let input = without_nulls(cbor::read(body).map_err(malformed)?);
    Ok(Wire { service: Service::CodePipeline, protocol, op: op.to_owned(), input })
}

fn json(body: &Bytes, protocol: Protocol) -> Result<Value, WireError> {
    let malformed = |message: String| WireError { protocol, code: "SerializationException", status: 400, message };
    if body.is_empty() {
        return Ok(Value::Object(serde_json::Map::new()));
    }
    match serde_json::from_slice(body) {
        Ok(input @ Value::Object(_)) => Ok(without_nulls(input)),
        Ok(_) => Err(malformed("the input is not a structure".to_owned())),
        Err(e) => Err(malformed(e.to_string())),
    }
}

/// A member that is null counts as absent.
#[allow(clippy::wildcard_enum_match_arm, reason = "the enum is another crate's, which grows by itself")]
fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            members.into_iter().filter(|(_, v)| !v.is_null()).map(|(k, v)| (k, without_nulls(v))).collect()
        }
        Value::Array(items) => items.into_iter().map(without_nulls).collect(),
        other => other,
    }
}

fn form(said: &str) -> Result<Wire, WireError> {
    let fields = query::form(said);
    let field = |name: &str| fields.iter().find(|(k, _)| k == name).map_or("", |(_, v)| v.as_str());
    let (action, version) = (field("Action"), field("Version"));
    if version != "2011-06-15" {
        return Err(WireError {
            protocol: Protocol::Query,
            code: "InvalidAction",
            status: 400,
            message: format!("Could not find operation {action} for version {version}"),
        });
    }
    let members: Vec<_> = fields.iter().filter(|(k, _)| k != "Action" && k != "Version").cloned().collect();
    Ok(Wire { service: Service::Sts, protocol: Protocol::Query, op: action.to_owned(), input: query::input(&members) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(method: &str, uri: &str, target: &str) -> Result<Wire, WireError> {
        let request = Request::builder().method(method).uri(uri).header("x-amz-target", target);
        read(&request.body(Bytes::from_static(b"{}")).unwrap())
    }

    #[test]
    fn what_is_null_is_not_there() {
        let body = r#"{"cluster":null,"a":{"b":null,"c":[{"d":null},null]}}"#;
        let request = Request::post("/").header("x-amz-target", "AmazonEC2ContainerServiceV20141113.ListServices");
        let said = read(&request.body(Bytes::from_static(body.as_bytes())).unwrap()).unwrap();
        assert_eq!(said.input, serde_json::json!({"a": {"c": [{}, null]}}));
    }

    #[test]
    fn operations_are_posted_and_sts_may_be_asked_in_an_address() {
        let target = "AmazonEC2ContainerServiceV20141113.ListClusters";
        assert_eq!(said("POST", "/", target).unwrap().op, "ListClusters");
        for method in ["GET", "PUT", "DELETE"] {
            let error = said(method, "/", target).unwrap_err();
            assert_eq!((error.code, error.status), ("UnknownOperationException", 404));
        }
        let asked = said("GET", "/?Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws", "").unwrap();
        assert_eq!((asked.op.as_str(), &asked.input), ("AssumeRole", &serde_json::json!({"RoleArn": "arn:aws"})));
        assert_eq!(said("GET", "/?Action=AssumeRole&Version=2010-01-01", "").unwrap_err().code, "InvalidAction");
    }
}
