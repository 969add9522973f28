//! Carrying exactly one digest from repository to repository.

use std::collections::BTreeSet;

use super::attached;
use super::manifest::{Content, Descriptor, Manifest};
use super::registry::Repository;
use crate::model::fault::{Fault, FaultKind};
use crate::model::ids::Digest;
use crate::ports::images::Say;

/// Indexes within indexes: the specification allows any depth, nobody uses more than two.
pub const DEEPEST: usize = 4;

/// Copies the manifest or index of this digest byte for byte, with all that it names and what is attached to it, and tags it. Answers with
/// what could not be copied of the latter.
///
/// # Errors
/// `NotFound` where the source lacks it, `Invalid` where the tag is immutable and taken, and what the registries answer.
pub async fn copy(
    from: &Repository<'_>,
    digest: &Digest,
    to: &Repository<'_>,
    tag: &str,
    say: Say<'_>,
) -> Result<(Manifest, Vec<String>), Fault> {
    let there = to.manifest(tag).await?.filter(|there| &there.digest == digest);
    let elsewhere = from.name() != to.name();
    let (top, manifests) = match there {
        Some(top) => {
            say(&format!("{} is in {} already", digest.short(), to.name()));
            let manifests = if elsewhere { children_first(to, top.clone()).await? } else { Vec::new() };
            (top, manifests)
        }
        None => {
            let top = read(from, digest).await?;
            let manifests = children_first(from, top.clone()).await?;
            tree(from, to, &manifests, digest, say).await?;
            to.tag(&top, tag).await?;
            (top, manifests)
        }
    };
    // Signed later, perhaps: what is attached may be new where the image is not.
    let all: Vec<Digest> = manifests.into_iter().map(|m| m.digest).collect();
    let left = if elsewhere { attached::carry(from, to, &all, say).await? } else { Vec::new() };
    Ok((top, left))
}

/// Copies manifests with all that they name, each after what it names; the one that is `last` is left to be put under its tag.
///
/// # Errors
/// What the registries answer.
pub async fn tree(
    from: &Repository<'_>,
    to: &Repository<'_>,
    all: &[Manifest],
    last: &Digest,
    say: Say<'_>,
) -> Result<(), Fault> {
    let mut done = BTreeSet::new();
    let manifests = all.len();
    for (i, manifest) in all.iter().enumerate() {
        say(&format!("manifest {} of {manifests}: {}", i + 1, manifest.digest.short()));
        // A registry takes a manifest only with everything that it names.
        if to.manifest(manifest.digest.as_str()).await?.is_some() {
            continue;
        }
        if let Content::Image { config, layers } = &manifest.content {
            blobs(from, to, layers.iter().chain([config]), &mut done, say).await?;
        }
        if &manifest.digest != last {
            to.put_manifest(manifest).await?;
        }
    }
    Ok(())
}

/// Puts blobs where they are not; `done` holds those that were seen to be there.
///
/// # Errors
/// What the registries answer.
pub async fn blobs<'d>(
    from: &Repository<'_>,
    to: &Repository<'_>,
    blobs: impl Iterator<Item = &'d Descriptor> + Send,
    done: &mut BTreeSet<Digest>,
    say: Say<'_>,
) -> Result<(), Fault> {
    for blob in blobs {
        if blob.is_foreign() || !done.insert(blob.digest.clone()) {
            continue;
        }
        let how = if to.has_blob(&blob.digest, blob.size).await? {
            "there already"
        } else if to.mount(&blob.digest, from).await {
            "mounted"
        } else {
            to.take_blob(blob, from).await?;
            "copied"
        };
        say(&format!("layer {} ({}): {how}", blob.digest.short(), size(blob.size)));
    }
    Ok(())
}

async fn read(from: &Repository<'_>, digest: &Digest) -> Result<Manifest, Fault> {
    from.manifest(digest.as_str()).await?.ok_or_else(|| {
        Fault::new(FaultKind::NotFound, format!("{} has no {digest}", from.name()))
            .hint("a lifecycle policy may have removed it; build it again")
    })
}

/// The manifest and everything below it, each after what it names.
pub async fn children_first(from: &Repository<'_>, top: Manifest) -> Result<Vec<Manifest>, Fault> {
    let mut all: Vec<Manifest> = Vec::new();
    let mut level = vec![top];
    for _ in 0..=DEEPEST {
        let mut next = Vec::new();
        for manifest in &level {
            if let Content::Index(children) = &manifest.content {
                for child in children {
                    next.push(read(from, &child.digest).await?);
                }
            }
        }
        all.append(&mut level);
        if next.is_empty() {
            all.reverse();
            let mut seen = BTreeSet::new();
            all.retain(|m| seen.insert(m.digest.clone()));
            return Ok(all);
        }
        level = next;
    }
    Err(Fault::new(FaultKind::Invalid, "the image is an index of indexes, deeper than can be followed")
        .cause(format!("more than {DEEPEST} levels")))
}

/// A size for people.
pub fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        _ => format!("{:.1} MB", bytes as f64 / 1e6),
    }
}
