//! Copying exactly one digest from repository to repository.

use super::attached;
use super::manifest::Manifest;
use super::manifest_tree::{children_first, read, tree};
use super::registry::Repository;
use crate::model::event::NotCopied;
use crate::model::fault::Fault;
use crate::model::ids::Digest;
use crate::model::progress::Progress;
use crate::ports::images::Say;

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
) -> Result<(Manifest, Vec<NotCopied>), Fault> {
    let there = to.manifest(tag).await?.filter(|there| &there.digest == digest);
    let elsewhere = from.name() != to.name();
    let (top, manifests) = match there {
        Some(top) => {
            say(&Progress::AlreadyCopied { image: digest.clone(), repository: to.name().to_owned() });
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
    let not_copied = if elsewhere { attached::copy(from, to, &all, say).await? } else { Vec::new() };
    Ok((top, not_copied))
}
