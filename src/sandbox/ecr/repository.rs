//! A repository and its images.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use jiff::Timestamp;

use super::lifecycle::Lifecycle;
use super::manifest::Parsed;
use crate::sandbox::iam::{Policy, pattern};
use crate::sandbox::service::RunsOn;

/// Which tags may be moved, as `imageTagMutability` and its exclusion filters say.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Mutability {
    pub immutable: bool,
    /// Wildcards of tags for which the opposite holds.
    pub except: Vec<String>,
}

impl Mutability {
    pub fn is_immutable(&self, tag: &str) -> bool {
        self.immutable != self.except.iter().any(|p| pattern::matches(p, tag))
    }

    /// AWS's name for it.
    pub fn name(&self) -> &'static str {
        match (self.immutable, self.except.is_empty()) {
            (false, true) => "MUTABLE",
            (true, true) => "IMMUTABLE",
            (true, false) => "IMMUTABLE_WITH_EXCLUSION",
            (false, false) => "MUTABLE_WITH_EXCLUSION",
        }
    }
}

/// A repository: blobs, images by digest, and tags.
#[derive(Debug, Clone)]
pub struct Repository {
    pub name: String,
    pub created_at: Timestamp,
    pub mutability: Mutability,
    pub scan_on_push: bool,
    /// The policy as it was set, and as it is evaluated.
    pub policy: Option<(String, Policy)>,
    pub lifecycle: Option<Lifecycle>,
    pub blobs: BTreeMap<String, Bytes>,
    pub images: BTreeMap<String, Image>,
    /// Tag to digest.
    pub tags: BTreeMap<String, String>,
}

/// A manifest that was pushed.
#[derive(Debug, Clone)]
pub struct Image {
    pub digest: String,
    pub manifest: Bytes,
    pub parsed: Parsed,
    pub config: Config,
    pub pushed_at: Timestamp,
    /// When a basic scan began last, on push or asked for.
    pub basic_scan: Option<Timestamp>,
    /// When a basic scan was last asked for by `StartImageScan`.
    pub scan_asked: Option<Timestamp>,
}

/// What is read of an image's configuration here.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Config {
    pub os: String,
    pub architecture: String,
    pub author: String,
    pub labels: BTreeMap<String, String>,
}

impl Repository {
    pub fn new(name: &str, created_at: Timestamp) -> Repository {
        Repository {
            name: name.to_owned(),
            created_at,
            mutability: Mutability::default(),
            scan_on_push: false,
            policy: None,
            lifecycle: None,
            blobs: BTreeMap::new(),
            images: BTreeMap::new(),
            tags: BTreeMap::new(),
        }
    }

    /// The image of a digest or a tag.
    pub fn find(&self, reference: &str) -> Option<&Image> {
        let digest = if reference.starts_with("sha256:") { reference } else { self.tags.get(reference)? };
        self.images.get(digest)
    }

    pub fn tags_of(&self, digest: &str) -> Vec<&str> {
        self.tags.iter().filter(|(_, d)| *d == digest).map(|(t, _)| t.as_str()).collect()
    }

    /// The manifests of this repository that an index of it names.
    pub fn children(&self) -> BTreeSet<&str> {
        self.images.values().flat_map(|i| i.parsed.manifests.iter().map(|m| m.digest.as_str())).collect()
    }

    /// The image that a host runs, chosen as containerd chooses (`core/images/image.go`): by the platform that an index gives its
    /// child, else by the child's own configuration, indexes within indexes included. Annotations play no part. A manifest
    /// without an index is taken as it is.
    pub fn for_platform<'a>(&'a self, image: &'a Image, on: &RunsOn) -> Option<&'a Image> {
        if !image.parsed.is_index() {
            return Some(image);
        }
        image.parsed.manifests.iter().find_map(|child| {
            let named = child.os.as_deref().zip(child.architecture.as_deref());
            if named.is_some_and(|named| named != (on.os, on.architecture)) {
                return None;
            }
            let found = self.images.get(&child.digest)?;
            if found.parsed.is_index() {
                return self.for_platform(found, on);
            }
            let own = (found.config.os.as_str(), found.config.architecture.as_str());
            (named.is_some() || own == (on.os, on.architecture)).then_some(found)
        })
    }
}

impl Image {
    /// The bytes of its layers and configuration, as `imageSizeInBytes` counts them.
    pub fn size(&self) -> u64 {
        let parts = self.parsed.config.iter().chain(&self.parsed.layers);
        parts.map(|d| d.size).sum()
    }
}
