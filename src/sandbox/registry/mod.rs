//! The registry protocol (OCI distribution), which docker, buildah, skopeo and others use under `/v2/`.

mod blobs;
mod error;
mod manifests;
mod route;

#[cfg(test)]
pub(super) mod tests;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use jiff::Timestamp;

pub use error::RegistryError;
pub use route::{Route, Target, route};

use super::ecr::Ecr;
use super::ecr::token::Login;
use super::iam::Caller;

/// A request to a repository, its route known and its caller allowed.
pub struct RegistryRequest<'a> {
    pub request: &'a Request<Bytes>,
    pub route: &'a Route,
    pub now: Timestamp,
}

pub type Reply = Result<Response<Bytes>, RegistryError>;

/// Whom a request speaks for: the holder of the token in its Basic credentials.
pub fn caller(ecr: &Ecr, request: &Request<Bytes>, now: Timestamp) -> Result<Caller, RegistryError> {
    let header = request.headers().get("authorization").and_then(|v| v.to_str().ok());
    match header.map(|h| ecr.login(h, now)) {
        Some(Login::Valid(caller)) => Ok(caller),
        Some(Login::Expired) => {
            Err(RegistryError::denied("Your authorization token has expired. Reauthenticate and try again."))
        }
        Some(Login::Unknown) | None => Err(RegistryError::Unauthorized),
    }
}

/// Answers a request that is allowed.
pub fn handle(ecr: &mut Ecr, asked: &RegistryRequest) -> Reply {
    let method = asked.request.method();
    match &asked.route.target {
        Target::Uploads if method == Method::POST => blobs::start(ecr, asked),
        Target::Upload(id) => match *method {
            Method::PATCH => blobs::patch(ecr, asked, id),
            Method::PUT => blobs::finish(ecr, asked, id),
            Method::GET => blobs::progress(ecr, asked, id),
            Method::DELETE => blobs::cancel(ecr, asked, id),
            _ => Err(RegistryError::Unsupported),
        },
        Target::Blob(digest) if is_read(method) => blobs::get(ecr, asked, digest),
        Target::Manifest(reference) if is_read(method) => manifests::get(ecr, asked, reference),
        Target::Manifest(reference) if method == Method::PUT => manifests::put(ecr, asked, reference),
        Target::Tags if method == Method::GET => manifests::tags(ecr, asked),
        Target::Referrers(digest) if method == Method::GET => manifests::referrers(ecr, asked, digest),
        Target::Uploads | Target::Blob(_) | Target::Manifest(_) | Target::Tags | Target::Referrers(_) => {
            Err(RegistryError::Unsupported)
        }
    }
}

fn is_read(method: &Method) -> bool {
    method == Method::GET || method == Method::HEAD
}

fn reply(status: StatusCode) -> http::response::Builder {
    Response::builder().status(status).header("docker-distribution-api-version", "registry/2.0")
}

fn with_body(builder: http::response::Builder, body: Bytes) -> Reply {
    Ok(builder.body(body).expect("headers are made of digests and numbers"))
}
