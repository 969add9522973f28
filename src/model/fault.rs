//! Faults as data: a kind for decisions, a code with its values, and the other side's own words.

use serde::{Deserialize, Serialize};

/// Defines the problems of one subject: the enum, and of each its code (in the record and in JSON) and its kind.
macro_rules! problems {
    ($(#[$doc:meta])* $area:ident => $name:ident {
        $( $(#[$note:meta])* $variant:ident $({ $( $(#[$attribute:meta])* $field:ident: $type:ty ),* $(,)? })?
            = $code:literal, $kind:ident; )*
    }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        #[serde(tag = "code")]
        pub enum $name {
            $( $(#[$note])* #[serde(rename = $code)] $variant $({ $( $(#[$attribute])* $field: $type ),* })?, )*
        }

        impl $name {
            /// All codes, in the order of the variants.
            pub const CODES: &[&str] = &[$($code),*];

            pub fn code(&self) -> &'static str {
                match self {
                    $( $name::$variant { .. } => $code, )*
                }
            }

            /// What it means for what may be done next.
            pub fn kind(&self) -> $crate::model::fault::FaultKind {
                match self {
                    $( $name::$variant { .. } => $crate::model::fault::FaultKind::$kind, )*
                }
            }
        }

        impl From<$name> for $crate::model::fault::Problem {
            fn from(problem: $name) -> $crate::model::fault::Problem {
                $crate::model::fault::Problem::$area(problem)
            }
        }

        impl From<$name> for $crate::model::fault::Fault {
            fn from(problem: $name) -> $crate::model::fault::Fault {
                $crate::model::fault::Fault { problem: problem.into(), said: None }
            }
        }
    };
}

pub mod approval;
pub mod aws;
pub mod build;
pub mod call;
pub mod credentials;
pub mod file;
pub mod own;
pub mod registry;
pub mod service;
pub mod state;
pub mod task_definition;

use approval::ApprovalProblem;
use aws::AwsProblem;
use build::BuildProblem;
use call::CallProblem;
use credentials::CredentialsProblem;
use file::FileProblem;
use own::OwnProblem;
use registry::RegistryProblem;
use service::ServiceProblem;
use task_definition::TaskDefinitionProblem;

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
    /// The other side throttles; nothing happened.
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
    /// Whether the whole account cannot be read, and not only one service in it.
    pub fn is_of_the_account(self) -> bool {
        match self {
            FaultKind::CredentialsRefused
            | FaultKind::WrongAccount
            | FaultKind::AccessDenied
            | FaultKind::Unreachable
            | FaultKind::Throttled => true,
            FaultKind::NotFound
            | FaultKind::Invalid
            | FaultKind::Ambiguous
            | FaultKind::BuildFailed
            | FaultKind::ToolMissing
            | FaultKind::Changed
            | FaultKind::Defect => false,
        }
    }

    /// Whether the call may succeed later without any change: a read, or a write that is looked up first.
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

    /// Whether access is refused, or the credentials are not those that the file names.
    pub fn is_refused_access(self) -> bool {
        match self {
            FaultKind::AccessDenied | FaultKind::CredentialsRefused | FaultKind::WrongAccount => true,
            FaultKind::NotFound
            | FaultKind::Invalid
            | FaultKind::Throttled
            | FaultKind::Unreachable
            | FaultKind::Ambiguous
            | FaultKind::BuildFailed
            | FaultKind::ToolMissing
            | FaultKind::Changed
            | FaultKind::Defect => false,
        }
    }
}

/// A failure: what is wrong, as data, and the other side's own words. `report` writes the sentences.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    #[serde(flatten)]
    pub problem: Problem,
    /// The text of AWS, a registry, a program or the system. It may hold anything, so it is sanitized where it is printed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said: Option<String>,
}

/// What is wrong, by its subject.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "area", rename_all = "kebab-case")]
pub enum Problem {
    Call(CallProblem),
    Credentials(CredentialsProblem),
    Aws(AwsProblem),
    Approval(ApprovalProblem),
    Registry(RegistryProblem),
    Build(BuildProblem),
    File(FileProblem),
    Service(ServiceProblem),
    TaskDefinition(TaskDefinitionProblem),
    Own(OwnProblem),
    /// Several faults at once.
    Several {
        faults: Vec<Fault>,
    },
}

/// The code of several faults at once.
pub const SEVERAL: &str = "several-faults";

impl Problem {
    /// What it means for what may be done next. Of several, refused access counts first, because it hides the rest.
    pub fn kind(&self) -> FaultKind {
        match self {
            Problem::Call(problem) => problem.kind(),
            Problem::Credentials(problem) => problem.kind(),
            Problem::Aws(problem) => problem.kind(),
            Problem::Approval(problem) => problem.kind(),
            Problem::Registry(problem) => problem.kind(),
            Problem::Build(problem) => problem.kind(),
            Problem::File(problem) => problem.kind(),
            Problem::Service(problem) => problem.kind(),
            Problem::TaskDefinition(problem) => problem.kind(),
            Problem::Own(problem) => problem.kind(),
            Problem::Several { faults } => {
                let mut kinds = faults.iter().map(Fault::kind);
                let first = kinds.clone().next().unwrap_or(FaultKind::Defect);
                kinds.find(|kind| kind.is_refused_access()).unwrap_or(first)
            }
        }
    }

    pub fn code(&self) -> &'static str {
        match self {
            Problem::Call(problem) => problem.code(),
            Problem::Credentials(problem) => problem.code(),
            Problem::Aws(problem) => problem.code(),
            Problem::Approval(problem) => problem.code(),
            Problem::Registry(problem) => problem.code(),
            Problem::Build(problem) => problem.code(),
            Problem::File(problem) => problem.code(),
            Problem::Service(problem) => problem.code(),
            Problem::TaskDefinition(problem) => problem.code(),
            Problem::Own(problem) => problem.code(),
            Problem::Several { .. } => SEVERAL,
        }
    }

    /// Every code that there is, each once.
    pub fn codes() -> impl Iterator<Item = &'static str> {
        let all = [
            CallProblem::CODES,
            CredentialsProblem::CODES,
            AwsProblem::CODES,
            ApprovalProblem::CODES,
            RegistryProblem::CODES,
            BuildProblem::CODES,
            FileProblem::CODES,
            ServiceProblem::CODES,
            TaskDefinitionProblem::CODES,
            OwnProblem::CODES,
            &[SEVERAL],
        ];
        all.into_iter().flatten().copied()
    }
}

impl Fault {
    /// What it means for what may be done next.
    pub fn kind(&self) -> FaultKind {
        self.problem.kind()
    }

    /// Several faults as one.
    pub fn several(faults: Vec<Fault>) -> Fault {
        Fault { problem: Problem::Several { faults }, said: None }
    }

    pub fn code(&self) -> &'static str {
        self.problem.code()
    }

    /// Adds the other side's own words.
    #[must_use]
    pub fn said(mut self, words: impl Into<String>) -> Fault {
        self.said = Some(words.into());
        self
    }
}

impl std::error::Error for Fault {}

/// For logs: the code, and the other side's own words.
impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.code())?;
        self.said.as_ref().map_or(Ok(()), |said| write!(f, ": {said}"))
    }
}

#[cfg(test)]
pub mod samples;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_means_one_problem() {
        let mut seen = std::collections::BTreeSet::new();
        for code in Problem::codes() {
            assert!(seen.insert(code), "{code} has two meanings");
            assert!(code.chars().all(|c| c.is_ascii_lowercase() || c == '-'), "{code}");
        }
    }
}
