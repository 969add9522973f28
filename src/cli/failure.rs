//! A failure of a command, with its words, codes and exit code.

use crate::model::exit_code::ExitCode;
use crate::model::fault::{Fault, FaultKind};
use crate::model::ids::ReleaseId;
use crate::model::illegal::Illegal;
use crate::model::refusal::Refusal;
use crate::ports::journal::JournalError;
use crate::report::codes::command::CommandCode;
use crate::report::verb::own_credentials;
use crate::report::words::Words;
use crate::report::{fault, illegal, refusal};
use crate::runtime::runner::RunError;
use crate::usecase::error::{Error, OwnAct};

/// A failure of the command itself: an exit code, a reason's code for programs, and for people a sentence, a cause and hints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    pub code: ExitCode,
    /// In kebab-case: a fault's or a refusal's code, or that of a `CommandCode`.
    pub reason: &'static str,
    pub sentence: String,
    pub cause: Option<String>,
    pub hints: Vec<String>,
}

impl Failure {
    fn new(code: ExitCode, Words { sentence, cause, hints }: Words) -> Failure {
        Failure { code, reason: coarse(code).code(), sentence, cause, hints }
    }

    /// The command or the file is wrong.
    pub fn wrong(words: Words) -> Failure {
        Failure::new(ExitCode::Usage, words)
    }

    /// Access or set-up is missing.
    pub fn access(words: Words) -> Failure {
        Failure::new(ExitCode::Access, words)
    }

    /// The state refuses, fails or is damaged; `release`: the one that this process worked on.
    pub fn of_state(error: &JournalError, release: Option<&ReleaseId>) -> Failure {
        let Words { sentence, cause, hints } = fault::state::words(error, release);
        let (code, reason) = match error {
            JournalError::NoSuchRelease(_) => (ExitCode::Usage, CommandCode::NoSuchRelease),
            JournalError::Held { .. } => (ExitCode::Locked, CommandCode::Held),
            JournalError::Frozen(_) => (ExitCode::Locked, CommandCode::Frozen),
            JournalError::LostLease { .. } => (ExitCode::Suspended, CommandCode::LeaseLost),
            JournalError::Corrupt(_) => (ExitCode::Access, CommandCode::Damaged),
            JournalError::Newer { .. } | JournalError::Older { .. } | JournalError::Unknown(_) => {
                (ExitCode::Access, CommandCode::OtherVersion)
            }
            JournalError::Imported(..) => (ExitCode::Usage, CommandCode::Imported),
            JournalError::Foreign(_) | JournalError::MadeElsewhere(_) => (ExitCode::Access, CommandCode::Foreign),
            JournalError::Conflict(_) => (ExitCode::Usage, CommandCode::Conflict),
            JournalError::Store(_) | JournalError::Busy { .. } | JournalError::Gone { .. } => {
                (ExitCode::Access, CommandCode::Unavailable)
            }
            JournalError::Remote(fault) => {
                return Failure { code: code_of(fault), reason: fault.code(), sentence, cause, hints };
            }
        };
        Failure { code, reason: reason.code(), sentence, cause, hints }
    }

    pub fn defect(words: Words) -> Failure {
        Failure::new(ExitCode::Defect, words)
    }

    /// One more instruction.
    fn hint(mut self, hint: String) -> Failure {
        self.hints.push(hint);
        self
    }
}

/// The code of a failure that has no closer one.
fn coarse(code: ExitCode) -> CommandCode {
    match code {
        ExitCode::Usage => CommandCode::Usage,
        ExitCode::Access => CommandCode::Access,
        ExitCode::Defect => CommandCode::Defect,
        ExitCode::Locked => CommandCode::Held,
        ExitCode::Suspended => CommandCode::LeaseLost,
        ExitCode::Done
        | ExitCode::BuildFailed
        | ExitCode::Blocked
        | ExitCode::Rejected
        | ExitCode::Expired
        | ExitCode::RolledBack
        | ExitCode::Superseded
        | ExitCode::Stuck
        | ExitCode::Aborted
        | ExitCode::Failed
        | ExitCode::StillRunning
        | ExitCode::Unknown => CommandCode::Unclear,
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        match error {
            Error::Refused(refusal) => (*refusal).into(),
            Error::Fault(fault) => fault.into(),
            Error::OwnCredentials { fault, account, to } => match fault.kind() {
                FaultKind::WrongAccount | FaultKind::CredentialsRefused => {
                    let hint = match to {
                        OwnAct::Answer => own_credentials::to_answer(&account, to.actions()),
                        OwnAct::StartPipeline => own_credentials::to_start(&account, to.actions()),
                    };
                    Failure::from(fault).hint(hint)
                }
                FaultKind::AccessDenied
                | FaultKind::Unreachable
                | FaultKind::Throttled
                | FaultKind::NotFound
                | FaultKind::Invalid
                | FaultKind::Ambiguous
                | FaultKind::BuildFailed
                | FaultKind::ToolMissing
                | FaultKind::Changed
                | FaultKind::Defect => fault.into(),
            },
            Error::Journal(error) => error.into(),
            Error::Illegal(illegal) => illegal.into(),
        }
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Failure {
        let Words { sentence, cause, hints } = refusal::words(&refusal);
        Failure { code: refusal.exit_code(), reason: refusal.code(), sentence, cause, hints }
    }
}

impl From<Illegal> for Failure {
    fn from(illegal: Illegal) -> Failure {
        let Words { sentence, cause, hints } = illegal::words(&illegal);
        Failure { code: ExitCode::Defect, reason: CommandCode::Defect.code(), sentence, cause, hints }
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Failure {
        let Words { sentence, cause, hints } = fault::words(&fault);
        Failure { code: code_of(&fault), reason: fault.code(), sentence, cause, hints }
    }
}

fn code_of(fault: &Fault) -> ExitCode {
    match fault.kind() {
        FaultKind::AccessDenied
        | FaultKind::CredentialsRefused
        | FaultKind::WrongAccount
        | FaultKind::NotFound
        | FaultKind::Invalid
        | FaultKind::ToolMissing => ExitCode::Access,
        FaultKind::BuildFailed => ExitCode::BuildFailed,
        FaultKind::Throttled | FaultKind::Unreachable | FaultKind::Ambiguous => ExitCode::Unknown,
        FaultKind::Changed => ExitCode::Usage,
        FaultKind::Defect => ExitCode::Defect,
    }
}

impl From<JournalError> for Failure {
    fn from(error: JournalError) -> Failure {
        Failure::of_state(&error, None)
    }
}

impl From<RunError> for Failure {
    fn from(error: RunError) -> Failure {
        match error {
            RunError::Journal(error) => error.into(),
            RunError::Illegal(illegal) => illegal.into(),
        }
    }
}
