//! What could not be done, in words, with its exit code.

use crate::model::exit_code::ExitCode;
use crate::model::fault::{Fault, FaultKind};
use crate::model::refusal::Refusal;
use crate::ports::journal::JournalError;
use crate::report::words::Words;
use crate::report::{fault, refusal};
use crate::runtime::runner::RunError;
use crate::usecase::error::{Error, OwnAct};

/// A failure of the command itself: an exit code, a reason's code for programs, and for people a sentence, a cause and hints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    pub code: ExitCode,
    /// In kebab-case: a fault's code, or one of `report::fault::codes::OF_COMMANDS`.
    pub reason: &'static str,
    pub sentence: String,
    pub cause: Option<String>,
    pub hints: Vec<String>,
}

const USAGE: &str = "usage";
const ACCESS: &str = "access";
const DEFECT: &str = "defect";
const UNCLEAR: &str = "unclear";
const NO_SUCH_RELEASE: &str = "no-such-release";
const HELD: &str = "release-held";
const FROZEN: &str = "stage-frozen";
const LEASE_LOST: &str = "lease-lost";
const DAMAGED: &str = "record-damaged";
const NEWER: &str = "record-of-another-version";
const IMPORTED: &str = "record-imported";
const FOREIGN: &str = "state-foreign";
const UNAVAILABLE: &str = "state-unavailable";

impl Failure {
    fn new(code: ExitCode, sentence: impl Into<String>) -> Failure {
        Failure { code, reason: coarse(code), sentence: sentence.into(), cause: None, hints: Vec::new() }
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

    /// One instruction.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Failure {
        self.hints.push(hint.into());
        self
    }

    fn reason(mut self, reason: &'static str) -> Failure {
        self.reason = reason;
        self
    }
}

/// The code of a failure that has no closer one.
fn coarse(code: ExitCode) -> &'static str {
    match code {
        ExitCode::Usage => USAGE,
        ExitCode::Access => ACCESS,
        ExitCode::Defect => DEFECT,
        ExitCode::Locked => HELD,
        ExitCode::Suspended => LEASE_LOST,
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
        | ExitCode::Unknown => UNCLEAR,
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
        let Words { sentence, cause, hints } = refusal::words(&refusal);
        let code = refusal.exit_code();
        Failure { code, reason: coarse(code), sentence, cause, hints }
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
        let Words { sentence, cause, hints } = fault::words(&fault);
        Failure { code, reason: fault.code(), sentence, cause, hints }
    }
}

impl From<JournalError> for Failure {
    fn from(error: JournalError) -> Failure {
        let (sentence, mend, reason) = (error.to_string(), mend(&error), reason(&error));
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
        let failure = match reason {
            Some(reason) => failure.reason(reason),
            None => failure,
        };
        match mend {
            Some(mend) => failure.hint(format!("{mend} `kanmon resume`")),
            None => failure,
        }
    }
}

/// The code of a store's error; `None`: a fault's own.
fn reason(error: &JournalError) -> Option<&'static str> {
    match error {
        JournalError::NoSuchRelease(_) => Some(NO_SUCH_RELEASE),
        JournalError::Held { .. } => Some(HELD),
        JournalError::Frozen(_) => Some(FROZEN),
        JournalError::LostLease { .. } => Some(LEASE_LOST),
        JournalError::Corrupt(_) => Some(DAMAGED),
        JournalError::Newer { .. } | JournalError::Older { .. } | JournalError::Unknown(_) => Some(NEWER),
        JournalError::Imported(..) => Some(IMPORTED),
        JournalError::Foreign(_) | JournalError::MadeElsewhere(_) => Some(FOREIGN),
        JournalError::Store(_) | JournalError::Busy(_) | JournalError::Gone(_) => Some(UNAVAILABLE),
        JournalError::Remote(_) => None,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fault::codes::OF_COMMANDS;

    #[test]
    fn every_reason_has_its_meaning() {
        let all = [
            USAGE,
            ACCESS,
            DEFECT,
            UNCLEAR,
            NO_SUCH_RELEASE,
            HELD,
            FROZEN,
            LEASE_LOST,
            DAMAGED,
            NEWER,
            IMPORTED,
            FOREIGN,
            UNAVAILABLE,
        ];
        assert_eq!(OF_COMMANDS.iter().map(|(code, _)| *code).collect::<Vec<_>>(), all);
    }
}
