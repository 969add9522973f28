//! A repository of a registry, through the OCI distribution protocol. An answer counts only in the protocol's own form.

mod address;
mod blobs;
mod body;
mod challenge;
mod limits;
mod reading;
mod referrers;
mod request_error;
mod retry;
mod stream;
#[cfg(test)]
mod tests;
mod token;
mod wire;

use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderValue};
use reqwest::{Method, StatusCode};

use self::body::bounded;
use self::request_error::{Nature, RequestError};
use self::retry::{Attempt, Failed, with_retries};
use self::wire::{Payload, Request, Rights, Wire};
use super::manifest::{Manifest, UNDERSTOOD};
use crate::model::event::PushedImage;
use crate::model::fault::registry::{RegistryProblem, UnusableAnswer, Work};
use crate::model::fault::{Fault, FaultKind};
use crate::model::ids::Digest;
use crate::model::registry_login::RegistryLogin;
use crate::ports::clock::Clock;
use crate::ports::fence::Fence;
use crate::ports::images::Access;

/// The header that names the digest of what is answered.
const CONTENT_DIGEST: &str = "docker-content-digest";

/// A manifest is never larger (OCI distribution-spec: registries should refuse those over 4 MiB; ECR does).
const MANIFEST_LIMIT: u64 = 4 * 1024 * 1024;

/// A configuration holds a history and the digests of at most some hundred layers; podman and skopeo have the same limit.
const DOCUMENT_LIMIT: u64 = 4 * 1024 * 1024;

/// One repository, and a session with its registry.
pub struct Repository<'a> {
    name: String,
    host: String,
    path: String,
    login_from: Option<RegistryLogin>,
    wire: Wire,
    clock: &'a dyn Clock,
}

