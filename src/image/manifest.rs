//! What a registry holds under a digest or tag: the bytes that count, and what they name.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::model::fault::Fault;
use crate::model::fault::registry::{ManifestFlaw, RegistryProblem};
use crate::model::ids::Digest;
pub use crate::model::platform::Platform;

pub const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";
pub const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
pub const DOCKER_LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";

/// All that is understood here; what is asked for is what is answered, so nothing is converted on the way.
pub const UNDERSTOOD: [&str; 4] = [OCI_MANIFEST, OCI_INDEX, DOCKER_MANIFEST, DOCKER_LIST];

/// Layers that a runtime unpacks into a file system, and a scanner with it.
const FILE_SYSTEMS: [&str; 6] = [
    "application/vnd.oci.image.layer.v1.tar",
    "application/vnd.oci.image.layer.v1.tar+gzip",
    "application/vnd.oci.image.layer.v1.tar+zstd",
    "application/vnd.docker.image.rootfs.diff.tar",
    "application/vnd.docker.image.rootfs.diff.tar.gzip",
    "application/vnd.docker.image.rootfs.diff.tar.zstd",
];

/// Configurations that a runtime takes.
const CONFIGURATIONS: [&str; 2] =
    ["application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json"];

/// What builders attest about another manifest of the same index (in-toto's media type).
const IN_TOTO: &str = "application/vnd.in-toto+json";

/// The configuration of an index for lazy loading (SOCI, of either version), which Fargate's own snapshotter reads; no runtime takes it.
const SOCI: &str = "application/vnd.amazon.soci.index.";
/// What such an index holds: tables of contents of the image's layers. No runtime unpacks it.
const ZTOC: &str = "application/octet-stream";

/// A manifest or index, byte for byte.
#[derive(Debug, Clone, PartialEq)]
pub struct Manifest {
    pub bytes: Bytes,
    /// Of exactly these bytes.
    pub digest: Digest,
    pub media_type: String,
    pub content: Content,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// Manifests by platform, and what is attested about them.
    Index(Vec<Descriptor>),
    Image {
        config: Descriptor,
        layers: Vec<Descriptor>,
    },
}

/// A named piece of content (OCI image-spec, descriptor).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Descriptor {
    pub media_type: String,
    pub digest: Digest,
    /// In bytes.
    pub size: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub urls: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub annotations: Option<BTreeMap<String, String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<Platform>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Raw {
    schema_version: u32,
    media_type: Option<String>,
    manifests: Option<Vec<Descriptor>>,
    config: Option<Descriptor>,
    layers: Option<Vec<Descriptor>>,
}

/// The members of manifests, descriptors and platforms (OCI image-spec).
const MEMBERS: [&str; 17] = [
    "schemaVersion",
    "mediaType",
    "artifactType",
    "manifests",
    "config",
    "layers",
    "subject",
    "digest",
    "size",
    "urls",
    "data",
    "platform",
    "architecture",
    "os",
    "os.version",
    "os.features",
    "variant",
];

