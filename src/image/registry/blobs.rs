//! Layers and configurations: whether they are there, and how they come and go.

use std::future::Future;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderValue, LOCATION};
use reqwest::{Method, Response, StatusCode};
use sha2::Digest as _;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};

use super::body::bounded;
use super::limits::Sent;
use super::request_error::{Nature, RequestError};
use super::retry::{Attempt, once, with_retries};
use super::stream;
use super::wire::{Payload, Request};
use super::{CONTENT_DIGEST, DOCUMENT_LIMIT, Repository};
use crate::image::manifest::Descriptor;
use crate::model::fault::Fault;
use crate::model::fault::registry::{RegistryProblem, UnusableAnswer, Work};
use crate::model::ids::Digest;

/// What is held in memory of a blob that is being copied.
pub(super) const COPY_WINDOW: usize = 512 * 1024;

/// The type that registries send blobs as.
const BLOB_TYPE: &str = "application/octet-stream";

/// What an answer to HEAD says of a blob.
struct Seen {
    /// Whether it repeats the digest.
    named: bool,
    is_blob: bool,
    length: Option<u64>,
}

impl Repository<'_> {
    /// Whether the repository holds this blob. Only an answer that shows it counts: putting a blob again does no harm, but a manifest
    /// that names a missing blob is refused.
    ///
    /// # Errors
    /// `AccessDenied`, `Unreachable`, `Throttled`.
    pub async fn has_blob(&self, digest: &Digest, size: u64) -> Result<bool, Fault> {
        with_retries(self.clock, Nature::Repeatable, |attempt| self.shows(attempt, digest, size))
            .await
            .map_err(|e| self.fault(&e, Work::FindLayer { repository: self.name().to_owned() }))
    }

    async fn shows(&self, attempt: Attempt, digest: &Digest, size: u64) -> Result<bool, RequestError> {
        Ok(self.head(attempt, digest).await?.is_some_and(|seen| seen.named || seen.length == Some(size)))
    }

    /// What the registry shows of a blob without sending it; `None`: nothing that proves it to be there.
    async fn head(&self, attempt: Attempt, digest: &Digest) -> Result<Option<Seen>, RequestError> {
        match self.wire.send(attempt, Request::new(Method::HEAD, self.blob_url(digest))).await {
            Ok(response) => {
                let headers = response.headers();
                let is = |name: &str, value: &str| headers.get(name).is_some_and(|v| v.as_bytes() == value.as_bytes());
                Ok(Some(Seen {
                    named: is(CONTENT_DIGEST, digest.as_str()),
                    is_blob: is(CONTENT_TYPE.as_str(), BLOB_TYPE),
                    length: length(headers),
                }))
            }
            // HEAD has no body that would show whether a 404 is the registry's own.
            Err(RequestError::Foreign { .. }) => Ok(None),
            Err(e) if e.is_absent() => Ok(None),
            Err(e) => Err(e),
        }
    }

    fn blob_url(&self, digest: &Digest) -> reqwest::Url {
        self.url(&format!("blobs/{digest}"))
    }

    /// Asks the registry to mount a blob from another repository of its own; `false` where it has to be copied.
    pub async fn mount(&self, digest: &Digest, from: &Repository<'_>) -> bool {
        if self.host != from.host {
            return false;
        }
        let mut url = self.url("blobs/uploads/");
        url.query_pairs_mut().append_pair("mount", digest.as_str()).append_pair("from", &from.path);
        // 202 instead of 201 says: copy instead. So does a refusal, which the copy then meets itself.
        match once(|attempt| self.wire.send(attempt, Request::new(Method::POST, url))).await {
            Ok(response) => response.status() == StatusCode::CREATED,
            Err(error) => {
                tracing::debug!(%digest, ?error, "not mounted");
                false
            }
        }
    }

    /// Puts a small blob.
    ///
    /// # Errors
    /// `AccessDenied`, `Unreachable`, `Throttled`, `Invalid`.
    pub async fn put_bytes(&self, bytes: &Bytes) -> Result<Digest, Fault> {
        let digest = Digest::of(bytes);
        self.put_blob(&digest, bytes.len() as u64, || {
            let bytes = bytes.clone();
            async move { Ok(std::io::Cursor::new(bytes)) }
        })
        .await?;
        Ok(digest)
    }

    /// Puts a file as a blob, reading it as it is sent.
    ///
    /// # Errors
    /// As `put_bytes`.
    pub async fn put_file(&self, digest: &Digest, size: u64, file: &Path) -> Result<(), Fault> {
        self.put_blob(digest, size, || async { tokio::fs::File::open(file).await.map_err(RequestError::File) }).await
    }

    async fn put_blob<R, F, Fut>(&self, digest: &Digest, size: u64, mut open: F) -> Result<(), Fault>
    where
        R: AsyncRead + Unpin + Send + Sync + 'static,
        F: FnMut() -> Fut,
        Fut: Future<Output = Result<R, RequestError>>,
    {
        let sent = with_retries(self.clock, Nature::Repeatable, |attempt| {
            let source = open();
            async move { self.upload(attempt, digest, size, source.await?).await }
        });
        let work = Work::PutLayer { repository: self.name().to_owned(), digest: digest.clone() };
        sent.await.map_err(|e| self.fault(&e, work))
    }

    /// One upload, from its beginning, in one PUT as containerd does it: ECR refuses parts under 5 MiB.
    async fn upload<R>(&self, attempt: Attempt, digest: &Digest, size: u64, from: R) -> Result<(), RequestError>
    where
        R: AsyncRead + Unpin + Send + Sync + 'static,
    {
        let begun = self.wire.send(attempt, Request::new(Method::POST, self.url("blobs/uploads/"))).await?;
        let location = begun.headers().get(LOCATION).and_then(|l| l.to_str().ok());
        let (StatusCode::ACCEPTED, Some(location)) = (begun.status(), location) else {
            return Err(RequestError::foreign(begun.status().as_u16(), begun.headers()));
        };
        let mut url = self.wire.resolve(begun.url(), location)?;
        url.query_pairs_mut().append_pair("digest", digest.as_str());
        let sent = Sent::default();
        let ask = Request::new(Method::PUT, url)
            .header(CONTENT_TYPE, HeaderValue::from_static(BLOB_TYPE))
            .header(CONTENT_LENGTH, HeaderValue::from(size))
            .body(Payload::Stream(stream::body(from, sent.clone())));
        let error = match self.wire.limits.uploaded(size, &sent, self.wire.send(attempt, ask)).await {
            Ok(response) if response.status() == StatusCode::CREATED => return Ok(()),
            Ok(response) => RequestError::foreign(response.status().as_u16(), response.headers()),
            Err(error) => error,
        };
        // One that something in between sent twice was done by the first; the second is what was answered.
        let lost = error.is_lost_upload();
        if (lost || matches!(error, RequestError::Foreign { .. })) && self.shows(attempt, digest, size).await? {
            return Ok(());
        }
        if lost {
            return Err(RequestError::UploadLost);
        }
        Err(error)
    }

    /// Copies a blob from another repository, a window at a time.
    ///
    /// # Errors
    /// As `put_bytes`; `NotFound` where the source lacks it, `Invalid` where it is not what its descriptor says.
    pub async fn take_blob(&self, blob: &Descriptor, from: &Repository<'_>) -> Result<(), Fault> {
        let of_source = &AtomicBool::new(false);
        let copied = with_retries(self.clock, Nature::Repeatable, |attempt| async move {
            of_source.store(true, Ordering::Relaxed);
            let pulled = from.pull(attempt, blob).await?;
            of_source.store(false, Ordering::Relaxed);
            let (written, read) = tokio::io::duplex(COPY_WINDOW);
            let push = self.upload(attempt, &blob.digest, blob.size, read);
            match tokio::join!(self.wire.limits.transferred(blob.size, pour(pulled, blob, written)), push) {
                (Ok(()), pushed) => pushed,
                // The pipe breaks where the push ends first: then the push knows why.
                (Err(RequestError::File(_)), pushed) => pushed,
                (Err(pull), _) => Err(pull),
            }
        });
        copied.await.map_err(|e| {
            let (source, to) = (from.name().to_owned(), self.name().to_owned());
            let work = Work::CopyLayer { from: source, to, digest: blob.digest.clone() };
            let by = if of_source.load(Ordering::Relaxed) { from } else { self };
            by.fault(&e, work)
        })
    }

    /// A blob's bytes as they come, of the size that its descriptor says.
    pub(super) async fn pull(&self, attempt: Attempt, blob: &Descriptor) -> Result<Response, RequestError> {
        let response = self.wire.send(attempt, Request::new(Method::GET, self.blob_url(&blob.digest))).await?;
        if response.status() != StatusCode::OK {
            return Err(RequestError::foreign(response.status().as_u16(), response.headers()));
        }
        match response.content_length() {
            Some(there) if there != blob.size => Err(self.other_size(attempt, blob, there, &response).await),
            Some(_) | None => Ok(response),
        }
    }

    /// Asks again to distinguish a wrong descriptor, which stays wrong, from an answer that is not the registry's.
    async fn other_size(&self, attempt: Attempt, blob: &Descriptor, there: u64, first: &Response) -> RequestError {
        match self.head(attempt, &blob.digest).await {
            Ok(Some(seen)) if (seen.named || seen.is_blob) && seen.length == Some(there) => wrong_size(blob, there),
            Ok(Some(_) | None) => RequestError::foreign(first.status().as_u16(), first.headers()),
            Err(error) => error,
        }
    }

    /// A configuration or another small blob, verified.
    ///
    /// # Errors
    /// `NotFound`, `AccessDenied`, `Unreachable`, `Invalid` where it is too large or not what its descriptor says.
    pub async fn document(&self, blob: &Descriptor) -> Result<Bytes, Fault> {
        let work = || Work::ReadConfiguration { repository: self.name().to_owned(), digest: blob.digest.clone() };
        if blob.size > DOCUMENT_LIMIT {
            let why = UnusableAnswer::TooLarge { limit: DOCUMENT_LIMIT };
            return Err(RegistryProblem::Unusable { work: work(), why }.into());
        }
        let read = with_retries(self.clock, Nature::Repeatable, |attempt| async move {
            let bytes = bounded(self.pull(attempt, blob).await?, blob.size, &self.wire.limits).await?;
            match Digest::of(&bytes) == blob.digest {
                true => Ok(bytes),
                false => Err(wrong_digest(blob)),
            }
        });
        read.await.map_err(|e| self.fault(&e, work()))
    }
}

