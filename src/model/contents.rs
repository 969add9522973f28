//! What an image in a registry contains, as a container runtime sees it.

use super::gate_reason::Unclear;
use super::ids::Digest;
use super::platform::Platform;

/// Every manifest of an image that a runtime could choose, read by digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contents {
    /// Each manifest that some runtime would run. The image itself where it is a plain manifest.
    pub runnable: Vec<Runnable>,
    /// Why it is unclear what would run, so that no scan covers it.
    pub unclear: Option<Unclear>,
}

/// A manifest that a runtime could choose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Runnable {
    pub digest: Digest,
    /// From its index, or its configuration; `None`: neither names one.
    pub platform: Option<Platform>,
}

impl Contents {
    /// The digests of all that could run.
    pub fn digests(&self) -> Vec<Digest> {
        self.runnable.iter().map(|r| r.digest.clone()).collect()
    }
}
