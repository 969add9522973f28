//! Where facts, messages and leases are kept. The lease check, the sequence number and the append are one transaction.

use std::collections::BTreeMap;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};

use crate::model::event::{Event, Fact};
pub use crate::model::fault::state::{Heartbeat, Imported, JournalError};
use crate::model::ids::{AppName, ReleaseId, StageName};
use crate::model::inbox::{Message, MessageBody};
use crate::model::ledger::{StageCommand, StageLedger};

/// The right to write one release's journal. `fence` grows with every holder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    pub release: ReleaseId,
    /// This process.
    pub holder: Holder,
    pub fence: u64,
}

/// A process that holds a lease: what it calls itself, for people and for comparing.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Holder {
    /// Random, one for each process.
    pub id: String,
    /// `user@host, pid N`.
    pub who: String,
    /// With its process id, shows on the same machine whether it is still running.
    pub host: String,
    pub pid: u32,
}

/// How long a lease lasts without being renewed: longer than a busy builder stalls, short enough to wait for.
pub const LEASE: SignedDuration = SignedDuration::from_secs(60);

/// A release in a listing, without its events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    pub release: ReleaseId,
    pub app: AppName,
    pub started_at: Timestamp,
    pub last_at: Timestamp,
    /// Who works on it now.
    pub held_by: Option<Holder>,
    /// Where it is another store's.
    pub imported: Option<Imported>,
}

/// An event as a store keeps it, beside its release's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The major version of the form it was written in.
    pub form: u32,
    pub seq: u64,
    /// RFC 3339; hashed as it stands here.
    pub at: String,
    /// The fact as canonical JSON, or a reference to the blob that holds it.
    pub payload: Vec<u8>,
    /// The hash of the row before; zeros for the first.
    pub prev: String,
    /// SHA-256 over form, release, number, time, the payload's SHA-256, and `prev`.
    pub hash: String,
}

/// A release's record, to be carried to another store: every row as it is, so that the chain of hashes stays the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    pub app: AppName,
    pub release: ReleaseId,
    pub rows: Vec<Row>,
    /// What the blobs hold that the rows name, by their names.
    pub blobs: BTreeMap<String, Vec<u8>>,
}

/// Times are arguments: a store has no clock.
#[async_trait]
pub trait Journal: Send + Sync {
    /// Records a new release's first event and takes its lease.
    async fn begin(
        &self,
        app: &AppName,
        release: &ReleaseId,
        first: Fact,
        holder: &Holder,
        now: Timestamp,
    ) -> Result<(Lease, Event), JournalError>;

    /// Takes the lease of a release: one that is free, one that a process of this machine held which has ended, or one that is still at
    /// the heartbeat `stale`, which the caller has seen unchanged for as long as a lease lasts.
    ///
    /// # Errors
    /// `Held` by a process that may live, with its heartbeat; `Imported`.
    async fn take(
        &self,
        release: &ReleaseId,
        holder: &Holder,
        stale: Option<Heartbeat>,
        now: Timestamp,
    ) -> Result<Lease, JournalError>;

    /// Renews the lease and those of all stages that it holds; answers which these are.
    async fn renew(&self, lease: &Lease, now: Timestamp) -> Result<Vec<StageName>, JournalError>;

    /// Gives up the lease and all stages it holds.
    async fn give_up(&self, lease: &Lease) -> Result<(), JournalError>;

    /// Ends a holder's lease and those of the stages it holds, and records that as a fact: one transaction. `None`: nobody holds it
    /// any more.
    ///
    /// # Errors
    /// `Held` where the holder is another than the one that was seen with this fence.
    async fn break_lease(
        &self,
        release: &ReleaseId,
        fence: u64,
        fact: Fact,
        now: Timestamp,
    ) -> Result<Option<Event>, JournalError>;

    /// Appends facts after event `after`, durably, and updates the ledgers of the stages that they speak of: one transaction. A
    /// message that a fact absorbs no longer waits.
    ///
    /// # Errors
    /// `LostLease` where the lease is not this one any more, `after` is not the last event, or a fact announces a change in a stage
    /// that this lease does not hold; `Frozen` where it announces one that a freeze forbids.
    async fn append(
        &self,
        lease: &Lease,
        after: u64,
        facts: &[Fact],
        now: Timestamp,
    ) -> Result<Vec<Event>, JournalError>;

    /// All events of a release, the chain of hashes checked.
    async fn read(&self, release: &ReleaseId) -> Result<Vec<Event>, JournalError>;

    /// All releases of an application, newest first.
    async fn list(&self, app: &AppName) -> Result<Vec<Listed>, JournalError>;

    /// Puts a message into a release's inbox.
    ///
    /// # Errors
    /// `Imported`: nobody will ever read it.
    async fn send(&self, release: &ReleaseId, body: MessageBody, now: Timestamp) -> Result<u64, JournalError>;

    /// The messages not yet absorbed, oldest first.
    async fn inbox(&self, release: &ReleaseId) -> Result<Vec<Message>, JournalError>;

    /// Takes a stage for a release, with a fence that grows with every holder; taking it twice is taking it once. `stale` as for
    /// `take`.
    ///
    /// # Errors
    /// `Held` by another release.
    async fn lock_stage(
        &self,
        app: &AppName,
        stage: &StageName,
        lease: &Lease,
        stale: Option<Heartbeat>,
        now: Timestamp,
    ) -> Result<u64, JournalError>;

    /// Gives a stage back.
    async fn unlock_stage(&self, app: &AppName, stage: &StageName, lease: &Lease) -> Result<(), JournalError>;

    async fn ledger(&self, app: &AppName, stage: &StageName) -> Result<StageLedger, JournalError>;

    /// Who has a stage, and its heartbeat.
    async fn holder(
        &self,
        app: &AppName,
        stage: &StageName,
    ) -> Result<Option<(ReleaseId, Holder, Heartbeat)>, JournalError>;

    /// Records a person's intervention in a stage in its ledger, and carries it out: one transaction. Answers the ledger after it.
    ///
    /// # Errors
    /// `Held` where a lock that is to be broken is no longer at the heartbeat that was seen.
    async fn intervene(
        &self,
        app: &AppName,
        stage: &StageName,
        command: &StageCommand,
        now: Timestamp,
    ) -> Result<StageLedger, JournalError>;

    /// A release's record as it is kept, checked like `read`. Its inbox and its lease are not part of it.
    async fn export(&self, release: &ReleaseId) -> Result<Record, JournalError>;

    /// Imports a record of another store, to be read: nobody takes its lease, and it changes no ledger. `false`: it was here already, with
    /// these events and perhaps more.
    ///
    /// # Errors
    /// `Corrupt` where the record does not verify, `Conflict` where other events are recorded here under its name.
    async fn import(&self, record: &Record, mark: &Imported) -> Result<bool, JournalError>;
}
