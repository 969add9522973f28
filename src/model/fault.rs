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

/// A failure: what is the matter, as data, and what the other side said of it in its own words. `report` writes the sentences.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    #[serde(flatten)]
    pub problem: Problem,
    /// The words of AWS, a registry, a program or the system: whatever they hold, so they are cleaned where they are printed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said: Option<String>,
}

/// What is the matter, by its subject.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "area", rename_all = "kebab-case")]
pub enum Problem {
    /// Free words; on its way out.
    Told {
        kind: FaultKind,
        sentence: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        hint: Option<String>,
    },
}

impl Problem {
    /// What it means for what may be done next.
    pub fn kind(&self) -> FaultKind {
        match self {
            Problem::Told { kind, .. } => *kind,
        }
    }
}

impl Fault {
    pub fn new(kind: FaultKind, sentence: impl Into<String>) -> Fault {
        Fault { problem: Problem::Told { kind, sentence: sentence.into(), hint: None }, said: None }
    }

    /// What it means for what may be done next.
    pub fn kind(&self) -> FaultKind {
        self.problem.kind()
    }

    #[must_use]
    pub fn cause(mut self, cause: impl Into<String>) -> Fault {
        self.said = Some(cause.into());
        self
    }

    #[must_use]
    pub fn hint(mut self, more: impl Into<String>) -> Fault {
        match &mut self.problem {
            Problem::Told { hint, .. } => *hint = Some(more.into()),
        }
        self
    }
}

impl std::error::Error for Fault {}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let told = self.told();
        write!(f, "{}", told.sentence)?;
        told.cause.map_or(Ok(()), |cause| write!(f, ": {cause}"))
    }
}
