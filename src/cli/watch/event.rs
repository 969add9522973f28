//! What happens to the screen, and what it asks for.

use std::sync::Arc;

use jiff::Timestamp;

use crate::model::approval::{Answer, ApprovalRequest};
use crate::model::ids::{ReleaseId, StageName};
use crate::ports::journal::JournalError;
use crate::report::text::Text;
use crate::report::words::Words;
use crate::usecase::answer::Decision;
use crate::usecase::watch::live::{LiveService, Place};
use crate::usecase::watch::record::Snapshot;

/// Something that happened.
pub enum Event {
    Key(Key),
    /// Pasted text: never keys, which would decide something.
    Paste(String),
    Resized,
    /// A second has passed.
    Tick(Timestamp),
    Record(Arc<Snapshot>),
    RecordFailed(JournalError),
    Live(Place, LiveService),
    /// A request was read, to be decided.
    Opened {
        release: ReleaseId,
        stage: StageName,
        opened: Box<Result<Sheet, Words>>,
    },
    /// An answer was sent: what to print, or why it was not given.
    Answered(Result<String, Words>),
    /// Something to know, from a use case.
    Notice(String),
    /// The screen was drawn: what of its body a person can see now.
    Drawn(Drawn),
    /// The process was stopped, and continues: the shell may have used the terminal.
    Continued,
    /// The process was asked to end, or its terminal is gone.
    Ended,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    Up,
    Down,
    PageUp,
    PageDown,
    Home,
    End,
    Enter,
    /// Escape.
    Back,
    /// Backspace.
    Delete,
    Char(char),
    /// Ctrl-C.
    Interrupt,
    /// Ctrl-Z.
    Suspend,
    /// Ctrl-L.
    Redraw,
}

/// The body as it was drawn, in rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Drawn {
    /// The first row that was shown.
    pub first: usize,
    /// How many were shown.
    pub rows: usize,
    /// How many there are.
    pub total: usize,
}

impl Drawn {
    /// The rows below the last one that was shown.
    pub fn below(self) -> usize {
        self.total.saturating_sub(self.first + self.rows)
    }
}

/// A request for approval with the text that is decided about.
pub struct Sheet {
    pub text: Text,
    pub stage: StageName,
    pub request: ApprovalRequest,
    /// Why the caller's approval would not count, if it would not.
    pub refusal: Option<Words>,
}

/// What the loop has to do.
#[derive(Debug)]
pub enum Command {
    Quit,
    /// Leave the terminal to the shell, until the process continues.
    Suspend,
    /// Take the terminal again.
    Retake,
    /// Draw every cell.
    Redraw,
    /// Read a request to decide it.
    Open {
        release: ReleaseId,
        stage: StageName,
    },
    Answer {
        release: ReleaseId,
        answer: Answer,
        decision: Decision,
    },
}
