//! Blobs: uploaded at once, in parts, or mounted; read whole or in part.

use bytes::Bytes;
use http::StatusCode;

use super::{RegistryError, RegistryRequest, Reply, reply, with_body};
use crate::model::ids::Digest;
use crate::sandbox::ecr::{Ecr, Registry, Repository, Upload, split_path};

fn query(asked: &RegistryRequest, name: &str) -> Option<String> {
    let query = asked.request.uri().query()?;
    let value = query.split('&').find_map(|p| p.strip_prefix(name)?.strip_prefix('='))?;
    Some(value.replace("%3A", ":").replace("%3a", ":").replace("%2F", "/").replace("%2f", "/"))
}

fn registry<'a>(ecr: &'a mut Ecr, asked: &RegistryRequest) -> &'a mut Registry {
    ecr.registry_mut(&asked.route.account, &asked.route.region)
}

fn repository<'a>(ecr: &'a mut Ecr, asked: &RegistryRequest) -> Result<&'a mut Repository, RegistryError> {
    let found = registry(ecr, asked).repositories.get_mut(&asked.route.repository);
    found.ok_or_else(|| RegistryError::name_unknown(asked.route))
}

fn upload<'a>(ecr: &'a mut Ecr, asked: &RegistryRequest, id: &str) -> Result<&'a mut Upload, RegistryError> {
    let found = registry(ecr, asked).uploads.get_mut(id).filter(|u| u.repository == asked.route.repository);
    found.ok_or_else(|| RegistryError::new(404, "BLOB_UPLOAD_UNKNOWN", format!("there is no upload {id}")))
}

/// POST: a mount, a whole blob (`digest`), or the start of an upload.
pub fn start(ecr: &mut Ecr, asked: &RegistryRequest) -> Reply {
    repository(ecr, asked)?;
    if let (Some(digest), from) = (query(asked, "mount"), query(asked, "from"))
        && let Some(blob) = mountable(ecr, asked, &digest, from.as_deref())
    {
        repository(ecr, asked)?.blobs.insert(digest.clone(), blob);
        return created(asked, &digest);
    }
    if let Some(digest) = query(asked, "digest") {
        return store(ecr, asked, &digest, asked.request.body().clone());
    }
    let id = ecr.ids().uuid();
    let upload = Upload { repository: asked.route.repository.clone(), bytes: Vec::new() };
    registry(ecr, asked).uploads.insert(id.clone(), upload);
    accepted(asked, &id, 0)
}

/// ECR mounts within one account and region, from a repository that has the blob.
fn mountable(ecr: &Ecr, asked: &RegistryRequest, digest: &str, from: Option<&str>) -> Option<Bytes> {
    let (account, region, name) = split_path(from?)?;
    if account != asked.route.account || region != asked.route.region {
        return None;
    }
    ecr.repository(&account, &region, name)?.blobs.get(digest).cloned()
}

/// PATCH: one more part, which has to begin where the last one ended.
pub fn patch(ecr: &mut Ecr, asked: &RegistryRequest, id: &str) -> Reply {
    let upload = upload(ecr, asked, id)?;
    let range = asked.request.headers().get("content-range").and_then(|v| v.to_str().ok());
    let begins = range.map(|r| r.trim_start_matches("bytes ").split('-').next().unwrap_or_default().parse::<usize>());
    match begins {
        Some(Ok(at)) if at == upload.bytes.len() => {}
        None => {}
        Some(Ok(_) | Err(_)) => {
            let message = format!("the next part begins at {}", upload.bytes.len());
            return Err(RegistryError::new(416, "BLOB_UPLOAD_INVALID", message));
        }
    }
    upload.bytes.extend_from_slice(asked.request.body());
    let size = upload.bytes.len();
    accepted(asked, id, size)
}

