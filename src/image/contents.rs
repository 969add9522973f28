//! What a runtime could choose of an image: read manifest by manifest, each by its digest.
//!
//! containerd, which ECS runs, chooses by the platform that an index gives a child, and by the child's own configuration where the
//! index gives none (`core/images/image.go`). Annotations play no part, so they play none here.

use std::collections::BTreeSet;

use serde_json::Value;

use super::manifest::{Content, Descriptor, Manifest, Platform};
use super::manifest_tree::{DEEPEST, MOST};
use super::registry::Repository;
use crate::model::contents::{Contents, Runnable};
use crate::model::fault::Fault;
use crate::model::fault::registry::RegistryProblem;
use crate::model::gate_reason::Unclear;
use crate::model::ids::Digest;

/// Reads what is under this digest; `None` where the repository does not have it.
///
/// # Errors
/// What the registry answers; `NotFound` where an index names what is not there.
pub async fn contents(from: &Repository<'_>, digest: &Digest) -> Result<Option<Contents>, Fault> {
    let Some(top) = from.manifest(digest.as_str()).await? else { return Ok(None) };
    let mut look = Look { from, runnable: Vec::new(), unclear: None, seen: BTreeSet::new() };
    match &top.content {
        Content::Image { .. } => {
            let platform = look.platform_of(&top).await?;
            look.take(&top, platform);
        }
        Content::Index(children) => look.children(children).await?,
    }
    if look.runnable.is_empty() && look.unclear.is_none() {
        look.unclear = Some(Unclear::NothingRunnable { index: digest.clone() });
    }
    Ok(Some(Contents { runnable: look.runnable, unclear: look.unclear }))
}

struct Look<'a, 'b> {
    from: &'a Repository<'b>,
    runnable: Vec<Runnable>,
    unclear: Option<Unclear>,
    seen: BTreeSet<(Digest, Option<Platform>)>,
}

impl Look<'_, '_> {
    /// The children of an index, level by level.
    async fn children(&mut self, top: &[Descriptor]) -> Result<(), Fault> {
        let mut level = top.to_vec();
        for _ in 0..=DEEPEST {
            let mut next = Vec::new();
            for child in level {
                if !self.seen.insert((child.digest.clone(), child.platform.clone())) {
                    continue;
                }
                if self.seen.len() > MOST {
                    self.unclear(Unclear::TooMany { most: MOST });
                    return Ok(());
                }
                if let Some(inner) = self.child(&child).await? {
                    next.extend(inner);
                }
            }
            if next.is_empty() {
                return Ok(());
            }
            level = next;
        }
        self.unclear(Unclear::TooDeep { deepest: DEEPEST });
        Ok(())
    }

    /// One child of an index; answers with what is below it where it is an index itself.
    async fn child(&mut self, child: &Descriptor) -> Result<Option<Vec<Descriptor>>, Fault> {
        let named = || child.digest.clone();
        if child.is_elsewhere() {
            self.unclear(Unclear::ManifestElsewhere { manifest: named() });
            return Ok(None);
        }
        if !child.is_index() && !child.is_manifest() {
            self.unclear(Unclear::UnknownManifest { manifest: named(), media_type: child.media_type.clone() });
            return Ok(None);
        }
        let manifest = self.read(child).await?;
        if manifest.bytes.len() as u64 != child.size || manifest.media_type != child.media_type {
            self.unclear(Unclear::NotAsNamed { manifest: named() });
        }
        if let Content::Index(inner) = manifest.content {
            return Ok(Some(inner));
        }
        match &child.platform {
            _ if child.is_of_no_platform() && manifest.is_in_toto() => {}
            _ if manifest.is_soci() => {}
            Some(platform) if !child.is_of_no_platform() => self.take(&manifest, Some(platform.clone())),
            Some(_) => self.unclear(Unclear::NoPlatform { manifest: named() }),
            None => self.unclear(Unclear::PlatformUnnamed { manifest: named() }),
        }
        Ok(None)
    }

    async fn read(&self, child: &Descriptor) -> Result<Manifest, Fault> {
        self.from.manifest(child.digest.as_str()).await?.ok_or_else(|| {
            let (repository, digest) = (self.from.name().to_owned(), child.digest.clone());
            RegistryProblem::PartMissing { repository, digest }.into()
        })
    }

    /// Adds an image that a runtime could choose.
    fn take(&mut self, manifest: &Manifest, platform: Option<Platform>) {
        if let Content::Image { config, layers } = &manifest.content {
            let named = || manifest.digest.clone();
            if let Some(layer) = layers.iter().chain([config]).find(|d| d.is_elsewhere()) {
                self.unclear(Unclear::PartElsewhere { manifest: named(), part: layer.digest.clone() });
            }
            let unknown = layers.iter().find(|l| !l.is_file_system() && !l.is_elsewhere());
            if let Some(odd) = unknown.or(Some(config).filter(|c| !c.is_configuration())) {
                self.unclear(Unclear::UnknownPart { manifest: named(), media_type: odd.media_type.clone() });
            }
        }
        self.runnable.push(Runnable { digest: manifest.digest.clone(), platform });
    }

    /// What the configuration of a plain manifest says; `None` if it cannot be read.
    async fn platform_of(&self, manifest: &Manifest) -> Result<Option<Platform>, Fault> {
        let Content::Image { config, .. } = &manifest.content else { return Ok(None) };
        if !config.is_configuration() {
            return Ok(None);
        }
        let bytes = self.from.document(config).await?;
        let config: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        let text = |name: &str| config.get(name).and_then(Value::as_str).filter(|t| !t.is_empty()).map(str::to_owned);
        let (os, architecture) = (text("os"), text("architecture"));
        Ok(os.zip(architecture).map(|(os, architecture)| Platform { os, architecture, variant: text("variant") }))
    }

    /// Keeps the first reason.
    fn unclear(&mut self, why: Unclear) {
        self.unclear.get_or_insert(why);
    }
}
