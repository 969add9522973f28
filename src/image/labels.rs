//! What an image's configuration says of itself.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::manifest::{Content, Manifest};
use super::manifest_tree::MOST;
use super::registry::Repository;
use crate::model::fault::Fault;
use crate::model::ids::Digest;

/// OCI's annotation for the source's revision; as a label, what builders set.
const REVISION: &str = "org.opencontainers.image.revision";

#[derive(Deserialize)]
struct Configuration {
    #[serde(default)]
    config: Option<Container>,
}

#[derive(Deserialize)]
struct Container {
    #[serde(default, rename = "Labels")]
    labels: Option<BTreeMap<String, String>>,
}

/// The commit that every platform of an image names; none where one names none or another, or there are too many to ask.
///
/// # Errors
/// Of reading the registry.
pub async fn commit(repository: &Repository<'_>, digest: &Digest) -> Result<Option<String>, Fault> {
    let Some(top) = repository.manifest(digest.as_str()).await? else { return Ok(None) };
    let platforms: BTreeSet<Digest> = top.platforms().into_iter().map(|child| child.digest.clone()).collect();
    if platforms.len() > MOST {
        return Ok(None);
    }
    if platforms.is_empty() {
        return named(repository, &top).await;
    }
    let mut all: Option<String> = None;
    for platform in platforms {
        let Some(image) = repository.manifest(platform.as_str()).await? else { return Ok(None) };
        match (named(repository, &image).await?, &all) {
            (Some(commit), None) => all = Some(commit),
            (Some(commit), Some(before)) if commit == *before => {}
            (Some(_) | None, _) => return Ok(None),
        }
    }
    Ok(all)
}

async fn named(repository: &Repository<'_>, image: &Manifest) -> Result<Option<String>, Fault> {
    let Content::Image { config, .. } = &image.content else { return Ok(None) };
    let bytes = repository.document(config).await?;
    Ok(revision(&bytes))
}

/// The label, where it is a commit's name: hex digits, as git and its likes have them.
fn revision(configuration: &[u8]) -> Option<String> {
    // An artifact's configuration has another form, and no labels.
    let read: Configuration = serde_json::from_slice(configuration).ok()?;
    let commit = read.config?.labels?.remove(REVISION)?;
    let hex = (7..=64).contains(&commit.len()) && commit.bytes().all(|b| b.is_ascii_hexdigit());
    hex.then_some(commit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_a_commit_or_nothing() {
        let of = |label: &str| {
            let labels = serde_json::json!({ "config": { "Labels": { REVISION: label } } });
            revision(labels.to_string().as_bytes())
        };
        assert_eq!(of("0123456789abcdef0123456789abcdef01234567").unwrap().len(), 40);
        assert_eq!(of("0a1b2c3"), Some("0a1b2c3".to_owned()));
        for no in ["", "main", "0a1b2c", "0a1b2c3\u{1b}[2J", "v1.2.3"] {
            assert_eq!(of(no), None, "{no:?}");
        }
        for none in ["{}", "[]", "{\"config\":null}", "{\"config\":{\"Labels\":null}}", "x"] {
            assert_eq!(revision(none.as_bytes()), None, "{none}");
        }
    }
}
