//! What a registry holds under a digest or tag: the bytes that count, and what they name.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::model::fault::{Fault, FaultKind};
use crate::model::ids::Digest;

pub const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";
pub const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
pub const DOCKER_LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";

/// All that is understood here; what is asked for is what is answered, so nothing is converted on the way.
pub const UNDERSTOOD: [&str; 4] = [OCI_MANIFEST, OCI_INDEX, DOCKER_MANIFEST, DOCKER_LIST];

/// The annotation by which BuildKit marks what it attests about another manifest of the same index.
const ATTESTATION: &str = "vnd.docker.reference.type";

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

/// `os/arch[/variant]`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Platform {
    pub architecture: String,
    pub os: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
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

impl Manifest {
    /// Reads a manifest without changing a byte of it.
    ///
    /// # Errors
    /// `Invalid` for what is neither an image manifest nor an index (schema 1 is not).
    pub fn parse(bytes: Bytes) -> Result<Manifest, Fault> {
        let odd = |why: String| {
            Fault::new(FaultKind::Invalid, "the registry holds something that is no image manifest").cause(why)
        };
        let raw: Raw = serde_json::from_slice(&bytes).map_err(|e| odd(e.to_string()))?;
        if raw.schema_version != 2 {
            return Err(odd(format!("its schema version is {}, not 2", raw.schema_version)));
        }
        let (content, default_type) = match (raw.manifests, raw.config, raw.layers) {
            (Some(children), None, _) => (Content::Index(children), OCI_INDEX),
            (None, Some(config), Some(layers)) => (Content::Image { config, layers }, OCI_MANIFEST),
            _ => return Err(odd("it names neither manifests nor a configuration with layers".into())),
        };
        // The OCI specification lets the media type be left out; Docker's does not.
        let media_type = raw.media_type.unwrap_or_else(|| default_type.to_owned());
        Ok(Manifest { digest: Digest::of(&bytes), bytes, media_type, content })
    }

    /// The platform children of an index, attestations left out.
    pub fn platforms(&self) -> Vec<&Descriptor> {
        match &self.content {
            Content::Index(children) => children.iter().filter(|c| !c.is_attestation()).collect(),
            Content::Image { .. } => Vec::new(),
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
    /// Whether this says something about an image instead of being one.
    pub fn is_attestation(&self) -> bool {
        let marked = self.annotations.as_ref().is_some_and(|a| a.contains_key(ATTESTATION));
        let nowhere = self.platform.as_ref().is_some_and(|p| p.os == "unknown" && p.architecture == "unknown");
        marked || nowhere
    }

    /// Whether the registry does not hold the content itself (Windows base layers).
    pub fn is_foreign(&self) -> bool {
        self.media_type.contains(".foreign.") || self.media_type.contains(".nondistributable.")
    }
}

impl Platform {
    /// # Errors
    /// `Invalid` for what is not `os/arch` or `os/arch/variant`.
    pub fn parse(text: &str) -> Result<Platform, Fault> {
        let parts: Vec<&str> = text.split('/').collect();
        let (os, architecture, variant) = match parts[..] {
            [os, arch] => (os, arch, None),
            [os, arch, variant] => (os, arch, Some(variant)),
            _ => return Err(not_a_platform(text)),
        };
        let word = |w: &str| !w.is_empty() && w.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        if !word(os) || !word(architecture) || !variant.is_none_or(word) {
            return Err(not_a_platform(text));
        }
        Ok(Platform { architecture: architecture.into(), os: os.into(), variant: variant.map(Into::into) })
    }

    /// Whether an image for `self` runs where `wanted` is asked for.
    pub fn serves(&self, wanted: &Platform) -> bool {
        let variant = |p: &Platform| match (p.architecture.as_str(), p.variant.as_deref()) {
            // arm64 has one variant in use, and most leave it out (containerd's platforms.Normalize).
            ("arm64", None) => Some("v8".to_owned()),
            ("amd64", Some("v1")) => None,
            (_, v) => v.map(str::to_owned),
        };
        self.os == wanted.os
            && self.architecture == wanted.architecture
            && (wanted.variant.is_none() || variant(self) == variant(wanted))
    }
}

impl std::fmt::Display for Platform {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.os, self.architecture)?;
        self.variant.as_ref().map_or(Ok(()), |v| write!(f, "/{v}"))
    }
}

fn not_a_platform(text: &str) -> Fault {
    Fault::new(FaultKind::Invalid, format!("`{text}` is no platform")).hint("write os/arch, e.g. linux/amd64")
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const D: &str = "sha256:0000000000000000000000000000000000000000000000000000000000000001";

    #[test]
    fn an_indexs_attestations_are_no_platforms() {
        let index = format!(
            r#"{{"schemaVersion":2,"manifests":[
              {{"mediaType":"{OCI_MANIFEST}","digest":"{D}","size":1,"platform":{{"os":"linux","architecture":"arm64"}}}},
              {{"mediaType":"{OCI_MANIFEST}","digest":"{D}","size":1,"platform":{{"os":"unknown","architecture":"unknown"}}}},
              {{"mediaType":"{OCI_MANIFEST}","digest":"{D}","size":1,"annotations":{{"vnd.docker.reference.type":"attestation-manifest"}}}}]}}"#
        );
        let index = Manifest::parse(index.into()).unwrap();
        assert_eq!(index.media_type, OCI_INDEX);
        assert_eq!(index.platforms().len(), 1);
        let Content::Index(all) = &index.content else { panic!("an index") };
        assert_eq!(all.len(), 3);
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
    fn what_is_no_manifest_is_said_to_be_none(#[case] text: &'static str) {
        assert_eq!(Manifest::parse(text.into()).unwrap_err().kind, FaultKind::Invalid);
    }

    #[rstest]
    #[case("linux/arm64", "linux/arm64", true)]
    #[case("linux/arm64/v8", "linux/arm64", true)]
    #[case("linux/arm64", "linux/arm64/v8", true)]
    #[case("linux/arm/v6", "linux/arm/v7", false)]
    #[case("linux/amd64", "linux/arm64", false)]
    fn a_platform_serves_its_own(#[case] has: &str, #[case] wanted: &str, #[case] serves: bool) {
        assert_eq!(Platform::parse(has).unwrap().serves(&Platform::parse(wanted).unwrap()), serves);
    }

    #[rstest]
    #[case("amd64")]
    #[case("linux/")]
    #[case("Linux/amd64")]
    #[case("linux/arm/v7/x")]
    fn a_platform_is_written_as_os_and_arch(#[case] text: &str) {
        assert_eq!(Platform::parse(text).unwrap_err().kind, FaultKind::Invalid);
    }
}