pub fn progress(ecr: &mut Ecr, asked: &RegistryRequest, id: &str) -> Reply {
    let size = upload(ecr, asked, id)?.bytes.len();
    let builder = reply(StatusCode::NO_CONTENT).header("range", range(size)).header("docker-upload-uuid", id);
    with_body(builder.header("location", asked.route.path(&format!("blobs/uploads/{id}"))), Bytes::new())
}

pub fn cancel(ecr: &mut Ecr, asked: &RegistryRequest, id: &str) -> Reply {
    upload(ecr, asked, id)?;
    registry(ecr, asked).uploads.remove(id);
    with_body(reply(StatusCode::NO_CONTENT), Bytes::new())
}

/// PUT: the last part, if any, and the digest that all of it must have.
pub fn finish(ecr: &mut Ecr, asked: &RegistryRequest, id: &str) -> Reply {
    upload(ecr, asked, id)?;
    let digest = query(asked, "digest")
        .ok_or_else(|| RegistryError::new(400, "DIGEST_INVALID", "the digest parameter is missing"))?;
    let body = asked.request.body();
    let begun = registry(ecr, asked).finish_upload(id).unwrap_or_default();
    let blob = if begun.is_empty() { body.clone() } else { [begun.as_ref(), body.as_ref()].concat().into() };
    store(ecr, asked, &digest, blob)
}

fn store(ecr: &mut Ecr, asked: &RegistryRequest, digest: &str, blob: Bytes) -> Reply {
    let is = String::from(Digest::of(&blob));
    if is != digest {
        let message = format!("the blob's digest is {is}, not {digest}");
        return Err(RegistryError::new(400, "DIGEST_INVALID", message));
    }
    repository(ecr, asked)?.blobs.insert(is.clone(), blob);
    created(asked, &is)
}

/// HEAD and GET, whole or `Range: bytes=A-B`.
pub fn get(ecr: &mut Ecr, asked: &RegistryRequest, digest: &str) -> Reply {
    let blob = repository(ecr, asked)?.blobs.get(digest).cloned();
    let unknown = || RegistryError::new(404, "BLOB_UNKNOWN", format!("Layer not found: {digest}"));
    let blob = blob.ok_or_else(unknown)?;
    let header = asked.request.headers().get("range").and_then(|v| v.to_str().ok());
    let builder = |status| {
        reply(status)
            .header("content-type", "application/octet-stream")
            .header("docker-content-digest", digest)
            .header("accept-ranges", "bytes")
            .header("etag", format!("\"{digest}\""))
    };
    let Some(part) = header.and_then(|h| h.strip_prefix("bytes=")) else {
        return super::manifests::sized(builder(StatusCode::OK), blob, asked);
    };
    let total = blob.len();
    let (first, last) = part.split_once('-').unwrap_or((part, ""));
    let first: usize = first.parse().unwrap_or(0);
    let last = last.parse().unwrap_or(usize::MAX).min(total.saturating_sub(1));
    if first > last || first >= total {
        return Err(RegistryError::new(416, "BLOB_UNKNOWN", format!("the blob has {total} bytes")));
    }
    let builder = builder(StatusCode::PARTIAL_CONTENT).header("content-range", format!("bytes {first}-{last}/{total}"));
    super::manifests::sized(builder, blob.slice(first..=last), asked)
}

fn created(asked: &RegistryRequest, digest: &str) -> Reply {
    let builder = reply(StatusCode::CREATED).header("location", asked.route.path(&format!("blobs/{digest}")));
    with_body(builder.header("docker-content-digest", digest), Bytes::new())
}

fn accepted(asked: &RegistryRequest, id: &str, size: usize) -> Reply {
    let builder = reply(StatusCode::ACCEPTED)
        .header("location", asked.route.path(&format!("blobs/uploads/{id}")))
        .header("docker-upload-uuid", id)
        .header("range", range(size));
    with_body(builder, Bytes::new())
}

/// The bytes that have come, both ends included; `0-0` for none, as registries write it.
fn range(size: usize) -> String {
    format!("0-{}", size.saturating_sub(1))
}
