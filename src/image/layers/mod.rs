//! The `layers` builder: files onto a base image or scratch, without a daemon and without root. The same input gives the same
//! digest.

mod base;
mod config;
mod decompress;
mod dockerignore;
mod flaw;
mod headers;
mod notes;
mod pack;
mod placing;
mod sources;
mod tree;

use std::collections::{BTreeMap, BTreeSet, btree_map};
use std::path::Path;

use bytes::Bytes;
use serde_json::json;

use self::base::Base;
use self::pack::Layer;
use self::sources::Source;
use self::tree::Tree;
use super::env::Env;
use super::manifest::{Descriptor, Manifest, OCI_INDEX, Platform};
use super::manifest_tree::blobs;
use super::registry::Repository;
use super::scratch::Scratch;
use crate::model::event::PushedImage;
use crate::model::fault::Fault;
use crate::model::fault::build::BuildProblem;
use crate::model::fault::own::{OwnProblem, Part};
use crate::model::ids::Digest;
use crate::model::pipeline::{LayerFiles, LayersSpec};
use crate::model::progress::{Arrival, Progress};
use crate::model::warning::BuildNotice;
use crate::ports::clock::Clock;
use crate::ports::fence::Fence;
use crate::ports::images::{Access, Say};

/// A `layers` image to be made.
pub struct Job<'a> {
    /// The repository's root; nothing outside is read.
    pub root: &'a Path,
    pub spec: &'a LayersSpec,
    /// `os/arch`.
    pub platforms: &'a [String],
    pub to: &'a Access,
    pub tag: &'a str,
    pub env: &'a Env,
    pub clock: &'a dyn Clock,
    pub fence: &'a Fence,
    pub say: Say<'a>,
}

/// Packs the files, pushes what the registry lacks, and tags the result: a manifest for one platform, an index for several. With it come
/// the warnings about the files.
///
/// # Errors
/// `Invalid` for missing, empty or escaping sources and for a base that lacks a platform; what the registries answer.
pub async fn build(job: &Job<'_>) -> Result<(PushedImage, Vec<BuildNotice>), Fault> {
    let platforms = platforms(job.platforms)?;
    config::check(job.spec)?;
    let created = config::created(job.env)?;
    // Before anything is asked or sent.
    let sources = sources(job, &platforms)?;
    let notices = sources.values().flat_map(notes::notices).collect();
    let scratch = Scratch::new(job.clock)?;

    let base = Base::find(&job.spec.base, job.to, job.env, job.clock, job.say).await?;
    let to = Repository::to_write(job.to.clone(), job.clock, job.fence)?;
    let mut packed = Packed::new();
    let mut done = BTreeSet::new();
    let mut images = Vec::new();
    for platform in &platforms {
        let under = match &base {
            Some(base) => Some(base.image(platform).await?),
            None => None,
        };
        let tree = match (&base, &under) {
            (Some(base), Some(under)) if !job.spec.files.is_empty() => base.tree(under, job.say).await?,
            _ => Tree::default(),
        };
        let own = pack_all(job, platform, &sources, tree, scratch.path(), &mut packed).await?;
        if let (Some(base), Some(under)) = (&base, &under) {
            blobs(base.repository(), &to, under.layers.iter(), &mut done, job.say).await?;
        }
        for layer in &own {
            put_layer(&to, layer, &mut done, job.say).await?;
        }
        let own: Vec<&Layer> = own.iter().collect();
        let image = config::image(job.spec, platform, under.as_ref(), &own, &created)?;
        to.put_bytes(&image.config).await?;
        images.push((platform.clone(), image.manifest));
    }
    let top = match &images[..] {
        [(_, only)] => only.clone(),
        several => {
            for (_, manifest) in several {
                to.put_manifest(manifest).await?;
            }
            index(several)?
        }
    };
    to.tag(&top, job.tag).await?;
    Ok((to.pushed(&top), notices))
}

fn platforms(named: &[String]) -> Result<Vec<Platform>, Fault> {
    let platforms: Vec<Platform> = named.iter().map(|p| Platform::parse(p)).collect::<Result<_, _>>()?;
    let distinct: BTreeSet<&Platform> = platforms.iter().collect();
    if platforms.is_empty() || distinct.len() != platforms.len() {
        return Err(BuildProblem::PlatformsRepeated.into());
    }
    Ok(platforms)
}

/// `{os}` and `{arch}` in a source stand for the platform, so that each gets its own binary.
fn source_for(files: &LayerFiles, platform: &Platform) -> (String, String) {
    let from = files.from.replace("{os}", &platform.os).replace("{arch}", &platform.architecture);
    (from, files.to.clone())
}

/// What goes in, by its path in the repository.
type Sources = BTreeMap<String, Source>;

/// Each distinct source, once.
fn sources(job: &Job<'_>, platforms: &[Platform]) -> Result<Sources, Fault> {
    let ignore = sources::ignore_file(job.root)?;
    let mut all = Sources::new();
    for platform in platforms {
        for files in &job.spec.files {
            let (from, to) = source_for(files, platform);
            placing::place(&to)?;
            if let btree_map::Entry::Vacant(free) = all.entry(from) {
                let source = sources::source(job.root, free.key(), &ignore)?;
                notes::say(&source, job.say);
                free.insert(source);
            }
        }
    }
    Ok(all)
}

/// Layers by what is in them: platforms share those that are the same.
type Packed = Vec<(Vec<placing::Entry>, Layer)>;

/// The layers of a platform, packed into `dir` where they are not yet.
async fn pack_all(
    job: &Job<'_>,
    platform: &Platform,
    sources: &Sources,
    mut image: Tree,
    dir: &Path,
    packed: &mut Packed,
) -> Result<Vec<Layer>, Fault> {
    let mut layers = Vec::new();
    for files in &job.spec.files {
        let (from, to) = source_for(files, platform);
        let entries = placing::entries(&sources[&from], &from, &to, &mut image)?;
        if let Some((_, layer)) = packed.iter().find(|(there, _)| *there == entries) {
            layers.push(layer.clone());
            continue;
        }
        let file = dir.join(format!("layer-{}.tar.gz", packed.len()));
        let (entries, layer) =
            tokio::task::spawn_blocking(move || pack::pack(&entries, &file).map(|layer| (entries, layer)))
                .await
                .map_err(|e| Fault::from(OwnProblem::Broken { part: Part::Packing }).said(e.to_string()))??;
        (job.say)(&Progress::LayerPacked { layer: layer.digest.clone(), size: layer.size, from, to });
        packed.push((entries, layer.clone()));
        layers.push(layer);
    }
    Ok(layers)
}

async fn put_layer(to: &Repository<'_>, layer: &Layer, done: &mut BTreeSet<Digest>, say: Say<'_>) -> Result<(), Fault> {
    if !done.insert(layer.digest.clone()) {
        return Ok(());
    }
    let how = if to.has_blob(&layer.digest, layer.size).await? {
        Arrival::AlreadyThere
    } else {
        to.put_file(&layer.digest, layer.size, &layer.file).await?;
        Arrival::Pushed
    };
    say(&Progress::LayerDone { layer: layer.digest.clone(), size: layer.size, how });
    Ok(())
}

fn index(images: &[(Platform, Manifest)]) -> Result<Manifest, Fault> {
    let children: Vec<Descriptor> = images.iter().map(|(p, m)| m.descriptor(Some(p.clone()))).collect();
    let index = json!({ "schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": children });
    Manifest::parse(Bytes::from(index.to_string()))
}
