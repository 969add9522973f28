//! A repository of a registry, through the OCI distribution protocol.

mod fault;
mod retry;
mod stream;

use std::future::Future;
use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use oci_client::client::{Client, ClientConfig, ClientProtocol};
use oci_client::errors::OciDistributionError;
use oci_client::secrets::RegistryAuth;
use oci_client::{Reference, RegistryOperation};

pub use self::fault::Nature;
use self::fault::{fault_of, is_absent, kind_of};
use self::retry::patiently;
use self::stream::chunks;
use super::manifest::{Descriptor, Manifest, UNDERSTOOD};
use crate::model::event::PushedImage;
use crate::model::fault::{Fault, FaultKind};
use crate::model::ids::Digest;
use crate::ports::clock::Clock;
use crate::ports::images::Access;

/// A host that does not answer a handshake in this time is taken for unreachable.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// A registry may think this long before it answers or sends on: ECR checks every layer of a manifest when it is put.
const READ_TIMEOUT: Duration = Duration::from_secs(60);

/// An upload may take this long, and longer by its size at the slowest line that is still taken for alive.
const UPLOAD_GRACE: Duration = Duration::from_secs(120);
const SLOWEST_BYTES_PER_SECOND: u64 = 64 * 1024;

/// What is held in memory of a blob that is being copied.
const COPY_WINDOW: usize = 512 * 1024;

/// A manifest or a configuration is never larger (OCI distribution-spec: registries need not take more than 4 MiB).
const DOCUMENT_LIMIT: u64 = 8 * 1024 * 1024;

/// One repository, and a session with its registry.
pub struct Repository<'a> {
    name: String,
    host: String,
    path: String,
    /// Its read timeout would cut long uploads, since it runs until an answer's first byte: those go through `writer`.
    reader: Client,
    writer: Client,
    clock: &'a dyn Clock,
}

