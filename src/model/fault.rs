//! What goes wrong outside: a kind to decide by, and words for people.

use serde::{Deserialize, Serialize};

/// What a failed call means for what may be done next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaultKind {
    /// The caller may not do this (IAM, repository policy, registry).
    AccessDenied,
    /// Credentials are missing, expired beyond renewal, or a role may not be assumed.
    CredentialsRefused,
    /// The credentials belong to another account than the file says.
    WrongAccount,
    /// The thing named does not exist.
    NotFound,
    /// The other side understood and refuses: wrong input, wrong state.
    Invalid,
    /// The other side asks for patience; nothing happened.
    Throttled,
    /// No answer, and nothing can have happened (a read, or never sent).
    Unreachable,
    /// No clear answer to a call that changes something: it may have happened.
    Ambiguous,
    /// A builder, a push or a copy failed.
    BuildFailed,
    /// A program that is needed is not installed.
    ToolMissing,
    /// What would be done now is not what was planned.
    Changed,
    /// kanmon itself is at fault.
    Defect,
}

impl FaultKind {
    /// Whether what failed so may go well a little later, with nothing changed: a read, or what is looked up first.
    pub fn is_passing(self) -> bool {
        match self {
            FaultKind::Throttled | FaultKind::Unreachable | FaultKind::Ambiguous => true,
            FaultKind::AccessDenied
            | FaultKind::CredentialsRefused
            | FaultKind::WrongAccount
            | FaultKind::NotFound
            | FaultKind::Invalid
            | FaultKind::BuildFailed
            | FaultKind::ToolMissing
            | FaultKind::Changed
            | FaultKind::Defect => false,
        }
    }
}

/// A failure: its kind, one sentence, its cause in the other side's words, and a hint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{sentence}{}", cause.as_deref().map(|c| format!(": {c}")).unwrap_or_default())]
pub struct Fault {
    pub kind: FaultKind,
    pub sentence: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl Fault {
    pub fn new(kind: FaultKind, sentence: impl Into<String>) -> Fault {
        Fault { kind, sentence: sentence.into(), cause: None, hint: None }
    }

    #[must_use]
    pub fn cause(mut self, cause: impl Into<String>) -> Fault {
        self.cause = Some(cause.into());
        self
    }

    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Fault {
        self.hint = Some(hint.into());
        self
    }
}
