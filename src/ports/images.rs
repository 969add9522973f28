//! Building, pushing and copying images through a registry's own protocol.

use async_trait::async_trait;

use crate::model::contents::Contents;
use crate::model::event::PushedImage;
use crate::model::fault::Fault;
use crate::model::ids::Digest;
use crate::model::pipeline::ImageSpec;
use crate::model::progress::Progress;
use crate::model::registry_login::RegistryLogin;
use crate::model::warning::BuildNotice;
use crate::ports::fence::MaySend;

/// A repository, and how to log in to its registry.
#[derive(Clone)]
pub struct Access {
    /// `HOST[:PORT]/PATH`, as the registry's owner answered it.
    pub repository: String,
    /// `None`: anonymous.
    pub login: Option<Login>,
    /// Where the login comes from, or why there is none, where the user's configuration was searched: for when the registry refuses.
    pub login_from: Option<RegistryLogin>,
    /// Plain HTTP (registries on loopback).
    pub insecure: bool,
}

/// A user and a password that is never printed.
#[derive(Clone)]
pub struct Login {
    pub username: String,
    pub password: String,
}

impl std::fmt::Debug for Login {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Login({}, …)", self.username)
    }
}

/// What was built and pushed; the digest is the registry's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Built {
    pub pushed: PushedImage,
    /// The builder that did it, e.g. `buildah`.
    pub by: String,
    /// What the reader of the release has to know about the build.
    pub notices: Vec<BuildNotice>,
}

/// Receives the progress meanwhile: a builder's own lines, a copy's steps.
pub type Say<'a> = &'a (dyn Fn(&Progress) + Send + Sync);

#[async_trait]
pub trait Images: Send + Sync {
    /// Builds and pushes as `repository:tag`.
    ///
    /// # Errors
    /// `ToolMissing` (which were looked for), `BuildFailed` with the builder's last lines, `AccessDenied` by the registry.
    async fn build(&self, spec: &ImageSpec, to: &Access, tag: &str, say: Say<'_>) -> Result<Built, Fault>;

    /// What a tag or digest of a repository is; `None` where it is not there.
    async fn look(&self, at: &Access, reference: &str) -> Result<Option<PushedImage>, Fault>;

    /// Everything under a digest that a container runtime could choose, read from the registry by digest; `None` where it is not there.
    async fn contents(&self, at: &Access, digest: &Digest) -> Result<Option<Contents>, Fault>;

    /// The commit that an image says it was made of (`org.opencontainers.image.revision`), where all its platforms say the same.
    async fn commit(&self, at: &Access, digest: &Digest) -> Result<Option<String>, Fault>;

    /// Copies exactly this digest (an index with all its children) and tags it; "already there" with the same digest is success.
    async fn copy(
        &self,
        from: &Access,
        digest: &Digest,
        to: &Access,
        tag: &str,
        say: Say<'_>,
    ) -> Result<PushedImage, Fault>;

    /// Splits a reference that a user gave into repository access (with the user's own Docker credentials) and tag or digest.
    ///
    /// # Errors
    /// `Invalid` for what is not a valid reference.
    async fn locate(&self, reference: &str) -> Result<(Access, String), Fault>;

    /// From now on this is called before each attempt of a request that changes something in a registry.
    fn fence(&self, may_send: MaySend);
}
