//! What a registry holds under a digest, as a runtime sees it.

use super::gate_reason::Unclear;
use super::ids::Digest;
use super::platform::Platform;

/// All that a runtime could choose of an image, read by digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contents {
    /// Each that some runtime would run. The image itself where it is a plain manifest.
    pub runnable: Vec<Runnable>,
    /// What leaves open what would run: no scan of what is known answers for it.
    pub unclear: Option<Unclear>,
}

/// A manifest that a runtime could choose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Runnable {
    pub digest: Digest,
    /// As its index says, or its configuration; `None`: neither does.
    pub platform: Option<Platform>,
}

impl Contents {
    /// The digests of all that could run.
    pub fn digests(&self) -> Vec<Digest> {
        self.runnable.iter().map(|r| r.digest.clone()).collect()
    }
}