/// Writes a blob out as it comes, and checks it against its descriptor.
pub(super) async fn pour(
    mut from: Response,
    blob: &Descriptor,
    mut to: impl AsyncWrite + Unpin,
) -> Result<(), RequestError> {
    let (mut hash, mut size) = (sha2::Sha256::new(), 0);
    while let Some(chunk) = from.chunk().await.map_err(RequestError::silent)? {
        size += chunk.len() as u64;
        if size > blob.size {
            return Err(wrong_size(blob, size));
        }
        hash.update(&chunk);
        to.write_all(&chunk).await.map_err(RequestError::File)?;
    }
    if size != blob.size {
        return Err(wrong_size(blob, size));
    }
    if format!("sha256:{}", hex::encode(hash.finalize())) != blob.digest.as_str() {
        return Err(wrong_digest(blob));
    }
    to.shutdown().await.map_err(RequestError::File)
}

fn wrong_size(blob: &Descriptor, there: u64) -> RequestError {
    RequestError::Unusable(UnusableAnswer::OtherSize { expected: blob.size, found: there })
}

fn wrong_digest(blob: &Descriptor) -> RequestError {
    RequestError::Unusable(UnusableAnswer::OtherBytes { named: blob.digest.clone(), sent: None })
}

/// What an answer to HEAD says that the body would have.
fn length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}
