//! Errors that every service has, under the code of its protocol.

use super::{Protocol, Service};
use crate::sandbox::service::AwsError;

/// What can fail outside a service's own work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CommonFault {
    MissingToken,
    UnknownKey,
    ExpiredToken,
    BadSignature(String),
    Denied(String),
    Throttled,
    Internal,
}

/// The fault as the service reports it (AWS's "common errors" of each API).
pub fn error_of(fault: &CommonFault, service: Service) -> AwsError {
    let protocol = service.protocol();
    let (json, query, message) = match fault {
        CommonFault::MissingToken => {
            ("MissingAuthenticationTokenException", "MissingAuthenticationToken", "Missing Authentication Token")
        }
        CommonFault::UnknownKey => (
            "UnrecognizedClientException",
            "InvalidClientTokenId",
            "The security token included in the request is invalid.",
        ),
        CommonFault::ExpiredToken => {
            ("ExpiredTokenException", "ExpiredToken", "The security token included in the request is expired")
        }
        CommonFault::BadSignature(m) => ("InvalidSignatureException", "SignatureDoesNotMatch", m.as_str()),
        CommonFault::Denied(m) => ("AccessDeniedException", "AccessDenied", m.as_str()),
        CommonFault::Throttled => ("ThrottlingException", "Throttling", "Rate exceeded"),
        CommonFault::Internal => (internal(service), "InternalFailure", "The request processing has failed."),
    };
    let status = match (fault, protocol) {
        (CommonFault::Internal, _) => 500,
        (CommonFault::Throttled, Protocol::RestJson) => 429,
        (CommonFault::Throttled, _) | (_, Protocol::Json10 | Protocol::Json11 | Protocol::Cbor) => 400,
        (_, Protocol::Query | Protocol::RestJson) => 403,
    };
    let code = if protocol == Protocol::Query { query } else { json };
    AwsError { code: code.to_owned(), status, message: message.to_owned(), extra: serde_json::Map::new() }
}

fn internal(service: Service) -> &'static str {
    match service {
        Service::Ecr | Service::Ecs => "ServerException",
        Service::Inspector2 => "InternalServerException",
        Service::Sts | Service::CodePipeline => "InternalFailure",
    }
}
