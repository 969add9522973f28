//! The loop: one owner of the release, one fact at a time.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::{mpsc, watch};
use tokio::task::{AbortHandle, JoinSet};

use super::approval_execution::end_questions;
use super::lease_checked::lease_checked;
use super::lease_guard::LeaseGuard;
use super::monotonic_clock::MonotonicClock;
use super::ports::Ports;
use super::stop::Stop;
use super::store_retry::{StoreRetry, is_transient};
use super::workers::{self, WorkerEvent};
use crate::engine::decide::decide;
use crate::engine::decision::{Decision, Watch, Watching};
use crate::engine::inbox::{absorb, absorb_first};
use crate::engine::retry::RETRY_FOR;
use crate::model::effect::Effect;
use crate::model::ending::Ending;
use crate::model::event::{Event, Fact};
use crate::model::illegal::Illegal;
use crate::model::ledger::Ledgers;
use crate::model::reason::Reason;
use crate::model::release::Release;
use crate::model::waiting::{Wait, Waiting};
use crate::ports::journal::{JournalError, LEASE, Lease};
use crate::ports::sink::Sink;

/// Why the loop itself could not go on. The release's own endings are no errors.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error(transparent)]
    Illegal(#[from] Illegal),
}

/// A process working on one release.
pub struct Runner<'s> {
    ports: Ports,
    guard: Arc<LeaseGuard>,
    release: Arc<Release>,
    ledgers: Ledgers,
    sinks: &'s mut dyn Sink,
    stop: Stop,
    tasks: JoinSet<()>,
    running: BTreeMap<Effect, AbortHandle>,
    /// Those of `running` that are only being looked up.
    looking_up: BTreeSet<Effect>,
    /// What is watched, and how often it is read: changed as what is waited for changes.
    watched: BTreeMap<Watch, (AbortHandle, watch::Sender<SignedDuration>)>,
    state: watch::Sender<Arc<Release>>,
    sender: mpsc::UnboundedSender<WorkerEvent>,
    received: mpsc::UnboundedReceiver<WorkerEvent>,
    renewed_at: SignedDuration,
    /// An ending that an observation forced; what is in flight is waited for first.
    forced_ending: Option<Ending>,
}

