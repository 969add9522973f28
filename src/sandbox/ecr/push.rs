//! Putting an image: what must be there, and what may be overwritten.

use bytes::Bytes;
use jiff::Timestamp;
use serde::Deserialize;

use super::manifest::Parsed;
use super::repository::{Config, Image, Repository};
use crate::model::ids::Digest;

/// Why an image is refused. The API and the registry protocol each have their own messages for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PushError {
    Malformed(String),
    DigestMismatch { wanted: String, is: String },
    BlobsMissing(Vec<String>),
    ImagesMissing(Vec<String>),
    TagImmutable(String),
}

/// What was there before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pushed {
    New(String),
    /// The same digest under the same tag (or none) was there already.
    Same(String),
}

impl Pushed {
    pub fn digest(&self) -> &str {
        match self {
            Pushed::New(digest) | Pushed::Same(digest) => digest,
        }
    }
}

/// A manifest as it arrives.
pub struct Push<'a> {
    pub manifest: Bytes,
    pub media_type: Option<&'a str>,
    pub tag: Option<&'a str>,
    /// The digest that the pusher says it has.
    pub digest: Option<&'a str>,
    pub now: Timestamp,
}

/// Takes an image into the repository.
pub fn put(repository: &mut Repository, push: Push) -> Result<Pushed, PushError> {
    let parsed = Parsed::read(&push.manifest, push.media_type).map_err(PushError::Malformed)?;
    let digest = String::from(Digest::of(&push.manifest));
    if let Some(wanted) = push.digest.filter(|d| *d != digest) {
        return Err(PushError::DigestMismatch { wanted: wanted.to_owned(), is: digest });
    }
    let there = |d: &str| repository.blobs.contains_key(d);
    let missing: Vec<String> = parsed.blobs().map(|d| d.digest.clone()).filter(|d| !there(d)).collect();
    if !missing.is_empty() {
        return Err(PushError::BlobsMissing(missing));
    }
    let children = parsed.manifests.iter().map(|d| d.digest.clone());
    let missing: Vec<String> = children.filter(|d| !repository.images.contains_key(d)).collect();
    if !missing.is_empty() {
        return Err(PushError::ImagesMissing(missing));
    }
    let tagged = push.tag.and_then(|t| repository.tags.get(t));
    let known = repository.images.contains_key(&digest);
    if known && (push.tag.is_none() || tagged == Some(&digest)) {
        return Ok(Pushed::Same(digest));
    }
    if let (Some(tag), Some(_)) = (push.tag, tagged)
        && repository.mutability.is_immutable(tag)
    {
        return Err(PushError::TagImmutable(tag.to_owned()));
    }
    if let Some(tag) = push.tag {
        repository.tags.insert(tag.to_owned(), digest.clone());
    }
    if !known {
        let config = parsed.config.as_ref().and_then(|c| repository.blobs.get(&c.digest)).map(|b| config(b));
        let image = Image {
            digest: digest.clone(),
            manifest: push.manifest,
            config: config.unwrap_or_default(),
            parsed,
            pushed_at: push.now,
            basic_scan: None,
            scan_asked: None,
        };
        repository.images.insert(digest.clone(), image);
    }
    Ok(Pushed::New(digest))
}

#[derive(Deserialize)]
struct RawConfig {
    #[serde(default)]
    os: String,
    #[serde(default)]
    architecture: String,
    #[serde(default)]
    author: String,
    #[serde(default)]
    config: Option<RunConfig>,
}

#[derive(Deserialize)]
struct RunConfig {
    #[serde(default, rename = "Labels")]
    labels: Option<std::collections::BTreeMap<String, String>>,
}

/// A configuration that is not an image's counts as empty.
fn config(bytes: &[u8]) -> Config {
    let Ok(raw) = serde_json::from_slice::<RawConfig>(bytes) else { return Config::default() };
    let labels = raw.config.and_then(|c| c.labels).unwrap_or_default();
    Config { os: raw.os, architecture: raw.architecture, author: raw.author, labels }
}
