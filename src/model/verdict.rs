//! Verdicts, and how they combine.

use serde::{Deserialize, Serialize};

/// A verdict, ordered so that several combine by `max`: unknown does not pass, and a failure stays a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    Pass,
    Waived,
    Unknown,
    Fail,
}

impl Verdict {
    /// Whether a gate with this verdict passes.
    pub fn passes(self) -> bool {
        match self {
            Verdict::Pass | Verdict::Waived => true,
            Verdict::Unknown | Verdict::Fail => false,
        }
    }
}