impl<'s> Runner<'s> {
    /// A runner of a release whose lease this process holds.
    pub fn new(ports: Ports, lease: Lease, release: Release, sinks: &'s mut dyn Sink, stop: Stop) -> Runner<'s> {
        let release = Arc::new(release);
        let (sender, received) = mpsc::unbounded_channel();
        // The lease's age is looked at by both of the machine's clocks; everything else goes by the process's own.
        let guard = Arc::new(LeaseGuard::new(ports.journal.clone(), ports.clock.clone(), lease));
        let ports = Ports { clock: Arc::new(MonotonicClock::new(ports.clock.clone())), ..ports };
        let fence = guard.clone();
        ports.set_fence(Arc::new(move || fence.may_send()));
        Runner {
            state: watch::channel(release.clone()).0,
            renewed_at: ports.clock.uptime(),
            guard,
            ports,
            release,
            ledgers: Ledgers::new(),
            sinks,
            stop,
            tasks: JoinSet::new(),
            running: BTreeMap::new(),
            looking_up: BTreeSet::new(),
            watched: BTreeMap::new(),
            sender,
            received,
            forced_ending: None,
        }
    }

    /// Works until the release ends or this process has to leave it. The ending is recorded, and the lease given up.
    ///
    /// # Errors
    /// Where facts cannot be recorded: then nothing more is done either.
    pub async fn run(mut self) -> Result<Ending, RunError> {
        let ended = self.run_loop().await;
        self.tasks.shutdown().await;
        self.ports.set_fence(Arc::new(|| Ok(())));
        // A lease that is already lost cannot be given up; one that could not be given up expires.
        let _ = self.ports.journal.give_up(self.guard.lease()).await;
        ended
    }

    async fn run_loop(&mut self) -> Result<Ending, RunError> {
        self.read_ledgers().await?;
        self.reconcile_open();
        let poll = self.release.started.pipeline.poll;
        // By the clock that nobody can set. A lease that was taken a while ago is confirmed first.
        let mut renew_at = self.ports.clock.uptime();
        let mut look_at = renew_at;
        loop {
            let uptime = self.ports.clock.uptime();
            if uptime >= renew_at {
                renew_at = uptime + self.renew().await?;
            }
            if uptime >= look_at {
                self.read_inbox().await?;
                // Other releases may have entered stages meanwhile.
                self.read_ledgers().await?;
                look_at = uptime + poll;
            }
            if let Some(ending) = self.leave_reason()
                && self.running.is_empty()
            {
                return self.finish(ending).await;
            }
            let now = self.ports.clock.now();
            let mut pause = renew_at.min(look_at) - self.ports.clock.uptime();
            match decide(&self.release, &self.ledgers, now) {
                // Messages that came until now are absorbed first: afterwards they come too late.
                Decision::Record(facts) if absorb_first(&facts) && self.read_inbox().await? => continue,
                Decision::Record(facts) => {
                    self.append(&facts).await?;
                    continue;
                }
                // Nobody reads a message afterwards.
                Decision::Finish(ending) if !ending.outcome().is_resumable() && self.read_inbox().await? => continue,
                Decision::Finish(ending) => return self.finish(ending).await,
                Decision::Go { start, watch, wake_at, waiting } => {
                    self.start_and_watch(start, watch, &waiting).await?;
                    pause = wake_at.map_or(pause, |at| at.duration_since(now).min(pause));
                }
            }
            self.wait(pause).await?;
        }
    }

    /// Renews the lease; answers in how long to do so again. A store that cannot be reached is asked again: longer where that may
    /// pass by itself, else while the lease still holds.
    async fn renew(&mut self) -> Result<SignedDuration, RunError> {
        let uptime = self.ports.clock.uptime();
        match self.guard.renew().await {
            Ok(_) => {
                self.renewed_at = uptime;
                Ok(LEASE / 3)
            }
            Err(error) => {
                let limit = if is_transient(&error) {
                    RETRY_FOR
                } else if let JournalError::Store(_) | JournalError::Remote(_) = error {
                    LEASE * 2 / 3
                } else {
                    return Err(error.into());
                };
                match uptime - self.renewed_at < limit {
                    true => Ok(LEASE / 12),
                    false => Err(error.into()),
                }
            }
        }
    }

    /// Why this process leaves the release unfinished, if it does.
    fn leave_reason(&self) -> Option<Ending> {
        if let Some(ending) = &self.forced_ending {
            return Some(ending.clone());
        }
        self.stop.is_requested().then(|| Ending::of(Reason::Stopped))
    }

    async fn start_and_watch(
        &mut self,
        start: Vec<Effect>,
        watch: Vec<Watching>,
        waiting: &[Wait],
    ) -> Result<(), RunError> {
        if self.leave_reason().is_some() {
            // What can be picked up later by reading or repeating is dropped; what changes something is waited for.
            self.running.retain(|effect, task| {
                let wait = effect.row().atomic && !self.looking_up.contains(effect);
                if !wait {
                    task.abort();
                }
                wait
            });
            return Ok(());
        }
        for effect in start {
            let attempt = self.release.failed.get(&effect).map_or(0, |f| f.attempts) + 1;
            // Durable before anything is done.
            if !self.append(&[Fact::Intended { effect: effect.clone(), attempt }]).await? {
                return Ok(());
            }
            let (ports, guard) = (self.ports.clone(), self.guard.clone());
            let work = workers::effect(ports, guard, self.release.clone(), effect.clone(), self.sender.clone());
            self.running.insert(effect, self.tasks.spawn(work));
        }
        self.watched.retain(|watched, (task, _)| {
            let wanted = watch.iter().any(|w| &w.watch == watched);
            if !wanted {
                task.abort();
            }
            wanted
        });
        for Watching { watch, every } in watch {
            if let Some((_, pace)) = self.watched.get(&watch) {
                pace.send_if_modified(|now| std::mem::replace(now, every) != every);
                continue;
            }
            let (pace, every) = watch::channel(every);
            let state = self.state.subscribe();
            let lease = self.guard.lease().clone();
            let work = workers::watch(self.ports.clone(), state, lease, watch.clone(), every, self.sender.clone());
            self.watched.insert(watch, (self.tasks.spawn(work), pace));
        }
        self.sinks.waiting(waiting);
        Ok(())
    }

    async fn wait(&mut self, pause: SignedDuration) -> Result<(), RunError> {
        let clock = self.ports.clock.clone();
        let already_requested = self.stop.is_requested();
        let mut stop = self.stop.clone();
        let event = tokio::select! {
            // Never random: the same events in the same order lead to the same steps.
            biased;
            event = self.received.recv() => event,
            () = stop.requested(), if !already_requested => None,
            () = clock.sleep(pause) => None,
            // Finished tasks are only removed here; what they found came as events.
            Some(done) = self.tasks.join_next(), if !self.tasks.is_empty() => {
                if let Err(error) = done && error.is_panic() {
                    std::panic::resume_unwind(error.into_panic());
                }
                None
            }
        };
        match event {
            Some(event) => self.handle(event).await,
            None => Ok(()),
        }
    }

    async fn handle(&mut self, event: WorkerEvent) -> Result<(), RunError> {
        match event {
            WorkerEvent::Progress { effect, progress } => {
                self.sinks.progress(&effect, &progress);
                Ok(())
            }
            WorkerEvent::Unreadable { what, why } => {
                self.sinks.unread(&what, why.as_ref());
                Ok(())
            }
            WorkerEvent::LookingUp { effect } => {
                self.looking_up.insert(effect);
                Ok(())
            }
            WorkerEvent::Concluded { effect, facts } => {
                self.running.remove(&effect);
                self.looking_up.remove(&effect);
                self.append(&facts).await?;
                Ok(())
            }
            WorkerEvent::Observed { watch, facts } => {
                // A watch that was dropped may have sent something just before.
                if self.watched.contains_key(&watch) {
                    self.append(&facts).await?;
                }
                Ok(())
            }
            WorkerEvent::WatchFailed { watch, ending } => {
                if self.watched.remove(&watch).is_some() {
                    self.forced_ending.get_or_insert(ending);
                }
                Ok(())
            }
        }
    }

    /// Records facts. `false`: a stage was frozen meanwhile, so that nothing was written and it has to be decided again.
    async fn append(&mut self, facts: &[Fact]) -> Result<bool, RunError> {
        if facts.is_empty() {
            return Ok(true);
        }
        // The fold is tried first: what cannot follow is never written.
        let now = self.ports.clock.now();
        let mut next = (*self.release).clone();
        for (fact, seq) in facts.iter().zip(self.release.seq + 1..) {
            let v = crate::model::event::EVENT_VERSION;
            next.apply(&Event { v, seq, at: now, release: next.id.clone(), fact: fact.clone() })?;
        }
        let lease = self.guard.lease().clone();
        let events = match self.append_once(&lease, facts, now).await {
            Err(RunError::Journal(JournalError::Frozen(_))) => {
                self.read_ledgers().await?;
                return Ok(false);
            }
            events => events?,
        };
        self.release = Arc::new(next);
        self.state.send_replace(self.release.clone());
        for event in &events {
            self.sinks.event(event, &self.release);
            if let Some(stage) = event.fact.frees() {
                let mut retry = self.store_retry();
                let app = self.release.started.pipeline.app.clone();
                while let Err(error) = self.ports.journal.unlock_stage(&app, stage, &lease).await {
                    self.wait_for_store(&mut retry, error).await?;
                }
            }
            // Others may have entered a stage until it was locked.
            let others_had_it = matches!(&event.fact, Fact::StageLocked { .. });
            if others_had_it || crate::model::ledger::stage_of(&event.fact).is_some() {
                self.read_ledgers().await?;
            }
        }
        Ok(true)
    }

    /// Records facts exactly once, though the store may have to be asked several times.
    async fn append_once(&mut self, lease: &Lease, facts: &[Fact], now: Timestamp) -> Result<Vec<Event>, RunError> {
        let (journal, after) = (self.ports.journal.clone(), self.release.seq);
        let mut retry = self.store_retry();
        loop {
            match journal.append(lease, after, facts, now).await {
                Ok(events) => return Ok(events),
                Err(error) => self.wait_for_store(&mut retry, error).await?,
            }
            // It may have been written although the answer was lost.
            let written = loop {
                match journal.read(&lease.release).await {
                    Ok(events) => break events.into_iter().filter(|e| e.seq > after).collect::<Vec<_>>(),
                    Err(error) => self.wait_for_store(&mut retry, error).await?,
                }
            };
            if !written.is_empty() && written.iter().map(|e| (&e.fact, e.at)).eq(facts.iter().map(|f| (f, now))) {
                return Ok(written);
            }
        }
    }

    fn store_retry(&self) -> StoreRetry {
        StoreRetry::new(&self.ports.clock, &self.stop)
    }

    /// Waits until the store may be asked again, and keeps the lease meanwhile.
    async fn wait_for_store(&mut self, retry: &mut StoreRetry, error: JournalError) -> Result<(), RunError> {
        self.sinks.waiting(&[Wait::unlimited(Waiting::Store { error: error.clone() }, None)]);
        retry.wait(error).await?;
        if self.ports.clock.uptime() - self.renewed_at >= LEASE / 3 {
            self.renew().await?;
        }
        Ok(())
    }

    /// Absorbs the messages of others; answers whether there were any.
    async fn read_inbox(&mut self) -> Result<bool, RunError> {
        let journal = self.ports.journal.clone();
        let mut retry = self.store_retry();
        let messages = loop {
            match journal.inbox(&self.release.id).await {
                Ok(messages) => break messages,
                Err(error) => self.wait_for_store(&mut retry, error).await?,
            }
        };
        for message in &messages {
            let read = Fact::Absorbed { message: message.id };
            let facts: Vec<Fact> = [read].into_iter().chain(absorb(&self.release, message)).collect();
            self.append(&facts).await?;
        }
        Ok(!messages.is_empty())
    }

    async fn read_ledgers(&mut self) -> Result<(), RunError> {
        let (journal, release) = (self.ports.journal.clone(), self.release.clone());
        let mut retry = self.store_retry();
        let pipeline = &release.started.pipeline;
        for stage in &pipeline.stages {
            let ledger = loop {
                match journal.ledger(&pipeline.app, &stage.name).await {
                    Ok(ledger) => break ledger,
                    Err(error) => self.wait_for_store(&mut retry, error).await?,
                }
            };
            self.ledgers.insert(stage.name.clone(), ledger);
        }
        Ok(())
    }

    /// What an earlier process intended and did not conclude is looked up, never repeated blindly.
    fn reconcile_open(&mut self) {
        for (effect, open) in &self.release.open {
            let work = workers::reconcile(
                self.ports.clone(),
                self.release.clone(),
                effect.clone(),
                open.at,
                self.sender.clone(),
            );
            self.running.insert(effect.clone(), self.tasks.spawn(work));
        }
    }

    async fn finish(&mut self, ending: Ending) -> Result<Ending, RunError> {
        if self.release.ending.is_none() {
            if !ending.outcome().is_resumable() && !ending.outcome().is_success() {
                let ports = lease_checked(&self.ports, &self.guard, None);
                let left_open = end_questions(&ports, &self.release, &ending).await;
                self.append(&left_open).await?;
            }
            let fact = match ending.outcome().is_resumable() {
                true => Fact::Suspended { ending: ending.clone() },
                false => Fact::Finished { ending: ending.clone() },
            };
            self.append(&[fact]).await?;
        }
        Ok(ending)
    }
}