impl<'a> Repository<'a> {
    /// Opens a session for reading.
    ///
    /// # Errors
    /// `Unreachable`, `AccessDenied` where the login is refused.
    pub async fn to_read(access: Access, clock: &'a dyn Clock) -> Result<Repository<'a>, Fault> {
        Repository::open(access, clock, RegistryOperation::Pull).await
    }

    /// Opens a session for reading and writing.
    ///
    /// # Errors
    /// As `to_read`.
    pub async fn to_write(access: Access, clock: &'a dyn Clock) -> Result<Repository<'a>, Fault> {
        Repository::open(access, clock, RegistryOperation::Push).await
    }

    async fn open(access: Access, clock: &'a dyn Clock, for_: RegistryOperation) -> Result<Repository<'a>, Fault> {
        let Some((host, path)) = access.repository.split_once('/').filter(|(h, p)| !h.is_empty() && !p.is_empty())
        else {
            return Err(Fault::new(FaultKind::Invalid, format!("`{}` is no repository", access.repository))
                .hint("a repository is HOST[:PORT]/PATH"));
        };
        let repository = Repository {
            name: access.repository.clone(),
            host: host.to_owned(),
            path: path.to_owned(),
            reader: client(access.insecure, Some(READ_TIMEOUT))?,
            writer: client(access.insecure, None)?,
            clock,
        };
        let auth = match &access.login {
            Some(login) => RegistryAuth::Basic(login.username.clone(), login.password.clone()),
            None => RegistryAuth::Anonymous,
        };
        let at = repository.named("latest");
        repository.writer.store_auth_if_needed(at.resolve_registry(), &auth).await;
        patiently(clock, Nature::Repeatable, || repository.reader.auth(&at, &auth, for_))
            .await
            .map_err(|e| fault_of(&e, Nature::Repeatable, &format!("the registry {host} does not let us in")))?;
        Ok(repository)
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    fn named(&self, tag: &str) -> Reference {
        Reference::with_tag(self.host.clone(), self.path.clone(), tag.to_owned())
    }

    fn by_digest(&self, digest: &Digest) -> Reference {
        Reference::with_digest(self.host.clone(), self.path.clone(), digest.to_string())
    }

    /// The manifest under a tag or digest, its digest verified; `None` where the registry knows none.
    ///
    /// # Errors
    /// `AccessDenied`, `Unreachable`, `Throttled`, `Invalid` where the bytes are not what the digest says.
    pub async fn manifest(&self, reference: &str) -> Result<Option<Manifest>, Fault> {
        let digest: Option<Digest> = reference.parse().ok();
        let at = digest.as_ref().map_or_else(|| self.named(reference), |d| self.by_digest(d));
        let got = patiently(self.clock, Nature::Repeatable, || async {
            // The login is stored since `open`; what is given here is not looked at again.
            self.reader.pull_manifest_raw(&at, &RegistryAuth::Anonymous, &UNDERSTOOD).await
        });
        let (bytes, told) = match got.await {
            Ok(answer) => answer,
            Err(e) if is_absent(&e) => return Ok(None),
            Err(e) => {
                let what = format!("{} could not be read from {}", reference, self.name());
                return Err(fault_of(&e, Nature::Repeatable, &what));
            }
        };
        let manifest = Manifest::parse(bytes).map_err(|f| f.hint(format!("{}, {reference}", self.name())))?;
        let wanted = digest.as_ref().map_or(told.as_str(), Digest::as_str);
        if manifest.digest.as_str() != wanted {
            return Err(Fault::new(FaultKind::Invalid, format!("{} answers other bytes than it names", self.name()))
                .cause(format!("named {wanted}, sent {}", manifest.digest)));
        }
        Ok(Some(manifest))
    }

    /// Whether the repository holds this blob.
    ///
    /// # Errors
    /// `AccessDenied`, `Unreachable`, `Throttled`.
    pub async fn has_blob(&self, digest: &Digest) -> Result<bool, Fault> {
        let at = self.named("latest");
        patiently(self.clock, Nature::Repeatable, || self.reader.blob_exists(&at, digest.as_str()))
            .await
            .map_err(|e| fault_of(&e, Nature::Repeatable, &format!("{} could not be asked for a layer", self.name())))
    }

    /// Lets the registry take a blob from another repository of its own; `false` where it would rather have a copy.
    pub async fn mount(&self, digest: &Digest, from: &Repository<'_>) -> bool {
        if self.host != from.host {
            return false;
        }
        let (to, source) = (self.named("latest"), from.named("latest"));
        // 202 instead of 201 reaches us as an error: "copy instead". So does a refusal, which the copy then meets itself.
        match self.reader.mount_blob(&to, &source, digest.as_str()).await {
            Ok(()) => true,
            // Created, and only the address of it left out.
            Err(OciDistributionError::RegistryNoLocationError) => true,
            Err(e) => {
                tracing::debug!(%digest, error = %e, "not mounted");
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
        self.put_blob(digest, size, || async { Ok(tokio::fs::File::open(file).await?) }).await
    }

    async fn put_blob<R, F, Fut>(&self, digest: &Digest, size: u64, mut open: F) -> Result<(), Fault>
    where
        R: tokio::io::AsyncRead + Unpin + Send + 'static,
        F: FnMut() -> Fut,
        Fut: Future<Output = Result<R, OciDistributionError>>,
    {
        let at = self.named("latest");
        let sent = patiently(self.clock, Nature::Repeatable, || {
            let source = open();
            let at = &at;
            async move {
                in_time(size, self.writer.push_blob_stream(at, chunks(source.await?), digest.as_str(), Some(size)))
                    .await
            }
        });
        let what = format!("{} did not take layer {}", self.name(), digest.short());
        match sent.await {
            // Created, and only the address of it left out.
            Ok(_) | Err(OciDistributionError::RegistryNoLocationError) => Ok(()),
            Err(e) => Err(fault_of(&e, Nature::Repeatable, &what)),
        }
    }

    /// Carries a blob from another repository here, a window at a time.
    ///
    /// # Errors
    /// As `put_bytes`; `NotFound` where the source lacks it.
    pub async fn take_blob(&self, blob: &Descriptor, from: &Repository<'_>) -> Result<(), Fault> {
        let (source, target) = (from.named("latest"), self.named("latest"));
        let carried = patiently(self.clock, Nature::Repeatable, || async {
            let (written, read) = tokio::io::duplex(COPY_WINDOW);
            let pull = from.reader.pull_blob(&source, blob.digest.as_str(), written);
            let push = self.writer.push_blob_stream(&target, chunks(read), blob.digest.as_str(), Some(blob.size));
            match tokio::join!(pull, in_time(blob.size, push)) {
                (Ok(()), Ok(_) | Err(OciDistributionError::RegistryNoLocationError)) => Ok(()),
                (Ok(()), Err(push)) => Err(push),
                // The pull's pipe breaks where the push ends first: then the push knows why.
                (Err(OciDistributionError::IoError(e)), Err(push)) if e.kind() == std::io::ErrorKind::BrokenPipe => {
                    Err(push)
                }
                (Err(pull), _) => Err(pull),
            }
        });
        carried.await.map_err(|e| {
            let what = format!("layer {} did not come from {} to {}", blob.digest.short(), from.name(), self.name());
            fault_of(&e, Nature::Repeatable, &what)
        })
    }

    /// A configuration or another small blob, verified.
    ///
    /// # Errors
    /// `NotFound`, `AccessDenied`, `Unreachable`, `Invalid` where it is too large.
    pub async fn document(&self, blob: &Descriptor) -> Result<Bytes, Fault> {
        if blob.size > DOCUMENT_LIMIT {
            return Err(Fault::new(FaultKind::Invalid, format!("the configuration in {} is too large", self.name()))
                .cause(format!("{} bytes", blob.size)));
        }
        let at = self.named("latest");
        let read = patiently(self.clock, Nature::Repeatable, || async {
            let mut bytes = Vec::new();
            self.reader.pull_blob(&at, blob.digest.as_str(), &mut bytes).await.map(|()| Bytes::from(bytes))
        });
        read.await.map_err(|e| {
            let what = format!("the configuration {} could not be read from {}", blob.digest.short(), self.name());
            fault_of(&e, Nature::Repeatable, &what)
        })
    }

    /// Puts a manifest under its own digest.
    ///
    /// # Errors
    /// `AccessDenied`, `Unreachable`, `Throttled`, `Invalid` where the registry lacks what it names.
    pub async fn put_manifest(&self, manifest: &Manifest) -> Result<(), Fault> {
        patiently(self.clock, Nature::Repeatable, || self.put_as(manifest, manifest.digest.as_str())).await.map_err(
            |e| {
                let what = format!("{} did not take manifest {}", self.name(), manifest.digest.short());
                fault_of(&e, Nature::Repeatable, &what)
            },
        )
    }

    /// Puts a manifest under a tag. The tag is read back; one that has this digest already is success.
    ///
    /// # Errors
    /// `Invalid` where the tag is immutable and holds another digest, `Ambiguous` where it may have been set, `Changed` where
    /// somebody else moved the tag at once, and as `put_manifest`.
    pub async fn tag(&self, manifest: &Manifest, tag: &str) -> Result<(), Fault> {
        let put = patiently(self.clock, Nature::Once, || self.put_as(manifest, tag)).await;
        let error = match put {
            Ok(()) => return self.expect_tag(manifest, tag).await,
            Err(e) => e,
        };
        let kind = kind_of(&error, Nature::Once);
        let fault = fault_of(&error, Nature::Once, &format!("{} did not take tag {tag}", self.name()));
        if !matches!(kind, FaultKind::Ambiguous | FaultKind::Invalid) {
            return Err(fault);
        }
        match self.manifest(tag).await {
            Ok(Some(there)) if there.digest == manifest.digest => Ok(()),
            Ok(Some(there)) if kind == FaultKind::Invalid => {
                Err(fault.hint(format!("the tag holds {} already; immutable tags cannot be moved", there.digest)))
            }
            Ok(_) | Err(_) => Err(fault),
        }
    }

    async fn expect_tag(&self, manifest: &Manifest, tag: &str) -> Result<(), Fault> {
        let there = self.manifest(tag).await?;
        if there.as_ref().is_some_and(|m| m.digest == manifest.digest) {
            return Ok(());
        }
        let found = there.map_or_else(|| "nothing".to_owned(), |m| m.digest.to_string());
        Err(Fault::new(FaultKind::Changed, format!("tag {tag} of {} is not what was just put there", self.name()))
            .cause(format!("put {}, found {found}", manifest.digest))
            .hint("somebody else uses the same tag"))
    }

    async fn put_as(&self, manifest: &Manifest, reference: &str) -> Result<(), OciDistributionError> {
        let media_type = http::HeaderValue::from_str(&manifest.media_type)
            .map_err(|_| OciDistributionError::UnsupportedMediaTypeError(manifest.media_type.clone()))?;
        // Digests go in a tag's place: where a registry answers without Location, as ECR does, the client looks for a tag.
        self.reader.push_manifest_raw(&self.named(reference), manifest.bytes.clone(), media_type).await.map(drop)
    }

    /// The image as the release's record holds it; registries do not say when they were pushed to, so it counts from now.
    pub fn pushed(&self, manifest: &Manifest) -> PushedImage {
        PushedImage {
            repository: self.name().to_owned(),
            digest: manifest.digest.clone(),
            children: manifest.platforms().iter().map(|c| c.digest.clone()).collect(),
            pushed_at: self.clock.now(),
        }
    }
}

fn client(insecure: bool, read_timeout: Option<Duration>) -> Result<Client, Fault> {
    let config = ClientConfig {
        protocol: if insecure { ClientProtocol::Http } else { ClientProtocol::Https },
        // One PUT for a blob, as containerd does it: ECR refuses parts under 5 MiB.
        use_monolithic_push: true,
        platform_resolver: None,
        connect_timeout: Some(CONNECT_TIMEOUT),
        read_timeout,
        user_agent: concat!("kanmon/", env!("CARGO_PKG_VERSION")),
        // Plain HTTP is for loopback, where no proxy leads: naming one that is used for nothing keeps HTTP_PROXY out.
        http_proxy: insecure.then(|| "http://127.0.0.1:9".to_owned()),
        no_proxy: insecure.then(|| "*".to_owned()),
        ..ClientConfig::default()
    };
    Client::try_from(config)
        .map_err(|e| Fault::new(FaultKind::Unreachable, "no connection to a registry can be made").cause(e.to_string()))
}

async fn in_time<T>(
    size: u64,
    upload: impl Future<Output = Result<T, OciDistributionError>>,
) -> Result<T, OciDistributionError> {
    let limit = UPLOAD_GRACE + Duration::from_secs(size / SLOWEST_BYTES_PER_SECOND);
    match tokio::time::timeout(limit, upload).await {
        Ok(answer) => answer,
        Err(_) => Err(std::io::Error::new(
            std::io::ErrorKind::TimedOut,
            format!("the upload was not done in {} s", limit.as_secs()),
        )
        .into()),
    }
}
