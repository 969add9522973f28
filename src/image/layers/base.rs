//! The image that files are put on.

use std::io::Read;

use serde_json::Value;

use super::tree::Tree;
use super::{decompress, flaw, headers};
use crate::image::credentials;
use crate::image::env::Env;
use crate::image::manifest::{Content, Descriptor, Manifest, Platform};
use crate::image::registry::Repository;
use crate::model::fault::Fault;
use crate::model::fault::build::{BaseUnfit, BuildProblem};
use crate::model::fault::registry::RegistryProblem;
use crate::model::ids::Digest;
use crate::model::progress::Progress;
use crate::ports::clock::Clock;
use crate::ports::images::{Access, Say};

/// The name of no base at all.
pub const SCRATCH: &str = "scratch";

/// A base image, found in its registry.
pub struct Base<'a> {
    repository: Repository<'a>,
    reference: String,
    top: Manifest,
}

/// What one platform of a base consists of.
pub struct Under {
    pub layers: Vec<Descriptor>,
    /// The image configuration, with whatever else it says.
    pub config: Value,
    /// The base as it was named, and the digest it had.
    pub reference: String,
    pub digest: Digest,
}

impl<'a> Base<'a> {
    /// The base of this reference, read with the user's own Docker credentials, or with the target's login where it is of the
    /// same registry and the user has none for it; `None` for scratch.
    ///
    /// # Errors
    /// `Invalid` for what is not a valid reference, `NotFound`, and what the registry answers.
    pub async fn find(
        reference: &str,
        to: &Access,
        env: &Env,
        clock: &'a dyn Clock,
        say: Say<'_>,
    ) -> Result<Option<Base<'a>>, Fault> {
        if reference == SCRATCH {
            return Ok(None);
        }
        let (mut access, tag) = credentials::locate(reference, env).await?;
        let host = |a: &Access| a.repository.split('/').next().map(str::to_owned);
        if host(&access) == host(to) {
            access.insecure = to.insecure;
            if access.login.is_none() && to.login.is_some() {
                access.login = to.login.clone();
                access.login_from = None;
            }
        }
        let repository = Repository::to_read(access, clock)?;
        let top = repository
            .manifest(&tag)
            .await?
            .ok_or_else(|| Fault::from(RegistryProblem::BaseMissing { reference: reference.to_owned() }))?;
        if tag.parse::<Digest>().is_err() {
            say(&Progress::BaseNamedByTag { reference: reference.to_owned(), digest: top.digest.clone() });
        }
        Ok(Some(Base { repository, reference: reference.to_owned(), top }))
    }

    pub fn repository(&self) -> &Repository<'a> {
        &self.repository
    }

    /// The base's image for a platform.
    ///
    /// # Errors
    /// `Invalid` where it has none, or its layers and configuration do not agree; what the registry answers.
    pub async fn image(&self, platform: &Platform) -> Result<Under, Fault> {
        let image = match &self.top.content {
            Content::Image { .. } => self.top.clone(),
            Content::Index(_) => self.child(platform).await?,
        };
        let Content::Image { config, layers } = image.content else {
            return Err(self.unfit(BaseUnfit::IndexInIndex));
        };
        let bytes = self.repository.document(&config).await?;
        let config: Value = serde_json::from_slice(&bytes)
            .map_err(|e| self.unfit(BaseUnfit::ConfigurationUnreadable).said(e.to_string()))?;
        let text = |key: &str| config.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let has = Platform {
            os: text("os"),
            architecture: text("architecture"),
            variant: Some(text("variant")).filter(|v| !v.is_empty()),
        };
        if !has.serves(platform) {
            return Err(self.unfit(BaseUnfit::OtherPlatform { has, wanted: platform.clone() }));
        }
        let diff_ids = config.pointer("/rootfs/diff_ids").and_then(Value::as_array).map_or(0, Vec::len);
        if diff_ids != layers.len() {
            let (layers, named) = (layers.len() as u64, diff_ids as u64);
            return Err(self.unfit(BaseUnfit::LayersMiscounted { layers, named }));
        }
        Ok(Under { layers, config, reference: self.reference.clone(), digest: self.top.digest.clone() })
    }

    /// The folders and links of one platform, read from its layers: they are streamed, and only names are kept.
    ///
    /// # Errors
    /// `Invalid` for a layer that is not an archive; what the registry answers.
    pub async fn tree(&self, under: &Under, say: Say<'_>) -> Result<Tree, Fault> {
        let mut tree = Tree::default();
        for layer in &under.layers {
            if layer.is_foreign() {
                say(&Progress::BaseLayerElsewhere { layer: layer.digest.clone() });
                continue;
            }
            say(&Progress::ReadingBaseLayer { layer: layer.digest.clone(), size: layer.size });
            let read = |stream: &mut dyn Read| headers::read(decompress::archive(stream)?);
            let changes = self.repository.read_blob(layer, read).await?;
            tree.apply(changes.map_err(|error| self.layer_unreadable(layer, &error))?)?;
        }
        Ok(tree)
    }

    async fn child(&self, platform: &Platform) -> Result<Manifest, Fault> {
        let offered = self.top.platforms();
        let fitting = offered.iter().find(|c| c.platform.as_ref().is_some_and(|p| p.serves(platform)));
        let Some(child) = fitting else {
            let offered = offered.iter().filter_map(|c| c.platform.clone()).collect();
            return Err(self.unfit(BaseUnfit::NoSuchPlatform { wanted: platform.clone(), offered }));
        };
        let read = self.repository.manifest(child.digest.as_str()).await?;
        read.ok_or_else(|| self.unfit(BaseUnfit::PartMissing { digest: child.digest.clone() }))
    }

    fn layer_unreadable(&self, layer: &Descriptor, error: &std::io::Error) -> Fault {
        let flaw = flaw::of(error);
        let said = flaw.is_none().then(|| error.to_string());
        Fault { said, ..self.unfit(BaseUnfit::LayerUnreadable { digest: layer.digest.clone(), flaw }) }
    }

    fn unfit(&self, why: BaseUnfit) -> Fault {
        BuildProblem::BaseUnfit { reference: self.reference.clone(), why }.into()
    }
}
