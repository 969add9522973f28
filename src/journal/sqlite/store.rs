//! The store: its own thread has the connection, and every call is one transaction on it.

use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;

use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::{Transaction, TransactionBehavior};
use tokio::sync::oneshot;

use super::error::{Failure, read_only};
use super::open::{self, Opened, Trust};
use super::stage_row::StageRow;
use super::{events, inbox, leases, state_location};
use crate::journal::lease::HasEnded;
use crate::journal::{codec, process};
use crate::model::event::{Event, Fact};
use crate::model::fault::state::{Exposure, StoreProblem};
use crate::model::ids::{AppName, ReleaseId, StageName};
use crate::model::inbox::{Message, MessageBody};
use crate::model::ledger::{StageCommand, StageLedger};
use crate::ports::journal::{Heartbeat, Holder, Imported, Journal, JournalError, Lease, Listed, Record};

type Job = Box<dyn FnOnce(&mut Opened) + Send>;

/// The journal in a folder, shared by the processes of this machine. A call is carried out even if nobody waits for its answer any more.
pub struct SqliteJournal {
    /// `None` only while it is dropped.
    jobs: Option<mpsc::Sender<Job>>,
    thread: Option<JoinHandle<()>>,
    file: PathBuf,
    writable: bool,
    exposed: Vec<Exposure>,
    has_ended: Arc<HasEnded>,
}

impl SqliteJournal {
    /// Opens the journal in `dir`, and makes the folder (mode 0700, with a `.gitignore` that keeps it out of commits) and the
    /// file (0600) where they are not there. Where they cannot be written, what is there can still be read.
    ///
    /// # Errors
    /// `Newer` for a file of a later kanmon, `Corrupt` for one that is not a journal, `Foreign` where somebody else made or replaced it,
    /// `Store` where it cannot be opened or created.
    pub fn open(dir: &Path) -> Result<SqliteJournal, JournalError> {
        SqliteJournal::start(open::open(dir, Trust::Named)?, Arc::new(process::has_ended))
    }

    /// The same for a folder that no person named.
    ///
    /// # Errors
    /// `MadeElsewhere` where there are records and the folder was not made where it is.
    pub fn open_made_here(dir: &Path) -> Result<SqliteJournal, JournalError> {
        SqliteJournal::start(open::open(dir, Trust::MadeHere)?, Arc::new(process::has_ended))
    }

    /// Lets a folder count as made here from now on. Where it cannot be written, it has to be named each time.
    pub fn adopt(dir: &Path) {
        let _ = state_location::mark(dir);
    }

    pub(super) fn start(opened: Opened, has_ended: Arc<HasEnded>) -> Result<SqliteJournal, JournalError> {
        let (jobs, work) = mpsc::channel::<Job>();
        let (file, writable, exposed) = (opened.file.clone(), opened.writable, opened.exposed.clone());
        let run = move || {
            let mut opened = opened;
            while let Ok(job) = work.recv() {
                job(&mut opened);
            }
        };
        let thread = std::thread::Builder::new()
            .name("journal".into())
            .spawn(run)
            .map_err(|e| JournalError::Store(StoreProblem::NoThread { error: e.to_string() }))?;
        Ok(SqliteJournal { jobs: Some(jobs), thread: Some(thread), file, writable, exposed, has_ended })
    }

    /// What of it was found open to other users of this machine.
    pub fn exposed(&self) -> &[Exposure] {
        &self.exposed
    }

    /// Whether it can be written.
    pub fn is_writable(&self) -> bool {
        self.writable
    }

    pub(super) async fn call<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Opened) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, JournalError> {
        let ended = || JournalError::Store(StoreProblem::ThreadEnded { file: self.file.display().to_string() });
        let (answer, answered) = oneshot::channel();
        let job = Box::new(move |opened: &mut Opened| {
            let done = work(opened).map_err(|e| e.about(&opened.file));
            // Looked at afterwards: what was there before may be gone by now.
            let done = opened.files.check().and(done);
            // Nobody may be waiting any more; the change stays.
            let _ = answer.send(done);
        });
        self.jobs.as_ref().ok_or_else(ended)?.send(job).map_err(|_| ended())?;
        answered.await.map_err(|_| ended())?
    }

    async fn read_tx<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, JournalError> {
        self.call(|opened| work(&opened.db.transaction()?)).await
    }

    async fn write_tx<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, JournalError> {
        if !self.writable {
            return Err(read_only(&self.file));
        }
        self.call(|opened| {
            let tx = opened.db.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let done = work(&tx)?;
            tx.commit()?;
            Ok(done)
        })
        .await
    }
}

impl Drop for SqliteJournal {
    /// Waits for the calls that were made: a process that ends must not leave an append half done.
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

#[async_trait]
impl Journal for SqliteJournal {
    async fn begin(
        &self,
        app: &AppName,
        release: &ReleaseId,
        first: Fact,
        holder: &Holder,
        now: Timestamp,
    ) -> Result<(Lease, Event), JournalError> {
        let (app, release, holder, has_ended) = (app.clone(), release.clone(), holder.clone(), self.has_ended.clone());
        self.write_tx(move |tx| events::begin(tx, &app, &release, &first, &holder, now, &*has_ended)).await
    }

