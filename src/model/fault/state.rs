//! What a store of journals cannot do, or finds damaged, as data. `report` writes the sentences.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Fault;
use crate::model::ids::{AppName, ReleaseId, StageName};

/// Why a store did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum JournalError {
    NoSuchRelease(ReleaseId),
    /// Another process has the lease.
    Held {
        what: Leased,
        /// `user@host, pid N`.
        holder: String,
        /// The release that the holder works on, where a stage is held.
        holder_release: Option<ReleaseId>,
        heartbeat: Heartbeat,
        /// When it was last renewed, by its holder's clock: for people, and never a reason to take it.
        renewed_at: Timestamp,
    },
    /// A frozen stage is not entered and not changed, except by a rollback.
    Frozen(StageName),
    /// This process's lease expired or was broken: it must not write any more.
    LostLease {
        what: Leased,
        /// Where somebody else has appended: the number of the last event as this process knows it, and as it is.
        last_event: Option<(u64, u64)>,
    },
    /// What is stored is not what was written.
    Corrupt(Damage),
    /// Whole by its hashes, but this kanmon cannot read it.
    Unknown(UnknownContent),
    /// In the format of a later kanmon; `known` is the newest that this one reads.
    Newer {
        found: u32,
        known: u32,
    },
    /// In a format that no released kanmon ever wrote.
    Older {
        found: u32,
        known: u32,
    },
    Store(StoreProblem),
    /// Something else is recorded under the release's name.
    Conflict(Conflict),
    /// Another process has kept the file locked for longer than any write takes.
    Busy {
        file: String,
        seconds: u64,
    },
    /// The file that was opened was removed or replaced, so that nobody would find what is written.
    Gone {
        file: String,
    },
    /// It was imported from a file: it can be read, and nothing is done because of it.
    Imported(ReleaseId, Imported),
    /// The state was not made by this user's kanmon.
    Foreign(ForeignState),
    /// The folder was made elsewhere and came here with all that is recorded in it.
    MadeElsewhere(String),
    /// The service that keeps the state refused the call, or did not answer.
    Remote(Fault),
}

/// What a process can have the lease of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Leased {
    Release(ReleaseId),
    Stage(StageName),
}

/// What shows that a holder is alive: the fence grows with every holder, the beat with every renewal. Whoever has seen the same heartbeat
/// for longer than a lease lasts, by a clock of their own, knows that it has expired; no two clocks are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heartbeat {
    pub fence: u64,
    pub beat: u64,
}

/// That a record was imported from a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Imported {
    pub at: Timestamp,
    /// `user@host, pid N`, as the process that did it calls itself.
    pub by: String,
}

/// A part of the record, and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Damage {
    pub part: Part,
    pub flaw: Flaw,
}

/// A part of what a store keeps, or of an exported file. Names that may be damaged themselves are strings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    Event {
        release: ReleaseId,
        seq: u64,
    },
    Events {
        release: ReleaseId,
    },
    /// What is stored of a release beside its events.
    Release {
        release: String,
    },
    StageLease {
        stage: String,
    },
    StageLedger {
        stage: String,
    },
    Message {
        release: ReleaseId,
        id: u64,
    },
    Inbox {
        release: ReleaseId,
    },
    ReleaseList {
        app: Option<AppName>,
    },
    Blob {
        name: String,
    },
    /// SQLite's file; the path where it is known.
    Database {
        file: Option<String>,
    },
    /// An exported file.
    File,
    FileLine {
        line: u64,
    },
}

