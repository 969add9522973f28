//! Image manifests and indexes, as the OCI image specification and Docker have them.

use serde::Deserialize;

pub const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";
pub const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
pub const DOCKER_LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";

/// A descriptor of something that a manifest refers to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Descriptor {
    pub media_type: String,
    pub digest: String,
    pub size: u64,
    pub os: Option<String>,
    pub architecture: Option<String>,
    /// Foreign layers are stored elsewhere and not pushed.
    foreign: bool,
}

/// A manifest's parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parsed {
    pub media_type: String,
    pub artifact_type: Option<String>,
    pub config: Option<Descriptor>,
    pub layers: Vec<Descriptor>,
    pub manifests: Vec<Descriptor>,
    pub subject: Option<String>,
    pub annotations: serde_json::Map<String, serde_json::Value>,
}

impl Parsed {
    pub fn is_index(&self) -> bool {
        self.media_type == OCI_INDEX || self.media_type == DOCKER_LIST
    }

    /// Blobs that must have been pushed before.
    pub fn blobs(&self) -> impl Iterator<Item = &Descriptor> {
        self.config.iter().chain(self.layers.iter().filter(|l| !l.foreign))
    }

    /// Whether its layers are a file system, as a scanner wants them.
    pub fn has_file_system(&self) -> bool {
        let layer = |d: &Descriptor| {
            d.media_type.starts_with("application/vnd.oci.image.layer.")
                || d.media_type.starts_with("application/vnd.docker.image.rootfs.")
        };
        !self.is_index() && self.layers.iter().all(layer)
    }

    /// Reads a manifest. `declared` is the media type that came with it, which the manifest's own must not contradict.
    pub fn read(bytes: &[u8], declared: Option<&str>) -> Result<Parsed, String> {
        let raw: RawManifest = serde_json::from_slice(bytes).map_err(|e| format!("manifest is not valid JSON: {e}"))?;
        if raw.schema_version != 2 {
            return Err(format!("schema version {} is not supported", raw.schema_version));
        }
        let declared = declared.map(str::to_owned).filter(|d| !d.is_empty());
        let media_type = match (raw.media_type, declared) {
            (Some(own), Some(declared)) if own != declared => {
                return Err(format!("manifest's mediaType {own} does not match the Content-Type {declared}"));
            }
            (Some(own), _) => own,
            (None, Some(declared)) => declared,
            (None, None) if raw.manifests.is_some() => OCI_INDEX.to_owned(),
            (None, None) => OCI_MANIFEST.to_owned(),
        };
        if ![OCI_MANIFEST, OCI_INDEX, DOCKER_MANIFEST, DOCKER_LIST].contains(&media_type.as_str()) {
            return Err(format!("media type {media_type} is not supported"));
        }
        let parsed = Parsed {
            media_type,
            artifact_type: raw.artifact_type,
            config: raw.config.map(Descriptor::from),
            layers: raw.layers.unwrap_or_default().into_iter().map(Descriptor::from).collect(),
            manifests: raw.manifests.unwrap_or_default().into_iter().map(Descriptor::from).collect(),
            subject: raw.subject.map(|s| s.digest),
            annotations: raw.annotations,
        };
        if parsed.is_index() != (parsed.config.is_none() && parsed.layers.is_empty()) {
            return Err("an index has manifests, an image a config and layers".to_owned());
        }
        Ok(parsed)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawManifest {
    schema_version: u32,
    media_type: Option<String>,
    artifact_type: Option<String>,
    config: Option<RawDescriptor>,
    layers: Option<Vec<RawDescriptor>>,
    manifests: Option<Vec<RawDescriptor>>,
    subject: Option<RawDescriptor>,
    #[serde(default)]
    annotations: serde_json::Map<String, serde_json::Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawDescriptor {
    media_type: String,
    digest: String,
    size: u64,
    platform: Option<RawPlatform>,
    #[serde(default)]
    urls: Vec<String>,
}

#[derive(Deserialize)]
struct RawPlatform {
    os: String,
    architecture: String,
}

impl From<RawDescriptor> for Descriptor {
    fn from(raw: RawDescriptor) -> Descriptor {
        let (os, architecture) = raw.platform.map(|p| (p.os, p.architecture)).unzip();
        Descriptor {
            media_type: raw.media_type,
            digest: raw.digest,
            size: raw.size,
            os,
            architecture,
            foreign: !raw.urls.is_empty(),
        }
    }
}
