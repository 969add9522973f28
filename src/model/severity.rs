//! The severity of a vulnerability.

use serde::{Deserialize, Serialize};

/// Inspector's severities; basic scanning's UNDEFINED is untriaged. Ordered from harmless to worst, with untriaged, which may be any, last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    Informational,
    Low,
    Medium,
    High,
    Critical,
    Untriaged,
}

impl Severity {
    pub const ALL: [Severity; 6] = [
        Severity::Critical,
        Severity::High,
        Severity::Medium,
        Severity::Low,
        Severity::Informational,
        Severity::Untriaged,
    ];

    /// Its place among the severities where the worst comes first, and untriaged, which may be any, last.
    pub fn rank(self) -> usize {
        Severity::ALL.iter().position(|other| *other == self).unwrap_or(Severity::ALL.len())
    }

    /// The word of the pipeline file.
    pub fn word(self) -> &'static str {
        match self {
            Severity::Informational => "informational",
            Severity::Low => "low",
            Severity::Medium => "medium",
            Severity::High => "high",
            Severity::Critical => "critical",
            Severity::Untriaged => "untriaged",
        }
    }
}
