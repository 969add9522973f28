//! Who reads a message to a release.

/// Who has read it, or will.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadBy {
    /// The process that works on the release.
    Process,
    /// A process works on the release, and reads it before it enters the stage.
    ProcessSoon,
    /// The release is done; another build of its execution may continue.
    Execution,
    /// Nobody works on it; whoever resumes it reads it first.
    Resume,
    /// The release has ended, and whoever promotes it reads it first.
    Promote,
    /// The release has ended for good, so nobody reads it.
    Nobody,
}

impl ReadBy {
    /// For programs.
    pub fn word(self) -> &'static str {
        match self {
            ReadBy::Process => "yes",
            ReadBy::ProcessSoon => "soon",
            ReadBy::Execution => "by-execution",
            ReadBy::Resume => "by-resume",
            ReadBy::Promote => "by-promote",
            ReadBy::Nobody => "by-nobody",
        }
    }
}
