//! Writing an answer in the caller's protocol.

use bytes::Bytes;
use http::{Response, StatusCode};
use serde_json::Value;

use super::{Protocol, cbor, query};
use crate::sandbox::service::AwsError;

/// The value of the header `smithy-protocol`, on both sides.
pub const RPC_V2: &str = "rpc-v2-cbor";

const STS_NAMESPACE: &str = "https://sts.amazonaws.com/doc/2011-06-15/";
/// The protocol in which AWS answers an unknown operation of any service.
const FAULT_NAMESPACE: &str = "http://webservices.amazon.com/AWSFault/2005-15-09";

/// A successful answer.
pub fn success(protocol: Protocol, op: &str, output: &Value, request_id: &str) -> Response<Bytes> {
    let body = match protocol {
        Protocol::Json10 | Protocol::Json11 | Protocol::RestJson => output.to_string().into(),
        Protocol::Cbor => cbor::write(output),
        Protocol::Query => {
            let mut body = format!("<{op}Response xmlns=\"{STS_NAMESPACE}\"><{op}Result>");
            query::xml(&mut body, output);
            body.push_str(&format!(
                "</{op}Result><ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata></{op}Response>"
            ));
            body.into()
        }
    };
    respond(protocol, 200, None, body, request_id)
}

/// An error in its protocol's form: `__type` in the body, `x-amzn-ErrorType`, or XML.
pub fn failure(protocol: Protocol, error: &AwsError, request_id: &str) -> Response<Bytes> {
    let body = match protocol {
        Protocol::Json10 | Protocol::Json11 | Protocol::Cbor | Protocol::RestJson => {
            let mut body = serde_json::Map::new();
            if protocol != Protocol::RestJson {
                body.insert("__type".to_owned(), error.code.clone().into());
            }
            body.insert("message".to_owned(), error.message.clone().into());
            body.extend(error.extra.clone());
            let body = Value::Object(body);
            if protocol == Protocol::Cbor { cbor::write(&body) } else { body.to_string().into() }
        }
        Protocol::Query => {
            let blame = if error.status < 500 { "Sender" } else { "Receiver" };
            let namespace = if error.code == "InvalidAction" { FAULT_NAMESPACE } else { STS_NAMESPACE };
            format!(
                "<ErrorResponse xmlns=\"{namespace}\"><Error><Type>{blame}</Type><Code>{}</Code>\
                 <Message>{}</Message></Error><RequestId>{request_id}</RequestId></ErrorResponse>",
                query::escape(&error.code),
                query::escape(&error.message)
            )
            .into()
        }
    };
    respond(protocol, error.status, Some(&error.code), body, request_id)
}

fn respond(protocol: Protocol, status: u16, error: Option<&str>, body: Bytes, request_id: &str) -> Response<Bytes> {
    let content_type = match protocol {
        Protocol::Json10 => "application/x-amz-json-1.0",
        Protocol::Json11 => "application/x-amz-json-1.1",
        Protocol::Cbor => "application/cbor",
        Protocol::RestJson => "application/json",
        Protocol::Query => "text/xml",
    };
    let mut response = Response::builder()
        .status(StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR))
        .header("content-type", content_type)
        .header("x-amzn-requestid", request_id);
    if protocol == Protocol::Cbor {
        response = response.header("smithy-protocol", RPC_V2);
    }
    if let (Some(code), Protocol::RestJson) = (error, protocol) {
        response = response.header("x-amzn-errortype", code);
    }
    response.body(body).expect("status and headers are valid by construction")
}
