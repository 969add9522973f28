//! A frozen stage, which no release may enter.

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
    /// A person froze it, for this reason.
    Person { identity: Identity, reason: String },
    /// kanmon froze it, because this release could not be rolled back.
    Release { release: ReleaseId },
}
