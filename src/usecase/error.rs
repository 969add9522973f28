//! Why a use case failed.

use crate::model::fault::Fault;
use crate::model::fault::own::{Lack, OwnProblem};
use crate::model::ids::AccountId;
use crate::model::illegal::Illegal;
use crate::model::refusal::{AnswerRefusal, ExecutionRefusal, Refusal};
use crate::ports::journal::JournalError;

#[derive(Debug, Clone)]
pub enum Error {
    /// kanmon refuses it.
    Refused(Box<Refusal>),
    /// A call failed.
    Fault(Fault),
    /// A call failed that a person makes with their own credentials.
    OwnCredentials { fault: Fault, account: AccountId, to: OwnAct },
    /// The state cannot be read or written, or another process has the lease.
    Journal(JournalError),
    /// kanmon's own facts contradict each other.
    Illegal(Illegal),
}

/// What a person does with their own credentials, never through a role of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OwnAct {
    /// Decides in a manual approval action.
    Answer,
    /// Starts a pipeline.
    StartPipeline,
}

impl OwnAct {
    /// The IAM actions that it needs.
    pub fn actions(self) -> &'static [&'static str] {
        match self {
            OwnAct::Answer => &[
                "codepipeline:GetPipelineState",
                "codepipeline:GetPipelineExecution",
                "codepipeline:ListActionExecutions",
                "codepipeline:PutApprovalResult",
            ],
            OwnAct::StartPipeline => &["codepipeline:StartPipelineExecution", "codepipeline:GetPipelineExecution"],
        }
    }
}

impl Error {
    /// The release lacks something that it must have.
    pub fn inconsistent(lacks: Lack) -> Error {
        Error::Fault(OwnProblem::Inconsistent { lacks }.into())
    }

    /// The refusal, where it is one.
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Error::Refused(refusal) => Some(refusal),
            Error::Fault(_) | Error::OwnCredentials { .. } | Error::Journal(_) | Error::Illegal(_) => None,
        }
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Error {
        Error::Refused(Box::new(refusal))
    }
}

impl From<ExecutionRefusal> for Error {
    fn from(refusal: ExecutionRefusal) -> Error {
        Refusal::Execution(refusal).into()
    }
}

impl From<AnswerRefusal> for Error {
    fn from(refusal: AnswerRefusal) -> Error {
        Refusal::Answer(refusal).into()
    }
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Error {
        Error::Fault(fault)
    }
}

impl From<JournalError> for Error {
    fn from(error: JournalError) -> Error {
        Error::Journal(error)
    }
}