impl<'a> Repository<'a> {
    /// A session for reading. The registry is asked for nothing yet, not even for a login.
    ///
    /// # Errors
    /// `Invalid` where it is not a repository, or not on this machine and without TLS.
    pub fn to_read(access: Access, clock: &'a dyn Clock) -> Result<Repository<'a>, Fault> {
        Repository::open(access, clock, Rights::Pull)
    }

    /// A session for reading and writing; `fence` is checked before each attempt of a write.
    ///
    /// # Errors
    /// As `to_read`.
    pub fn to_write(access: Access, clock: &'a dyn Clock, fence: &Fence) -> Result<Repository<'a>, Fault> {
        Repository::open(access, clock, Rights::Push(fence.clone()))
    }

    fn open(access: Access, clock: &'a dyn Clock, rights: Rights) -> Result<Repository<'a>, Fault> {
        let Some((host, path)) = access.repository.split_once('/').filter(|(h, p)| !h.is_empty() && !p.is_empty())
        else {
            return Err(RegistryProblem::InvalidRepository { repository: access.repository }.into());
        };
        let wire = Wire::new(host, path, &access, rights)?;
        let (host, path) = (host.to_owned(), path.to_owned());
        Ok(Repository { name: access.repository.clone(), host, path, login_from: access.login_from, wire, clock })
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// The error as a fault; a refusal with the login that was used.
    fn fault(&self, failed: &Failed, work: Work) -> Fault {
        failed.fault(work, self.login_from.as_ref())
    }

    fn url(&self, rest: &str) -> reqwest::Url {
        self.wire.url(&format!("/v2/{}/{rest}", self.path))
    }

    /// The manifest under a tag or digest, its digest verified; `None` where the registry knows none.
    ///
    /// # Errors
    /// `AccessDenied`, `Unreachable`, `Throttled`, `Invalid` where the bytes are not what the digest says, or too many.
    pub async fn manifest(&self, reference: &str) -> Result<Option<Manifest>, Fault> {
        match with_retries(self.clock, Nature::Repeatable, |attempt| self.get_manifest(attempt, reference)).await {
            Ok(manifest) => Ok(Some(manifest)),
            Err(e) if e.error.is_absent() => Ok(None),
            Err(e) => {
                let (repository, reference) = (self.name().to_owned(), reference.to_owned());
                Err(self.fault(&e, Work::ReadManifest { repository, reference }))
            }
        }
    }

    async fn get_manifest(&self, attempt: Attempt, reference: &str) -> Result<Manifest, RequestError> {
        let mut ask = Request::new(Method::GET, self.url(&format!("manifests/{reference}")));
        for understood in UNDERSTOOD {
            ask = ask.header(ACCEPT, HeaderValue::from_static(understood));
        }
        let response = self.wire.send(attempt, ask).await?;
        let (status, headers) = (response.status(), response.headers().clone());
        let text = |name: &str| headers.get(name).and_then(|v| v.to_str().ok());
        let named: Option<Digest> = text(CONTENT_DIGEST).and_then(|d| d.parse().ok());
        let media_type = text(CONTENT_TYPE.as_str()).map(|t| t.split(';').next().unwrap_or_default().trim());
        let foreign = || RequestError::foreign(status.as_u16(), &headers);
        if status != StatusCode::OK {
            return Err(foreign());
        }
        let bytes = bounded(response, MANIFEST_LIMIT, &self.wire.limits).await?;
        let wanted = reference.parse().ok().or(named);
        let is = Digest::of(&bytes);
        let manifest = match Manifest::parse(bytes) {
            Ok(manifest) => manifest,
            // What has the digest that it should have is what the registry holds.
            Err(fault) if wanted.as_ref() == Some(&is) => {
                return Err(RequestError::Unusable(UnusableAnswer::Manifest { fault: Box::new(fault) }));
            }
            Err(_) => return Err(foreign()),
        };
        match wanted {
            Some(wanted) if wanted != is => {
                Err(RequestError::Unusable(UnusableAnswer::OtherBytes { named: wanted, sent: Some(is) }))
            }
            Some(_) => Ok(manifest),
            // Without a digest to hold it against, the type is what shows whose answer it is.
            None if media_type.is_some_and(|t| UNDERSTOOD.contains(&t)) => Ok(manifest),
            None => Err(foreign()),
        }
    }

    /// Puts a manifest under its own digest.
    ///
    /// # Errors
    /// `AccessDenied`, `Unreachable`, `Throttled`, `Invalid` where the registry lacks what it names.
    pub async fn put_manifest(&self, manifest: &Manifest) -> Result<(), Fault> {
        let put = with_retries(self.clock, Nature::Repeatable, |attempt| {
            self.put_as(attempt, manifest, manifest.digest.as_str())
        });
        put.await.map_err(|e| {
            let (repository, digest) = (self.name().to_owned(), manifest.digest.clone());
            self.fault(&e, Work::PutManifest { repository, digest })
        })
    }

    /// Puts a manifest under a tag. The tag is read back; one that has this digest already is success.
    ///
    /// # Errors
    /// `Invalid` where the tag is immutable and holds another digest, `Ambiguous` where it may have been set, `Changed` where
    /// somebody else moved the tag at once, and as `put_manifest`.
    pub async fn tag(&self, manifest: &Manifest, tag: &str) -> Result<(), Fault> {
        let put = with_retries(self.clock, Nature::Once, |attempt| self.put_as(attempt, manifest, tag)).await;
        let failed = match put {
            Ok(()) => return self.expect_tag(manifest, tag).await,
            Err(failed) => failed,
        };
        let work = Work::SetTag { repository: self.name().to_owned(), tag: tag.to_owned() };
        let fault = self.fault(&failed, work.clone());
        if !matches!(fault.kind(), FaultKind::Ambiguous | FaultKind::Invalid) {
            return Err(fault);
        }
        match self.manifest(tag).await {
            Ok(Some(there)) if there.digest == manifest.digest => Ok(()),
            Ok(Some(there)) if fault.kind() == FaultKind::Invalid => {
                let taken = RegistryProblem::TagTaken { work, holds: there.digest };
                Err(Fault { said: fault.said, ..taken.into() })
            }
            Ok(_) | Err(_) => Err(fault),
        }
    }

    async fn expect_tag(&self, manifest: &Manifest, tag: &str) -> Result<(), Fault> {
        let there = self.manifest(tag).await?;
        if there.as_ref().is_some_and(|m| m.digest == manifest.digest) {
            return Ok(());
        }
        let (repository, tag) = (self.name().to_owned(), tag.to_owned());
        let (put, found) = (manifest.digest.clone(), there.map(|m| m.digest));
        Err(RegistryProblem::TagMoved { repository, tag, put, found }.into())
    }

    async fn put_as(&self, attempt: Attempt, manifest: &Manifest, reference: &str) -> Result<(), RequestError> {
        let media_type = HeaderValue::from_str(&manifest.media_type).map_err(|_| {
            RequestError::Unusable(UnusableAnswer::MediaType { media_type: manifest.media_type.clone() })
        })?;
        let ask = Request::new(Method::PUT, self.url(&format!("manifests/{reference}")))
            .header(CONTENT_TYPE, media_type)
            .body(Payload::Bytes(manifest.bytes.clone()));
        let response = self.wire.send(attempt, ask).await?;
        match response.status() {
            StatusCode::CREATED => Ok(()),
            status => Err(RequestError::foreign(status.as_u16(), response.headers())),
        }
    }

    /// The image as the release's record holds it; registries do not say when they were pushed to, so it counts from now.
    pub fn pushed(&self, manifest: &Manifest) -> PushedImage {
        PushedImage {
            repository: self.name().to_owned(),
            digest: manifest.digest.clone(),
            pushed_at: self.clock.now(),
            not_copied: Vec::new(),
        }
    }
}
