//! How judgements combine.

use serde::{Deserialize, Serialize};

/// A judgement, ordered so that several combine by `max`: what is unknown is closed, what fails stays failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    Pass,
    Waived,
    Unknown,
    Fail,
}

impl Verdict {
    /// Whether a gate with this verdict lets a release through.
    pub fn passes(self) -> bool {
        match self {
            Verdict::Pass | Verdict::Waived => true,
            Verdict::Unknown | Verdict::Fail => false,
        }
    }
}
