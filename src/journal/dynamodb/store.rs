//! The store behind the port.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use tokio::sync::Mutex;

use super::stage_item::StageItem;
use super::table::Table;
use super::{events, import, leases, messages};
use crate::aws::session::Sessions;
use crate::journal::lease::HasEnded;
use crate::journal::{codec, process};
use crate::model::event::{Event, Fact};
use crate::model::ids::{AppName, ReleaseId, StageName};
use crate::model::inbox::{Message, MessageBody};
use crate::model::ledger::{StageCommand, StageLedger};
use crate::model::pipeline::Account;
use crate::ports::journal::{Heartbeat, Holder, Imported, Journal, JournalError, Lease, Listed, Record};

/// The journal in a table, shared by any number of machines.
pub struct DynamoDbJournal {
    table: Table,
    has_ended: Arc<HasEnded>,
    /// A process's own changes come one after the other, so that they never meet in the table.
    turn: Mutex<()>,
}

impl DynamoDbJournal {
    /// The journal in this table of an account. Nothing is asked before it is used; a table that is not there is said to be so
    /// then, and never made.
    pub fn new(sessions: Arc<Sessions>, account: Account, table: String) -> DynamoDbJournal {
        DynamoDbJournal::with_ended(sessions, account, table, Arc::new(process::has_ended))
    }

    pub(super) fn with_ended(
        sessions: Arc<Sessions>,
        account: Account,
        table: String,
        has_ended: Arc<HasEnded>,
    ) -> DynamoDbJournal {
        DynamoDbJournal { table: Table::new(sessions, account, table), has_ended, turn: Mutex::new(()) }
    }
}

#[async_trait]
impl Journal for DynamoDbJournal {
    async fn begin(
        &self,
        app: &AppName,
        release: &ReleaseId,
        first: Fact,
        holder: &Holder,
        now: Timestamp,
    ) -> Result<(Lease, Event), JournalError> {
        let _turn = self.turn.lock().await;
        events::begin(&self.table, app, release, &first, holder, now, &*self.has_ended).await
    }

    async fn take(
        &self,
        release: &ReleaseId,
        holder: &Holder,
        stale: Option<Heartbeat>,
        now: Timestamp,
    ) -> Result<Lease, JournalError> {
        let _turn = self.turn.lock().await;
        leases::take(&self.table, release, holder, stale, now, &*self.has_ended).await
    }

    async fn renew(&self, lease: &Lease, now: Timestamp) -> Result<Vec<StageName>, JournalError> {
        let _turn = self.turn.lock().await;
        leases::renew(&self.table, lease, now).await
    }

    async fn give_up(&self, lease: &Lease) -> Result<(), JournalError> {
        let _turn = self.turn.lock().await;
        leases::give_up(&self.table, lease).await
    }

    async fn break_lease(
        &self,
        release: &ReleaseId,
        fence: u64,
        fact: Fact,
        now: Timestamp,
    ) -> Result<Option<Event>, JournalError> {
        let _turn = self.turn.lock().await;
        leases::break_lease(&self.table, release, fence, &fact, now).await
    }

    async fn append(
        &self,
        lease: &Lease,
        after: u64,
        facts: &[Fact],
        now: Timestamp,
    ) -> Result<Vec<Event>, JournalError> {
        let _turn = self.turn.lock().await;
        events::append(&self.table, lease, after, facts, now).await
    }

    async fn read(&self, release: &ReleaseId) -> Result<Vec<Event>, JournalError> {
        events::read(&self.table, release).await
    }

    async fn list(&self, app: &AppName) -> Result<Vec<Listed>, JournalError> {
        events::list(&self.table, app, &*self.has_ended).await
    }

    async fn send(&self, release: &ReleaseId, body: MessageBody, now: Timestamp) -> Result<u64, JournalError> {
        messages::send(&self.table, release, body, now).await
    }

    async fn inbox(&self, release: &ReleaseId) -> Result<Vec<Message>, JournalError> {
        messages::waiting(&self.table, release).await
    }

    async fn lock_stage(
        &self,
        app: &AppName,
        stage: &StageName,
        lease: &Lease,
        stale: Option<Heartbeat>,
        now: Timestamp,
    ) -> Result<u64, JournalError> {
        let _turn = self.turn.lock().await;
        leases::lock_stage(&self.table, app, stage, lease, stale, now, &*self.has_ended).await
    }

    async fn unlock_stage(&self, app: &AppName, stage: &StageName, lease: &Lease) -> Result<(), JournalError> {
        let _turn = self.turn.lock().await;
        leases::unlock_stage(&self.table, app, stage, lease).await
    }

    async fn ledger(&self, app: &AppName, stage: &StageName) -> Result<StageLedger, JournalError> {
        events::ledger(&self.table, app, stage).await
    }

    async fn holder(
        &self,
        app: &AppName,
        stage: &StageName,
    ) -> Result<Option<(ReleaseId, Holder, Heartbeat)>, JournalError> {
        Ok(StageItem::load(&self.table, app, stage).await?.lease.holder(&*self.has_ended))
    }

    async fn intervene(
        &self,
        app: &AppName,
        stage: &StageName,
        command: &StageCommand,
        now: Timestamp,
    ) -> Result<StageLedger, JournalError> {
        let _turn = self.turn.lock().await;
        leases::intervene(&self.table, app, stage, command, now).await
    }

    async fn export(&self, release: &ReleaseId) -> Result<Record, JournalError> {
        events::export(&self.table, release).await
    }

    async fn import(&self, record: &Record, mark: &Imported) -> Result<bool, JournalError> {
        let verified = codec::verify(record)?;
        import::import(&self.table, record, &verified, mark).await
    }
}
