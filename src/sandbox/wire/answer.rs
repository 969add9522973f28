//! Writing an answer in the caller's protocol.

use bytes::Bytes;
use http::{Response, StatusCode};
use serde_json::Value;

use super::{Protocol, Service, query};
use crate::sandbox::service::AwsError;

const STS_NAMESPACE: &str = "https://sts.amazonaws.com/doc/2011-06-15/";

/// A successful answer.
pub fn success(service: Service, op: &str, output: &Value, request_id: &str) -> Response<Bytes> {
    let body = match service.protocol() {
        Protocol::Json11 | Protocol::RestJson => output.to_string(),
        Protocol::Query => {
            let mut body = format!("<{op}Response xmlns=\"{STS_NAMESPACE}\"><{op}Result>");
            query::xml(&mut body, output);
            body.push_str(&format!(
                "</{op}Result><ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata></{op}Response>"
            ));
            body
        }
    };
    respond(service.protocol(), 200, None, body, request_id)
}

/// An error in its protocol's form: `__type` in the body, `x-amzn-ErrorType`, or XML.
pub fn failure(protocol: Protocol, error: &AwsError, request_id: &str) -> Response<Bytes> {
    let body = match protocol {
        Protocol::Json11 | Protocol::RestJson => {
            let mut body = serde_json::Map::new();
            if protocol == Protocol::Json11 {
                body.insert("__type".to_owned(), error.code.clone().into());
            }
            body.insert("message".to_owned(), error.message.clone().into());
            body.extend(error.extra.clone());
            Value::Object(body).to_string()
        }
        Protocol::Query => {
            let blame = if error.status < 500 { "Sender" } else { "Receiver" };
            format!(
                "<ErrorResponse xmlns=\"{STS_NAMESPACE}\"><Error><Type>{blame}</Type><Code>{}</Code>\
                 <Message>{}</Message></Error><RequestId>{request_id}</RequestId></ErrorResponse>",
                query::escape(&error.code),
                query::escape(&error.message)
            )
        }
    };
    respond(protocol, error.status, Some(&error.code), body, request_id)
}

fn respond(protocol: Protocol, status: u16, error: Option<&str>, body: String, request_id: &str) -> Response<Bytes> {
    let content_type = match protocol {
        Protocol::Json11 => "application/x-amz-json-1.1",
        Protocol::RestJson => "application/json",
        Protocol::Query => "text/xml",
    };
    let mut response = Response::builder()
        .status(StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR))
        .header("content-type", content_type)
        .header("x-amzn-requestid", request_id);
    if let (Some(code), Protocol::RestJson) = (error, protocol) {
        response = response.header("x-amzn-errortype", code);
    }
    response.body(Bytes::from(body)).expect("status and headers are valid by construction")
}
