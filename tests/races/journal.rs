//! The journal as a process uses it: the process may be paused or killed before and after every call, and what the store accepts is logged
//! at the same moment.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use kanmon::journal::MemoryJournal;
use kanmon::model::event::{Event, Fact};
use kanmon::model::ids::{AppName, ReleaseId, StageName};
use kanmon::model::inbox::{Message, MessageBody};
use kanmon::model::ledger::{StageCommand, StageLedger};
use kanmon::ports::journal::{Heartbeat, Holder, Imported, Journal, JournalError, Lease, Listed, Record};

use super::log::Entry;
use super::process::Process;

pub struct Watched {
    pub inner: MemoryJournal,
    pub process: Arc<Process>,
}

impl Watched {
    fn name(&self) -> String {
        self.process.holder.id.clone()
    }

    async fn answered<T>(&self, done: Result<T, JournalError>) -> Result<T, JournalError> {
        self.process.passes().await;
        match self.process.loses() {
            true => Err(crate::scenarios::simulation::killed()),
            false => done,
        }
    }
}

#[async_trait]
impl Journal for Watched {
    async fn begin(
        &self,
        app: &AppName,
        release: &ReleaseId,
        first: Fact,
        holder: &Holder,
        now: Timestamp,
    ) -> Result<(Lease, Event), JournalError> {
        let done = self.inner.begin(app, release, first, holder, now).await;
        if let Ok((lease, event)) = &done {
            let (process, release, fence) = (self.name(), release.clone(), lease.fence);
            self.process.log.put(Entry::Taken { process: process.clone(), release: release.clone(), fence });
            let facts = vec![event.fact.clone()];
            self.process.log.put(Entry::Accepted { process, release, fence, after: 0, facts });
        }
        done
    }

    async fn take(
        &self,
        release: &ReleaseId,
        holder: &Holder,
        stale: Option<Heartbeat>,
        now: Timestamp,
    ) -> Result<Lease, JournalError> {
        self.process.passes().await;
        let done = self.inner.take(release, holder, stale, now).await;
        if let Ok(lease) = &done {
            self.process.log.put(Entry::Taken { process: self.name(), release: release.clone(), fence: lease.fence });
        }
        self.answered(done).await
    }

    async fn renew(&self, lease: &Lease, now: Timestamp) -> Result<Vec<StageName>, JournalError> {
        self.process.passes().await;
        let done = self.inner.renew(lease, now).await;
        self.answered(done).await
    }

    async fn give_up(&self, lease: &Lease) -> Result<(), JournalError> {
        self.process.passes().await;
        let done = self.inner.give_up(lease).await;
        if done.is_ok() {
            self.process.log.put(Entry::GivenUp { release: lease.release.clone() });
        }
        done
    }

    async fn break_lease(
        &self,
        release: &ReleaseId,
        fence: u64,
        fact: Fact,
        now: Timestamp,
    ) -> Result<Option<Event>, JournalError> {
        self.process.passes().await;
        self.inner.break_lease(release, fence, fact, now).await
    }

    async fn append(
        &self,
        lease: &Lease,
        after: u64,
        facts: &[Fact],
        now: Timestamp,
    ) -> Result<Vec<Event>, JournalError> {
        self.process.passes().await;
        let done = self.inner.append(lease, after, facts, now).await;
        if done.is_ok() {
            self.process.log.put(Entry::Accepted {
                process: self.name(),
                release: lease.release.clone(),
                fence: lease.fence,
                after,
                facts: facts.to_vec(),
            });
        }
        self.answered(done).await
    }

    async fn read(&self, release: &ReleaseId) -> Result<Vec<Event>, JournalError> {
        self.inner.read(release).await
    }

    async fn list(&self, app: &AppName) -> Result<Vec<Listed>, JournalError> {
        self.inner.list(app).await
    }

    async fn send(&self, release: &ReleaseId, body: MessageBody, now: Timestamp) -> Result<u64, JournalError> {
        self.inner.send(release, body, now).await
    }

    async fn inbox(&self, release: &ReleaseId) -> Result<Vec<Message>, JournalError> {
        self.process.passes().await;
        self.inner.inbox(release).await
    }

    async fn lock_stage(
        &self,
        app: &AppName,
        stage: &StageName,
        lease: &Lease,
        stale: Option<Heartbeat>,
        now: Timestamp,
    ) -> Result<u64, JournalError> {
        self.process.passes().await;
        let done = self.inner.lock_stage(app, stage, lease, stale, now).await;
        if done.is_ok() {
            let (release, stage) = (lease.release.clone(), stage.clone());
            self.process.log.put(Entry::Locked { release, lease: lease.fence, stage });
        }
        self.answered(done).await
    }

    async fn unlock_stage(&self, app: &AppName, stage: &StageName, lease: &Lease) -> Result<(), JournalError> {
        self.process.passes().await;
        let done = self.inner.unlock_stage(app, stage, lease).await;
        if done.is_ok() {
            self.process.log.put(Entry::Freed { release: lease.release.clone(), stage: stage.clone() });
        }
        self.answered(done).await
    }

    async fn ledger(&self, app: &AppName, stage: &StageName) -> Result<StageLedger, JournalError> {
        self.inner.ledger(app, stage).await
    }

    async fn holder(
        &self,
        app: &AppName,
        stage: &StageName,
    ) -> Result<Option<(ReleaseId, Holder, Heartbeat)>, JournalError> {
        self.inner.holder(app, stage).await
    }

    async fn intervene(
        &self,
        app: &AppName,
        stage: &StageName,
        command: &StageCommand,
        now: Timestamp,
    ) -> Result<StageLedger, JournalError> {
        self.inner.intervene(app, stage, command, now).await
    }

    async fn export(&self, release: &ReleaseId) -> Result<Record, JournalError> {
        self.inner.export(release).await
    }

    async fn import(&self, record: &Record, mark: &Imported) -> Result<bool, JournalError> {
        self.inner.import(record, mark).await
    }
}
