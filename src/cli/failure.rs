//! What could not be done, in words, with its exit code.

use crate::model::exit_code::ExitCode;
use crate::model::fault::{Fault, FaultKind};
use crate::model::refusal::Refusal;
use crate::ports::journal::JournalError;
use crate::report::refusal::words;
use crate::report::words::Words;
use crate::runtime::runner::RunError;
use crate::usecase::error::{Error, OwnAct};

/// A failure of the command itself: a sentence, a cause, a hint, an exit code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    pub code: ExitCode,
    pub sentence: String,
    pub cause: Option<String>,
    pub hint: Option<String>,
}

impl Failure {
    fn new(code: ExitCode, sentence: impl Into<String>) -> Failure {
        Failure { code, sentence: sentence.into(), cause: None, hint: None }
    }

    /// The command or the file is wrong.
    pub fn wrong(sentence: impl Into<String>) -> Failure {
        Failure::new(ExitCode::Usage, sentence)
    }

    /// Access or set-up is missing.
    pub fn access(sentence: impl Into<String>) -> Failure {
        Failure::new(ExitCode::Access, sentence)
    }

    pub fn defect(sentence: impl Into<String>) -> Failure {
        Failure::new(ExitCode::Defect, sentence)
    }

    #[must_use]
    pub fn cause(mut self, cause: impl Into<String>) -> Failure {
        self.cause = Some(cause.into());
        self
    }

    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Failure {
        self.hint = Some(hint.into());
        self
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        match error {
            Error::Refused(refusal) => (*refusal).into(),
            Error::Fault(fault) => fault.into(),
            Error::OwnCredentials { fault, account, to } => match fault.kind() {
                FaultKind::WrongAccount | FaultKind::CredentialsRefused => {
                    let verb = match to {
                        OwnAct::Answer => "answer",
                        OwnAct::StartPipeline => "start it",
                    };
                    Failure::from(fault).hint(format!(
                        "{verb} with credentials of your own in account {account} that may call {} (AWS_PROFILE=…), or in \
                         CodePipeline's console",
                        to.actions()
                    ))
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
            Error::Defect(what) => Failure::defect(what),
        }
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Failure {
        let Words { sentence, cause, hints } = words(&refusal);
        let hint = (!hints.is_empty()).then(|| hints.join("\n"));
        Failure { code: refusal.exit_code(), sentence, cause, hint }
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Failure {
        let code = match fault.kind() {
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
        };
        Failure { code, sentence: fault.told_sentence(), cause: fault.told_cause(), hint: fault.told_hint() }
    }
}

impl From<JournalError> for Failure {
    fn from(error: JournalError) -> Failure {
        let (sentence, mend) = (error.to_string(), mend(&error));
        let failure = match error {
            JournalError::NoSuchRelease(_) => {
                Failure::new(ExitCode::Usage, sentence).hint("`kanmon history` lists the releases that are recorded here")
            }
            JournalError::Held { .. } => Failure::new(ExitCode::Locked, sentence).hint(
                "`kanmon status` shows how far it is; it gives the release up when it ends. If that process is gone, the lock runs \
                 out within a minute; `kanmon unlock` breaks it",
            ),
            JournalError::Frozen(_) => Failure::new(ExitCode::Locked, sentence).hint("`kanmon status` shows why and by whom"),
            JournalError::LostLease { .. } => Failure::new(ExitCode::Suspended, sentence)
                .cause("another process took over, or this one stood still for too long; it stopped before changing more")
                .hint("`kanmon status` shows who has it now"),
            JournalError::Corrupt(_) => Failure::new(ExitCode::Access, sentence)
                .cause("nothing is done on the word of a record that does not verify")
                .hint("restore the state folder from a backup, or start again with another `--state`"),
            JournalError::Newer { .. } | JournalError::Unknown(_) => Failure::new(ExitCode::Access, sentence)
                .cause("nothing is done with a record that is only half understood")
                .hint(format!("use the kanmon that wrote it, or a newer one; this is {}", env!("CARGO_PKG_VERSION"))),
            JournalError::Older { .. } => Failure::new(ExitCode::Access, sentence)
                .cause("the form of records was not stable then, and is never read again")
                .hint("move the state out of the way and make a new release: kanmon makes its own state"),
            JournalError::Imported(id, _) => Failure::new(ExitCode::Usage, sentence)
                .cause("an imported record is history: it can be read, and nothing is done on its word")
                .hint(format!("`kanmon history {id}` shows its story; work on a release where it is recorded, or make a new one")),
            JournalError::Foreign(_) => Failure::new(ExitCode::Access, sentence)
                .cause("who made it could have written any record into it")
                .hint("move it out of the way: kanmon makes its own; `--state` names another place"),
            JournalError::MadeElsewhere(dir) => Failure::new(ExitCode::Access, sentence)
                .cause(
                    "it was copied, came with the source, or was made by an earlier kanmon; who wrote it could have written any \
                     record into it",
                )
                .hint(format!(
                    "move it out of the way, and kanmon makes its own; where it is yours (copied, restored, or made by an earlier \
                     kanmon), name it once: `--state local:{dir}`"
                )),
            JournalError::Remote(fault) => fault.into(),
            JournalError::Store(_) | JournalError::Busy(_) | JournalError::Gone(_) => Failure::new(ExitCode::Access, sentence),
        };
        match mend {
            Some(mend) => failure.hint(format!("{mend} `kanmon resume`")),
            None => failure,
        }
    }
}

/// What to do about a state that cannot be written, up to the command that goes on then.
pub fn mend(error: &JournalError) -> Option<&'static str> {
    match error {
        JournalError::Store(_) => {
            Some("nothing is done before it is written down; free the disk or fix its permissions, then")
        }
        JournalError::Busy(_) => {
            Some("nothing is done before it is written down; find that process (`fuser` names it), let it end, then")
        }
        JournalError::Gone(_) => Some(
            "nothing more is done, for nobody would find what is written; what was begun may stand half done: \
             put the state folder back and",
        ),
        JournalError::Remote(fault) => fault
            .kind()
            .is_passing()
            .then_some("nothing is done before it is written down; when the table can be reached again,"),
        JournalError::NoSuchRelease(_)
        | JournalError::Held { .. }
        | JournalError::Frozen(_)
        | JournalError::LostLease { .. }
        | JournalError::Imported(..)
        | JournalError::Foreign(_)
        | JournalError::MadeElsewhere(_)
        | JournalError::Corrupt(_)
        | JournalError::Unknown(_)
        | JournalError::Newer { .. }
        | JournalError::Older { .. } => None,
    }
}

impl From<RunError> for Failure {
    fn from(error: RunError) -> Failure {
        match error {
            RunError::Journal(error) => error.into(),
            RunError::Illegal(illegal) => Failure::defect(illegal.to_string()),
        }
    }
}