/// How a part differs from what was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Flaw {
    HashMismatch,
    Missing,
    Unreadable {
        error: String,
    },
    /// An event stands where another one should be.
    Misplaced {
        expected: u64,
    },
    /// An event does not name the hash of the event before it.
    NotLinked,
    /// The events end with `found`; the release's row says `expected`.
    WrongEnd {
        found: u64,
        expected: u64,
    },
    Empty,
    /// The release's row names another application than its events.
    OtherApp {
        stored: AppName,
        events: AppName,
    },
    /// The blob that holds an event is damaged.
    Blob {
        flaw: BlobFlaw,
    },
    /// The format version is 0, which none ever was.
    NoFormat,
    /// A message is stored in the place of another.
    OtherMessage,
    /// A ledger is an older one than the stage's row names.
    Outdated,
    /// A ledger is missing, although this release entered the stage.
    MissingAfter {
        release: ReleaseId,
    },
    /// A ledger is there, but the stage's own row is missing.
    Unpaired,
    /// The events absorb other messages than the release's row says.
    Absorbed {
        found: String,
        stored: String,
    },
    /// A database, but not one of kanmon's.
    NotKanmons,
    /// The events contradict each other.
    Inconsistent {
        error: String,
    },
    /// Longer than this many MiB.
    TooLarge {
        mib: u64,
    },
    /// An exported file has fewer or more events than its first line says.
    EventCount {
        found: u64,
        expected: u64,
    },
    /// Not a file that `kanmon export` wrote; of this kind, where it names one.
    NotAnExport {
        kind: Option<String>,
        error: Option<String>,
    },
    NotUtf8,
}

/// How a large payload, which is stored in chunks, differs from what was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BlobFlaw {
    Chunks { name: String, found: usize, expected: u32 },
    NotUnpackable { name: String, error: String },
    HashMismatch { name: String },
}

/// What a later kanmon, or one that was never released, wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnknownContent {
    pub part: Part,
    pub why: UnknownWhy,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UnknownWhy {
    /// A fact of a kind that this kanmon does not know.
    Kind { kind: String },
    /// A fact of a known kind, or another value, with other members.
    Members { kind: Option<String>, error: String },
    /// A file of a version that no released kanmon has written.
    Version { version: u32 },
}

/// Why the state cannot be read or written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StoreProblem {
    /// The file, its folder or its file system is read-only.
    ReadOnly {
        file: String,
    },
    DiskFull {
        file: String,
    },
    CannotOpen {
        file: String,
        error: String,
    },
    Failed {
        file: String,
        error: String,
    },
    /// SQLite keeps its log in a way that is not safe with several processes.
    NoWriteAheadLog {
        mode: String,
    },
    EmptyFile {
        file: String,
    },
    NoThread {
        error: String,
    },
    ThreadEnded {
        file: String,
    },
    /// A value that has no JSON, or a request that cannot be built: a defect.
    NotEncodable {
        error: String,
    },
    TooManyEvents {
        count: usize,
    },
    TooManyItems {
        count: usize,
    },
    /// A fact absorbs a message that does not wait.
    NotWaiting {
        release: ReleaseId,
        message: u64,
    },
}

/// How what is recorded here differs from what was to be recorded under the same name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Conflict {
    Recorded {
        release: ReleaseId,
    },
    OtherApp {
        release: ReleaseId,
        app: AppName,
    },
    OtherEvent {
        release: ReleaseId,
        seq: u64,
    },
    /// The record that is imported goes on to `record`; here are events up to `here`.
    Shorter {
        release: ReleaseId,
        here: u64,
        record: u64,
    },
    /// An import of other events was begun here and not finished.
    UnfinishedImport {
        release: ReleaseId,
    },
}

/// What shows that somebody else made or changed the state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ForeignState {
    SymbolicLink {
        path: String,
    },
    OtherOwner {
        path: String,
        owner: u32,
        user: u32,
    },
    /// A table, index, trigger or view that is not as kanmon makes it.
    Altered {
        kind: String,
        name: String,
    },
    Extra {
        kind: String,
        name: String,
    },
    ObjectMissing {
        name: String,
    },
}

/// A file or folder of the state that other users of this machine could open, and what was done about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exposure {
    pub path: String,
    /// The permissions as they were found.
    pub mode: u32,
    pub outcome: ExposureOutcome,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ExposureOutcome {
    Closed,
    NotClosed {
        error: String,
    },
    /// A folder that a person named, which may be open on purpose.
    Left,
}

impl std::error::Error for JournalError {}

/// For logs and panics; people read what `report` writes.
impl std::fmt::Display for JournalError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self:?}")
    }
}

impl Part {
    /// What is wrong with this part.
    pub fn is(self, flaw: Flaw) -> JournalError {
        JournalError::Corrupt(Damage { part: self, flaw })
    }
}
