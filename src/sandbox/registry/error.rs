//! The registry protocol's errors, with ECR's messages.

use bytes::Bytes;
use http::{Response, StatusCode};
use serde_json::json;

use super::{Route, reply};
use crate::sandbox::ecr::error::{repository_not_found, tag_immutable};
use crate::sandbox::ecr::push::PushError;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RegistryError {
    /// No or unknown credentials: the challenge is answered.
    Unauthorized,
    Unsupported,
    /// A code of the distribution specification.
    Coded {
        status: u16,
        code: &'static str,
        message: String,
    },
}

impl RegistryError {
    pub fn new(status: u16, code: &'static str, message: impl Into<String>) -> RegistryError {
        RegistryError::Coded { status, code, message: message.into() }
    }

    pub fn denied(message: impl Into<String>) -> RegistryError {
        RegistryError::new(403, "DENIED", message)
    }

    pub fn name_unknown(route: &Route) -> RegistryError {
        RegistryError::new(404, "NAME_UNKNOWN", repository_not_found(&route.repository, &route.account).message)
    }

    pub fn manifest_unknown(reference: &str) -> RegistryError {
        RegistryError::new(404, "MANIFEST_UNKNOWN", format!("Requested image not found: {reference}"))
    }

    pub fn of_push(error: PushError, route: &Route) -> RegistryError {
        match error {
            PushError::Malformed(why) => RegistryError::new(400, "MANIFEST_INVALID", why),
            PushError::DigestMismatch { wanted, is } => {
                RegistryError::new(400, "DIGEST_INVALID", format!("the manifest's digest is {is}, not {wanted}"))
            }
            PushError::BlobsMissing(digests) => {
                RegistryError::new(400, "MANIFEST_BLOB_UNKNOWN", format!("layers not pushed: {}", digests.join(", ")))
            }
            PushError::ImagesMissing(digests) => {
                RegistryError::new(400, "MANIFEST_BLOB_UNKNOWN", format!("images not pushed: {}", digests.join(", ")))
            }
            PushError::TagImmutable(tag) => {
                RegistryError::new(400, "TAG_INVALID", tag_immutable(&tag, &route.repository))
            }
        }
    }

    /// The code as a log shows it.
    pub fn code(&self) -> &'static str {
        match self {
            RegistryError::Unauthorized => "UNAUTHORIZED",
            RegistryError::Unsupported => "UNSUPPORTED",
            RegistryError::Coded { code, .. } => code,
        }
    }

    /// The error on the wire. `host` is where the registry is reached.
    pub fn response(&self, host: &str) -> Response<Bytes> {
        let (status, message) = match self {
            RegistryError::Unauthorized => (401, "Not Authorized"),
            RegistryError::Unsupported => (405, "The operation is unsupported"),
            RegistryError::Coded { status, message, .. } => (*status, message.as_str()),
        };
        let mut builder = reply(StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR))
            .header("content-type", "application/json; charset=utf-8");
        if *self == RegistryError::Unauthorized {
            builder = builder
                .header("www-authenticate", format!("Basic realm=\"http://{host}/\",service=\"ecr.amazonaws.com\""));
        }
        let body = json!({"errors": [{"code": self.code(), "message": message}]}).to_string();
        builder.body(Bytes::from(body)).expect("the host is a HOST:PORT")
    }
}
