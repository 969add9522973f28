//! The journal in memory: the same rows, rules and checks as on disk, and a hook around every append.

mod state;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use jiff::Timestamp;

use self::state::State;
use super::codec;
use super::lease::{self, HasEnded};
use crate::model::event::{Event, Fact};
use crate::model::ids::{AppName, ReleaseId, StageName};
use crate::model::inbox::{Message, MessageBody};
use crate::model::ledger::{StageCommand, StageLedger};
use crate::ports::journal::{self as port, Heartbeat, Holder, Imported, Journal, JournalError, Lease, Listed};

/// When a hook is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Moment {
    /// Nothing is written yet; an error of the hook's keeps it so.
    Before,
    /// It is written; an error of the hook's only keeps the caller from knowing.
    After,
}

/// Called with the facts of every append, a release's first included.
type AppendHook = Box<dyn FnMut(Moment, &[Fact]) -> Result<(), JournalError> + Send>;

/// Called before every call; its error is the call's.
type CallHook = Box<dyn FnMut() -> Result<(), JournalError> + Send>;

/// A journal that ends with its last clone.
#[derive(Clone)]
pub struct MemoryJournal {
    state: Arc<Mutex<State>>,
    append_hook: Arc<Mutex<AppendHook>>,
    call_hook: Arc<Mutex<CallHook>>,
    has_ended: Arc<HasEnded>,
}

impl Default for MemoryJournal {
    fn default() -> Self {
        MemoryJournal::new()
    }
}

impl MemoryJournal {
    /// An empty journal, in which no process is ever known to have ended.
    pub fn new() -> MemoryJournal {
        MemoryJournal::with_ended(|_| false)
    }

    /// An empty journal; `has_ended` says which holders are known to have ended.
    pub fn with_ended(has_ended: impl Fn(&Holder) -> bool + Send + Sync + 'static) -> MemoryJournal {
        MemoryJournal {
            state: Arc::default(),
            append_hook: Arc::new(Mutex::new(Box::new(|_, _| Ok(())))),
            call_hook: Arc::new(Mutex::new(Box::new(|| Ok(())))),
            has_ended: Arc::new(has_ended),
        }
    }

    /// Another journal with a copy of what is here now, without the hooks; `has_ended` is as for `with_ended`.
    pub fn copy(&self, has_ended: impl Fn(&Holder) -> bool + Send + Sync + 'static) -> MemoryJournal {
        let state = Arc::new(Mutex::new(self.state().clone()));
        MemoryJournal { state, ..MemoryJournal::with_ended(has_ended) }
    }

    /// The number of a release's last event: while it stays, `read` gives the same.
    pub fn last(&self, release: &ReleaseId) -> Option<u64> {
        self.state().releases.get(release).map(|record| record.tip.seq)
    }

    /// Sets what is called before and after every append, of all clones.
    pub fn set_append_hook(&self, hook: impl FnMut(Moment, &[Fact]) -> Result<(), JournalError> + Send + 'static) {
        *self.append_hook.lock().unwrap_or_else(PoisonError::into_inner) = Box::new(hook);
    }

    /// Sets what is called before every call of all clones; its error is the call's.
    pub fn set_call_hook(&self, call_hook: impl FnMut() -> Result<(), JournalError> + Send + 'static) {
        *self.call_hook.lock().unwrap_or_else(PoisonError::into_inner) = Box::new(call_hook);
    }

    fn before_call(&self) -> Result<(), JournalError> {
        (self.call_hook.lock().unwrap_or_else(PoisonError::into_inner))()
    }

    fn run_append_hook(&self, moment: Moment, facts: &[Fact]) -> Result<(), JournalError> {
        (self.append_hook.lock().unwrap_or_else(PoisonError::into_inner))(moment, facts)
    }

    /// Every change is checked before it begins, so a panic elsewhere leaves the state whole.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Journal for MemoryJournal {
    async fn begin(
        &self,
        app: &AppName,
        release: &ReleaseId,
        first: Fact,
        holder: &Holder,
        now: Timestamp,
    ) -> Result<(Lease, Event), JournalError> {
        self.before_call()?;
        let facts = [first];
        self.run_append_hook(Moment::Before, &facts)?;
        let done = self.state().begin(app, release, facts[0].clone(), holder, now, &*self.has_ended)?;
        self.run_append_hook(Moment::After, &facts)?;
        Ok(done)
    }

    async fn take(
        &self,
        release: &ReleaseId,
        holder: &Holder,
        stale: Option<Heartbeat>,
        now: Timestamp,
    ) -> Result<Lease, JournalError> {
        self.before_call()?;
        self.state().own(release)?.lease.take(release, holder, stale, now, &*self.has_ended)
    }

    async fn renew(&self, lease: &Lease, now: Timestamp) -> Result<Vec<StageName>, JournalError> {
        self.before_call()?;
        let mut state = self.state();
        state.record(&lease.release)?.lease.renew(lease, now)?;
        let renewed = state.stages.iter_mut().filter_map(|((_, name), stage)| stage.renew(lease, now).then_some(name));
        Ok(renewed.cloned().collect())
    }

    async fn give_up(&self, lease: &Lease) -> Result<(), JournalError> {
        self.before_call()?;
        let mut state = self.state();
        state.record(&lease.release)?.lease.give_up(lease)?;
        for stage in state.stages.values_mut() {
            stage.unlock(&lease.release);
        }
        Ok(())
    }

