//! A stage that nothing new enters.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::approval::Identity;
use super::ids::ReleaseId;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frozen {
    pub at: Timestamp,
    pub by: FrozenBy,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum FrozenBy {
    /// With the reason that the person gave.
    Person { identity: Identity, reason: String },
    /// By itself, because this release could not be rolled back.
    Release { release: ReleaseId },
}
