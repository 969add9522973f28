//! Faults of a journal store, as data: what it cannot do, or finds damaged. `report` writes the sentences.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Fault;
use crate::model::ids::{AppName, ReleaseId, StageName};
use crate::model::illegal::Illegal;

/// Why an operation of a store failed.
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
        /// When it was last renewed, by its holder's clock: shown to people, never a reason to take the lease.
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
    /// Not damaged by its hashes, but this kanmon cannot read it.
    Unknown(UnknownContent),
    /// In the format of a later kanmon; `known` is the newest that this one reads.
    Newer {
        found: u32,
        known: u32,
    },
    /// In a format that no released kanmon ever wrote; `known` is the oldest that this one reads.
    Older {
        found: u32,
        known: u32,
    },
    Store(StoreProblem),
    /// Another record with the release's name exists.
    Conflict(Conflict),
    /// Another process has kept the file locked for longer than any write takes.
    Busy {
        file: String,
        seconds: u64,
    },
    /// The open file was removed or replaced, so what is written would be lost.
    Gone {
        file: String,
    },
    /// It was imported from a file: it can be read, but not continued.
    Imported(ReleaseId, Imported),
    /// Somebody else made or changed the state.
    Foreign(ForeignState),
    /// The state folder was created on another machine or path.
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

/// Shows that a holder is alive: the fence grows with every holder, the beat with every renewal. If a process sees the same heartbeat for
/// longer than a lease lasts, by its own clock, the lease has expired; no two clocks are compared.
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
    /// What is stored of a release besides its events.
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
    /// The event has another number.
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
    /// The format version is 0, which never existed.
    NoFormat,
    /// A message is stored under another message's id.
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
        illegal: Box<Illegal>,
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
    /// SQLite's journal mode is not safe with several processes.
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
    /// A value that cannot be encoded, or a request that cannot be built: a defect.
    NotEncodable {
        error: String,
    },
    TooManyEvents {
        count: usize,
    },
    TooManyItems {
        count: usize,
    },
    /// A fact absorbs a message that is not in the inbox.
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
    /// The imported record has events up to `record`; here are events up to `here`.
    Shorter {
        release: ReleaseId,
        here: u64,
        record: u64,
    },
    /// An import of other events was started here but not finished.
    UnfinishedImport {
        release: ReleaseId,
    },
}

/// How the state shows that somebody else made or changed it.
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
