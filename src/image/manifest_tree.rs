//! A manifest with all that it names: in which order, and from repository to repository.

use std::collections::{BTreeMap, BTreeSet};

use super::manifest::{Content, Descriptor, Manifest};
use super::registry::Repository;
use crate::model::fault::Fault;
use crate::model::fault::registry::RegistryProblem;
use crate::model::ids::Digest;
use crate::model::progress::{Arrival, Progress};
use crate::ports::images::Say;

/// Indexes within indexes: the specification allows any depth, nobody uses more than two.
pub const DEEPEST: usize = 4;

/// Manifests of one image, nested indexes included: every platform there is, twice, with an attestation each, are fewer.
pub const MOST: usize = 100;

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
    for (i, manifest) in all.iter().enumerate() {
        say(&Progress::CopyingManifest { manifest: manifest.digest.clone(), number: i + 1, all: all.len() });
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
            Arrival::AlreadyThere
        } else if to.mount(&blob.digest, from).await {
            Arrival::Mounted
        } else {
            to.take_blob(blob, from).await?;
            Arrival::Copied
        };
        say(&Progress::LayerDone { layer: blob.digest.clone(), size: blob.size, how });
    }
    Ok(())
}

/// The manifest under a digest.
///
/// # Errors
/// `NotFound` where the source lacks it, and what the registry answers.
pub async fn read(from: &Repository<'_>, digest: &Digest) -> Result<Manifest, Fault> {
    from.manifest(digest.as_str()).await?.ok_or_else(|| {
        let (repository, digest) = (from.name().to_owned(), digest.clone());
        RegistryProblem::ImageMissing { repository, digest, account: None }.into()
    })
}

/// The manifest and everything below it, each once and after what it names.
///
/// # Errors
/// `NotFound` where one is not there, `Invalid` where there are too many, and what the registry answers.
pub async fn children_first(from: &Repository<'_>, top: Manifest) -> Result<Vec<Manifest>, Fault> {
    let mut known: BTreeMap<Digest, Manifest> = BTreeMap::new();
    let mut all: Vec<Manifest> = Vec::new();
    let mut level = vec![top];
    for _ in 0..=DEEPEST {
        let mut next: Vec<Manifest> = Vec::new();
        for child in level.iter().flat_map(Manifest::children) {
            if next.iter().any(|m| m.digest == child.digest) {
                continue;
            }
            if !known.contains_key(&child.digest) {
                if known.len() == MOST {
                    return Err(RegistryProblem::TooManyManifests { most: MOST as u64 }.into());
                }
                known.insert(child.digest.clone(), read(from, &child.digest).await?);
            }
            next.extend(known.get(&child.digest).cloned());
        }
        all.append(&mut level);
        if next.is_empty() {
            // One that is named on several levels comes before whatever names it.
            all.reverse();
            let mut seen = BTreeSet::new();
            all.retain(|m| seen.insert(m.digest.clone()));
            return Ok(all);
        }
        level = next;
    }
    Err(RegistryProblem::TooManyLevels { most: DEEPEST as u64 }.into())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::image::manifest::{OCI_INDEX, OCI_MANIFEST};
    use crate::image::testing::{FixedClock, count, plain, scripted};
    use crate::model::fault::FaultKind;

    fn image(n: usize) -> Manifest {
        let d = Digest::of(&n.to_be_bytes());
        let text = format!(r#"{{"schemaVersion":2,"config":{{"mediaType":"c","digest":"{d}","size":1}},"layers":[]}}"#);
        Manifest::parse(text.into()).unwrap()
    }

    fn index(of: &[&Manifest]) -> Manifest {
        let children: Vec<String> = of
            .iter()
            .map(|m| {
                let media_type = if m.children().is_empty() { OCI_MANIFEST } else { OCI_INDEX };
                format!(r#"{{"mediaType":"{media_type}","digest":"{}","size":{}}}"#, m.digest, m.bytes.len())
            })
            .collect();
        let text = format!(r#"{{"schemaVersion":2,"mediaType":"{OCI_INDEX}","manifests":[{}]}}"#, children.join(","));
        Manifest::parse(text.into()).unwrap()
    }

    async fn ordered(top: &Manifest, there: &[Manifest]) -> (Result<Vec<Digest>, Fault>, usize) {
        let there: Arc<Vec<Manifest>> = Arc::new(there.to_vec());
        let (source, heard) =
            scripted(move |asked, _| match there.iter().find(|m| asked.ends_with(m.digest.as_str())) {
                Some(m) => (200, vec![("docker-content-digest", m.digest.to_string())], m.bytes.clone()),
                None => plain(404),
            })
            .await;
        let from = Repository::to_read(source, &FixedClock).unwrap();
        let found = children_first(&from, top.clone()).await;
        (found.map(|all| all.into_iter().map(|m| m.digest).collect()), count(&heard, "GET"))
    }

    #[tokio::test]
    async fn each_child_is_read_once_and_comes_before_what_names_it() {
        let (one, two) = (image(1), image(2));
        let inner = index(&[&two, &one]);
        // `two` is named by the top, before the index that names it too.
        let top = index(&[&two, &two, &inner, &one]);
        let (all, reads) = ordered(&top, &[one.clone(), two.clone(), inner.clone()]).await;
        let all = all.unwrap();
        let place = |m: &Manifest| all.iter().position(|d| *d == m.digest).unwrap();
        assert!(place(&two) < place(&inner) && place(&one) < place(&inner) && place(&inner) < place(&top), "{all:?}");
        assert_eq!((all.len(), reads), (4, 3));
    }

    #[tokio::test]
    async fn an_index_without_an_end_is_refused() {
        let many: Vec<Manifest> = (0..=MOST).map(image).collect();
        let top = index(&many.iter().collect::<Vec<_>>());
        let (refused, reads) = ordered(&top, &many).await;
        assert_eq!(refused.unwrap_err().kind(), FaultKind::Invalid);
        assert!(reads <= MOST, "{reads} were read");
    }
}
