//! Images: built by a Dockerfile's tools or by adding layers of files to a base, pushed, looked up and copied through the registry's own
//! protocol.

mod attached;
mod contents;
mod copy;
mod credentials;
mod dockerfile;
mod env;
mod labels;
mod layers;
pub mod manifest;
mod manifest_tree;
mod reference;
mod registry;
mod scratch;
mod strict_json;
#[cfg(test)]
mod testing;

pub use self::scratch::clear as clear_scratch;

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;

use self::env::Env;
use self::registry::Repository;
use crate::model::contents::Contents;
use crate::model::event::PushedImage;
use crate::model::fault::Fault;
use crate::model::fault::build::BuildProblem;
use crate::model::ids::Digest;
use crate::model::pipeline::{Build, ImageSpec};
use crate::ports::clock::Clock;
use crate::ports::fence::{Fence, MaySend};
use crate::ports::images::{Access, Built, Images, Say};

/// What the `layers` builder is called in a release's record.
const LAYERS: &str = "layers";

/// Images by the OCI protocol and the builders of this machine.
pub struct OciImages {
    root: PathBuf,
    clock: Arc<dyn Clock>,
    env: Env,
    fence: Fence,
}

impl OciImages {
    /// `root` is the repository's root, below which everything that is built lies. The process's environment is taken now:
    /// `PATH` for builders, `DOCKER_CONFIG` for the user's credentials, and what builders read themselves.
    pub fn new(root: PathBuf, clock: Arc<dyn Clock>) -> OciImages {
        OciImages { root, clock, env: Env::of_process(), fence: Fence::open() }
    }

    /// Sets a variable for look-ups here and for the builders that are run.
    #[must_use]
    pub fn with_env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> OciImages {
        self.env.set(name, value);
        self
    }
}

#[async_trait]
impl Images for OciImages {
    async fn build(&self, spec: &ImageSpec, to: &Access, tag: &str, say: Say<'_>) -> Result<Built, Fault> {
        let (root, env, clock, fence) = (self.root.as_path(), &self.env, self.clock.as_ref(), &self.fence);
        match &spec.build {
            Build::Layers(layers) => {
                let job =
                    layers::Job { root, spec: layers, platforms: &spec.platforms, to, tag, env, clock, fence, say };
                let (pushed, notices) = layers::build(&job).await?;
                Ok(Built { pushed, by: LAYERS.to_owned(), notices })
            }
            Build::Dockerfile { tool, context, file, args, target } => {
                let target = target.as_deref();
                let platforms = spec.platforms.as_slice();
                dockerfile::build(&dockerfile::Job {
                    root,
                    tool: *tool,
                    context,
                    file,
                    args,
                    target,
                    platforms,
                    to,
                    tag,
                    env,
                    clock,
                    fence,
                    say,
                })
                .await
            }
            Build::None => Err(BuildProblem::NeverBuilt.into()),
        }
    }

    async fn look(&self, at: &Access, reference: &str) -> Result<Option<PushedImage>, Fault> {
        let repository = Repository::to_read(at.clone(), self.clock.as_ref())?;
        let read = repository.manifest(reference).await?;
        Ok(read.map(|m| repository.pushed(&m)))
    }

    async fn contents(&self, at: &Access, digest: &Digest) -> Result<Option<Contents>, Fault> {
        let repository = Repository::to_read(at.clone(), self.clock.as_ref())?;
        contents::contents(&repository, digest).await
    }

    async fn commit(&self, at: &Access, digest: &Digest) -> Result<Option<String>, Fault> {
        let repository = Repository::to_read(at.clone(), self.clock.as_ref())?;
        labels::commit(&repository, digest).await
    }

    async fn copy(
        &self,
        from: &Access,
        digest: &Digest,
        to: &Access,
        tag: &str,
        say: Say<'_>,
    ) -> Result<PushedImage, Fault> {
        let source = Repository::to_read(from.clone(), self.clock.as_ref())?;
        let target = Repository::to_write(to.clone(), self.clock.as_ref(), &self.fence)?;
        let (copied, not_copied) = copy::copy(&source, digest, &target, tag, say).await?;
        Ok(PushedImage { not_copied, ..target.pushed(&copied) })
    }

    async fn locate(&self, reference: &str) -> Result<(Access, String), Fault> {
        credentials::locate(reference, &self.env).await
    }

    fn fence(&self, may_send: MaySend) {
        self.fence.set(may_send);
    }
}