    async fn break_lease(
        &self,
        release: &ReleaseId,
        fence: u64,
        fact: Fact,
        now: Timestamp,
    ) -> Result<Option<Event>, JournalError> {
        self.before_call()?;
        let mut state = self.state();
        let record = state.record(release)?;
        let one = codec::link(release, &record.tip, &fact, now)?;
        if !record.lease.break_lock(release, fence)? {
            return Ok(None);
        }
        for stage in state.stages.values_mut() {
            stage.unlock(release);
        }
        Ok(state.put(release, vec![one], now)?.pop())
    }

    async fn append(
        &self,
        lease: &Lease,
        after: u64,
        facts: &[Fact],
        now: Timestamp,
    ) -> Result<Vec<Event>, JournalError> {
        self.before_call()?;
        self.run_append_hook(Moment::Before, facts)?;
        let done = self.state().append(lease, after, facts, now)?;
        self.run_append_hook(Moment::After, facts)?;
        Ok(done)
    }

    async fn read(&self, release: &ReleaseId) -> Result<Vec<Event>, JournalError> {
        self.before_call()?;
        let state = self.state();
        let record = state.releases.get(release).ok_or_else(|| JournalError::NoSuchRelease(release.clone()))?;
        codec::decode(release, &record.rows, &record.tip, &state.chunks)
    }

    async fn list(&self, app: &AppName) -> Result<Vec<Listed>, JournalError> {
        self.before_call()?;
        let state = self.state();
        let of_app = state.releases.iter().filter(|(_, record)| &record.app == app);
        let mut listed: Vec<Listed> = of_app
            .map(|(release, record)| Listed {
                release: release.clone(),
                app: record.app.clone(),
                started_at: record.started_at,
                last_at: record.last_at,
                held_by: record.lease.holder(&*self.has_ended),
                imported: record.imported.clone(),
            })
            .collect();
        lease::newest_first(&mut listed);
        Ok(listed)
    }

    async fn send(&self, release: &ReleaseId, body: MessageBody, now: Timestamp) -> Result<u64, JournalError> {
        self.before_call()?;
        let mut state = self.state();
        let record = state.own(release)?;
        let id = record.imported_messages + record.inbox.len() as u64 + 1;
        record.inbox.push((Message { id, at: now, release: release.clone(), body }, false));
        Ok(id)
    }

    async fn inbox(&self, release: &ReleaseId) -> Result<Vec<Message>, JournalError> {
        self.before_call()?;
        let mut state = self.state();
        let waiting = state.record(release)?.inbox.iter().filter(|(_, done)| !done);
        Ok(waiting.map(|(message, _)| message.clone()).collect())
    }

    async fn lock_stage(
        &self,
        app: &AppName,
        stage: &StageName,
        lease: &Lease,
        stale: Option<Heartbeat>,
        now: Timestamp,
    ) -> Result<u64, JournalError> {
        self.before_call()?;
        let mut state = self.state();
        state.held(lease)?;
        let held = state.stages.entry((app.clone(), stage.clone())).or_default();
        held.lock(stage, lease, stale, now, &*self.has_ended)
    }

    async fn unlock_stage(&self, app: &AppName, stage: &StageName, lease: &Lease) -> Result<(), JournalError> {
        self.before_call()?;
        let mut state = self.state();
        state.held(lease)?;
        if let Some(held) = state.stages.get_mut(&(app.clone(), stage.clone())) {
            held.unlock(&lease.release);
        }
        Ok(())
    }

    async fn ledger(&self, app: &AppName, stage: &StageName) -> Result<StageLedger, JournalError> {
        self.before_call()?;
        Ok(self.state().ledgers.get(&(app.clone(), stage.clone())).cloned().unwrap_or_default())
    }

    async fn holder(
        &self,
        app: &AppName,
        stage: &StageName,
    ) -> Result<Option<(ReleaseId, Holder, Heartbeat)>, JournalError> {
        self.before_call()?;
        Ok(self.state().stages.get(&(app.clone(), stage.clone())).and_then(|held| held.holder(&*self.has_ended)))
    }

    async fn intervene(
        &self,
        app: &AppName,
        stage: &StageName,
        command: &StageCommand,
        now: Timestamp,
    ) -> Result<StageLedger, JournalError> {
        self.before_call()?;
        let mut state = self.state();
        let key = (app.clone(), stage.clone());
        let mut held = state.stages.get(&key).cloned().unwrap_or_default();
        let mut ledger = state.ledgers.get(&key).cloned().unwrap_or_default();
        lease::intervene(stage, &mut held, &mut ledger, command, now)?;
        state.stages.insert(key.clone(), held);
        state.ledgers.insert(key, ledger.clone());
        Ok(ledger)
    }

    async fn export(&self, release: &ReleaseId) -> Result<port::Record, JournalError> {
        self.before_call()?;
        self.state().export(release)
    }

    async fn import(&self, record: &port::Record, mark: &Imported) -> Result<bool, JournalError> {
        self.before_call()?;
        let verified = codec::verify(record)?;
        self.state().import(record, verified, mark)
    }
}

#[cfg(test)]
pub(super) mod tests;