    async fn take(
        &self,
        release: &ReleaseId,
        holder: &Holder,
        stale: Option<Heartbeat>,
        now: Timestamp,
    ) -> Result<Lease, JournalError> {
        let (release, holder, has_ended) = (release.clone(), holder.clone(), self.has_ended.clone());
        self.write_tx(move |tx| leases::take(tx, &release, &holder, stale, now, &*has_ended)).await
    }

    async fn renew(&self, lease: &Lease, now: Timestamp) -> Result<Vec<StageName>, JournalError> {
        let lease = lease.clone();
        self.write_tx(move |tx| leases::renew(tx, &lease, now)).await
    }

    async fn give_up(&self, lease: &Lease) -> Result<(), JournalError> {
        let lease = lease.clone();
        self.write_tx(move |tx| leases::give_up(tx, &lease)).await
    }

    async fn break_lease(
        &self,
        release: &ReleaseId,
        fence: u64,
        fact: Fact,
        now: Timestamp,
    ) -> Result<Option<Event>, JournalError> {
        let release = release.clone();
        self.write_tx(move |tx| events::break_lease(tx, &release, fence, &fact, now)).await
    }

    async fn append(
        &self,
        lease: &Lease,
        after: u64,
        facts: &[Fact],
        now: Timestamp,
    ) -> Result<Vec<Event>, JournalError> {
        let (lease, facts) = (lease.clone(), facts.to_vec());
        self.write_tx(move |tx| events::append(tx, &lease, after, &facts, now)).await
    }

    async fn read(&self, release: &ReleaseId) -> Result<Vec<Event>, JournalError> {
        let release = release.clone();
        self.read_tx(move |tx| events::read(tx, &release)).await
    }

    async fn list(&self, app: &AppName) -> Result<Vec<Listed>, JournalError> {
        let (app, has_ended) = (app.clone(), self.has_ended.clone());
        self.read_tx(move |tx| events::list(tx, &app, &*has_ended)).await
    }

    async fn send(&self, release: &ReleaseId, body: MessageBody, now: Timestamp) -> Result<u64, JournalError> {
        let release = release.clone();
        self.write_tx(move |tx| inbox::send(tx, &release, body, now)).await
    }

    async fn inbox(&self, release: &ReleaseId) -> Result<Vec<Message>, JournalError> {
        let release = release.clone();
        self.read_tx(move |tx| inbox::waiting(tx, &release)).await
    }

    async fn lock_stage(
        &self,
        app: &AppName,
        stage: &StageName,
        lease: &Lease,
        stale: Option<Heartbeat>,
        now: Timestamp,
    ) -> Result<u64, JournalError> {
        let (app, stage, lease, has_ended) = (app.clone(), stage.clone(), lease.clone(), self.has_ended.clone());
        self.write_tx(move |tx| leases::lock_stage(tx, &app, &stage, &lease, stale, now, &*has_ended)).await
    }

    async fn unlock_stage(&self, app: &AppName, stage: &StageName, lease: &Lease) -> Result<(), JournalError> {
        let (app, stage, lease) = (app.clone(), stage.clone(), lease.clone());
        self.write_tx(move |tx| leases::unlock_stage(tx, &app, &stage, &lease)).await
    }

    async fn ledger(&self, app: &AppName, stage: &StageName) -> Result<StageLedger, JournalError> {
        let (app, stage) = (app.clone(), stage.clone());
        self.read_tx(move |tx| Ok(StageRow::load(tx, &app, &stage)?.ledger)).await
    }

    async fn holder(
        &self,
        app: &AppName,
        stage: &StageName,
    ) -> Result<Option<(ReleaseId, Holder, Heartbeat)>, JournalError> {
        let (app, stage, has_ended) = (app.clone(), stage.clone(), self.has_ended.clone());
        self.read_tx(move |tx| Ok(StageRow::load(tx, &app, &stage)?.lease.holder(&*has_ended))).await
    }

    async fn intervene(
        &self,
        app: &AppName,
        stage: &StageName,
        command: &StageCommand,
        now: Timestamp,
    ) -> Result<StageLedger, JournalError> {
        let (app, stage, command) = (app.clone(), stage.clone(), command.clone());
        self.write_tx(move |tx| leases::intervene(tx, &app, &stage, &command, now)).await
    }

    async fn export(&self, release: &ReleaseId) -> Result<Record, JournalError> {
        let release = release.clone();
        self.read_tx(move |tx| events::export(tx, &release)).await
    }

    async fn import(&self, record: &Record, mark: &Imported) -> Result<bool, JournalError> {
        let (record, verified, mark) = (record.clone(), codec::verify(record)?, mark.clone());
        self.write_tx(move |tx| events::import(tx, &record, &verified, &mark)).await
    }
}