/// A member that is called as one of the specification's but for its case. Go's JSON reader, and so containerd and docker, takes it
/// for that one, the last of both winning: what was judged would not be what runs.
fn read_otherwise_elsewhere(value: &serde_json::Value) -> Option<&str> {
    use serde_json::Value;
    match value {
        Value::Object(members) => members.iter().find_map(|(name, value)| {
            let is_alike = !MEMBERS.contains(&name.as_str()) && MEMBERS.iter().any(|m| folded(m) == folded(name));
            match is_alike {
                true => Some(name.as_str()),
                false if name == "annotations" => None,
                false => read_otherwise_elsewhere(value),
            }
        }),
        Value::Array(items) => items.iter().find_map(read_otherwise_elsewhere),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

/// A name as Go compares it: beside letters' case, the long s and the Kelvin sign are an s and a k.
fn folded(name: &str) -> String {
    let plain = |c: char| match c {
        '\u{17f}' => 's',
        '\u{212a}' => 'k',
        c => c.to_ascii_lowercase(),
    };
    name.chars().map(plain).collect()
}

impl Manifest {
    /// Reads a manifest without changing a byte of it.
    ///
    /// # Errors
    /// `Invalid` for what is neither an image manifest nor an index (schema 1 is not).
    pub fn parse(bytes: Bytes) -> Result<Manifest, Fault> {
        let odd = |why| Fault::from(RegistryProblem::NotAManifest { why });
        let read: serde_json::Value =
            serde_json::from_slice(&bytes).map_err(|e| odd(ManifestFlaw::NotJson).said(e.to_string()))?;
        if let Some(member) = read_otherwise_elsewhere(&read) {
            return Err(RegistryProblem::AmbiguousManifest { member: member.to_owned() }.into());
        }
        let raw: Raw = serde_json::from_slice(&bytes).map_err(|e| odd(ManifestFlaw::NotJson).said(e.to_string()))?;
        if raw.schema_version != 2 {
            return Err(odd(ManifestFlaw::SchemaVersion { version: raw.schema_version }));
        }
        let (content, default_type) = match (raw.manifests, raw.config, raw.layers) {
            (Some(children), None, _) => (Content::Index(children), OCI_INDEX),
            (None, Some(config), Some(layers)) => (Content::Image { config, layers }, OCI_MANIFEST),
            _ => return Err(odd(ManifestFlaw::NamesNothing)),
        };
        // The OCI specification lets the media type be left out; Docker's does not.
        let media_type = raw.media_type.unwrap_or_else(|| default_type.to_owned());
        Ok(Manifest { digest: Digest::of(&bytes), bytes, media_type, content })
    }

    /// The children of an index; none of an image.
    pub fn children(&self) -> &[Descriptor] {
        match &self.content {
            Content::Index(children) => children,
            Content::Image { .. } => &[],
        }
    }

    /// The children of an index that say which platform they are for.
    pub fn platforms(&self) -> Vec<&Descriptor> {
        match &self.content {
            Content::Index(children) => {
                children.iter().filter(|c| c.platform.is_some() && !c.is_of_no_platform()).collect()
            }
            Content::Image { .. } => Vec::new(),
        }
    }

    /// Whether no runtime could run it: it is no index, and none of its layers is one that a runtime unpacks.
    pub fn is_artifact(&self) -> bool {
        match &self.content {
            Content::Image { layers, .. } => !layers.iter().any(Descriptor::may_be_unpacked),
            Content::Index(_) => false,
        }
    }

    /// The size of all that it names, in bytes.
    pub fn size(&self) -> u64 {
        match &self.content {
            Content::Image { config, layers } => {
                layers.iter().fold(config.size, |all, layer| all.saturating_add(layer.size))
            }
            Content::Index(_) => 0,
        }
    }

    /// Whether all that it holds are statements about something else.
    pub fn is_in_toto(&self) -> bool {
        match &self.content {
            Content::Image { layers, .. } => !layers.is_empty() && layers.iter().all(|l| l.media_type == IN_TOTO),
            Content::Index(_) => false,
        }
    }

    /// Whether it is a SOCI index: it stands beside the image that it describes, with the same platform.
    pub fn is_soci(&self) -> bool {
        match &self.content {
            Content::Image { config, layers } => {
                config.media_type.starts_with(SOCI) && layers.iter().all(|l| l.media_type == ZTOC)
            }
            Content::Index(_) => false,
        }
    }

    /// Its descriptor in an index.
    pub fn descriptor(&self, platform: Option<Platform>) -> Descriptor {
        Descriptor {
            media_type: self.media_type.clone(),
            digest: self.digest.clone(),
            size: self.bytes.len() as u64,
            urls: None,
            annotations: None,
            platform,
        }
    }
}

impl Descriptor {
    /// Whether it says of itself, by its platform, that nothing runs it. Annotations say nothing: no runtime reads them.
    pub fn is_of_no_platform(&self) -> bool {
        self.platform.as_ref().is_some_and(|p| p.os == "unknown" && p.architecture == "unknown")
    }

    pub fn is_index(&self) -> bool {
        self.media_type == OCI_INDEX || self.media_type == DOCKER_LIST
    }

    pub fn is_manifest(&self) -> bool {
        self.media_type == OCI_MANIFEST || self.media_type == DOCKER_MANIFEST
    }

    pub fn is_file_system(&self) -> bool {
        FILE_SYSTEMS.contains(&self.media_type.as_str())
    }

    /// Whether some runtime may take it for a layer, also one of a form that is not known here.
    pub fn may_be_unpacked(&self) -> bool {
        ["application/vnd.oci.image.layer.", "application/vnd.docker.image.rootfs."]
            .iter()
            .any(|of_layers| self.media_type.starts_with(of_layers))
    }

    pub fn is_configuration(&self) -> bool {
        CONFIGURATIONS.contains(&self.media_type.as_str())
    }

    /// Whether a runtime gets it from somewhere else than the registry: those that have addresses are fetched from there.
    pub fn is_elsewhere(&self) -> bool {
        self.is_foreign() || self.urls.as_ref().is_some_and(|urls| !urls.is_empty())
    }

    /// Whether the registry does not hold the content itself (Windows base layers).
    pub fn is_foreign(&self) -> bool {
        self.media_type.contains(".foreign.") || self.media_type.contains(".nondistributable.")
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::model::fault::FaultKind;

    const D: &str = "sha256:0000000000000000000000000000000000000000000000000000000000000001";

    #[test]
    fn only_a_platform_says_that_nothing_runs_a_child() {
        let index = format!(
            r#"{{"schemaVersion":2,"manifests":[
              {{"mediaType":"{OCI_MANIFEST}","digest":"{D}","size":1,"platform":{{"os":"linux","architecture":"arm64"}}}},
              {{"mediaType":"{OCI_MANIFEST}","digest":"{D}","size":1,"platform":{{"os":"unknown","architecture":"unknown"}}}},
              {{"mediaType":"{OCI_MANIFEST}","digest":"{D}","size":1,"platform":{{"os":"linux","architecture":"amd64"}},
               "annotations":{{"vnd.docker.reference.type":"attestation-manifest"}}}}]}}"#
        );
        let index = Manifest::parse(index.into()).unwrap();
        assert_eq!(index.media_type, OCI_INDEX);
        assert_eq!(index.platforms().len(), 2);
        let Content::Index(all) = &index.content else { panic!("an index") };
        assert_eq!(all.len(), 3);
    }

    #[rstest]
    #[case::another_list_of_children(r#"{"schemaVersion":2,"manifests":[],"Manifests":[]}"#, "Manifests")]
    #[case::by_the_long_s(r#"{"schemaVersion":2,"manifests":[],"manife\u017fts":[]}"#, "manife\u{17f}ts")]
    #[case::another_platform(
        r#"{"schemaVersion":2,"manifests":[{"platform":{"os":"unknown"},"Platform":{"os":"linux"}}]}"#,
        "Platform"
    )]
    fn a_manifest_that_go_would_read_differently_is_refused(#[case] text: &'static str, #[case] member: &str) {
        let fault = Manifest::parse(text.into()).unwrap_err();
        assert_eq!(fault, RegistryProblem::AmbiguousManifest { member: member.to_owned() }.into());
    }

    #[test]
    fn the_names_of_annotations_are_free() {
        let text = r#"{"schemaVersion":2,"manifests":[],"annotations":{"Manifests":"x"},"io.example":1}"#;
        assert!(Manifest::parse(text.into()).is_ok());
    }

    #[test]
    fn the_digest_is_of_the_bytes_as_they_came() {
        let text = format!(
            "{{ \"schemaVersion\" : 2, \"mediaType\":\"{DOCKER_MANIFEST}\",\n \"config\":{{\"mediaType\":\"c\",\"digest\":\"{D}\",\"size\":2}},\"layers\":[]}}\n"
        );
        let manifest = Manifest::parse(text.clone().into()).unwrap();
        assert_eq!(manifest.digest, Digest::of(text.as_bytes()));
        assert_eq!(manifest.media_type, DOCKER_MANIFEST);
    }

    #[rstest]
    #[case(r#"{"schemaVersion":1,"name":"old"}"#)]
    #[case(r#"{"schemaVersion":2}"#)]
    #[case("<html>")]
    fn an_invalid_manifest_is_reported(#[case] text: &'static str) {
        assert_eq!(Manifest::parse(text.into()).unwrap_err().kind(), FaultKind::Invalid);
    }
}
