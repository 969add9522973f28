//! Errors that every operation may answer, in addition to those of its model.

use super::exchange::Protocol;

/// Common error codes of AWS, with their HTTP statuses.
///
/// Codes and statuses of the JSON protocols: "Common Errors" of the ECS, ECR, Inspector and CodePipeline API references
/// (.../APIReference/CommonErrors.html: 403 for what is not allowed or expired, 404 for an unknown operation, 400 for throttling).
/// AWS JSON services answer all of them with 400, as the DynamoDB developer guide's "Error messages and codes" has it
/// (Programming.Errors.html), which also names `…Exception` for what the reference calls `IncompleteSignature` and
/// `MissingAuthenticationToken`; `InvalidSignatureException` and `SerializationException` come from the framework that the
/// services share (`com.amazon.coral.service#…`).
const JSON: [(&str, &[u16]); 13] = [
    ("AccessDeniedException", &[400, 403]),
    ("ExpiredTokenException", &[400, 403]),
    ("IncompleteSignatureException", &[400, 403]),
    ("InternalFailure", &[500]),
    ("InvalidSignatureException", &[400, 403]),
    ("MissingAuthenticationTokenException", &[400, 403]),
    ("RequestExpired", &[400]),
    ("SerializationException", &[400]),
    ("ServiceUnavailable", &[503]),
    ("ThrottlingException", &[400, 429]),
    ("UnknownOperationException", &[400, 404]),
    ("UnrecognizedClientException", &[400, 403]),
    ("ValidationException", &[400]),
];

/// The query protocol's: "Common Errors" of the STS API reference, and "Common error types" of the IAM one.
const QUERY: [(&str, &[u16]); 14] = [
    ("AccessDenied", &[400, 403]),
    ("ExpiredToken", &[400, 403]),
    ("IncompleteSignature", &[400, 403]),
    ("InternalFailure", &[500]),
    ("InvalidAction", &[400]),
    ("InvalidClientTokenId", &[403]),
    ("InvalidParameterCombination", &[400]),
    ("InvalidParameterValue", &[400]),
    ("MalformedQueryString", &[400, 404]),
    ("MissingAuthenticationToken", &[403]),
    ("ServiceUnavailable", &[503]),
    ("SignatureDoesNotMatch", &[403]),
    ("Throttling", &[400]),
    ("ValidationError", &[400]),
];

/// The statuses of a common error; `None`: it is not a common error.
pub fn common(protocol: Protocol, code: &str) -> Option<&'static [u16]> {
    let list: &[_] = match protocol {
        Protocol::Json | Protocol::RestJson | Protocol::Cbor => &JSON,
        Protocol::Query => &QUERY,
    };
    list.iter().find(|(c, _)| *c == code).map(|(_, statuses)| *statuses)
}

/// Whether this code is the answer to an unknown operation.
pub fn is_unknown_operation(code: &str) -> bool {
    [Protocol::Json, Protocol::Query].into_iter().any(|protocol| unknown_operation(protocol) == code)
}

/// The answer to an unknown operation.
pub fn unknown_operation(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Json | Protocol::RestJson | Protocol::Cbor => "UnknownOperationException",
        Protocol::Query => "InvalidAction",
    }
}
