//! What runs beside the loop: effects, look-ups of effects, and watches. Each only sends events to the loop.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::watch;

use super::effects::{Found, execute, look_up};
use super::lease_checked::lease_checked;
use super::lease_guard::LeaseGuard;
use super::lease_takeover::HeartbeatObserver;
use super::observe::observe;
use super::ports::Ports;
use crate::engine::decision::Watch;
use crate::engine::retry::{RETRY_FOR, pause};
use crate::model::effect::Effect;
use crate::model::ending::Ending;
use crate::model::event::Fact;
use crate::model::fault::{Fault, FaultKind};
use crate::model::progress::Progress;
use crate::model::reason::{Reason, Watched};
use crate::model::release::Release;
use crate::model::step::part::StepPart;
use crate::ports::journal::Lease;

/// What the loop receives.
#[derive(Debug)]
pub enum WorkerEvent {
    /// The progress of an effect under way.
    Progress { effect: Effect, progress: Progress },
    /// The effect itself is over; it is being looked up, which a later process can do as well.
    LookingUp { effect: Effect },
    /// Something cannot be read at the moment; `None`: it can be read again.
    Unreadable { what: Watched, why: Option<Fault> },
    /// What concludes an effect, after the warnings about it.
    Concluded { effect: Effect, facts: Vec<Fact> },
    /// Something new was seen.
    Observed { watch: Watch, facts: Vec<Fact> },
    /// It cannot be seen any more: this process has to leave the release.
    WatchFailed { watch: Watch, ending: Ending },
}

/// ECS and ECR are eventually consistent: for this long after a call, "not there" may only mean "not yet".
const SETTLE: SignedDuration = SignedDuration::from_secs(15);
/// A single failed reading is not reported: the next one mostly succeeds.
const UNREAD: u32 = 2;
/// Between two looks for something that may still appear.
const LOOK: SignedDuration = SignedDuration::from_secs(3);

/// Carries out an effect.
pub async fn effect(
    ports: Ports,
    guard: Arc<LeaseGuard>,
    release: Arc<Release>,
    effect: Effect,
    sender: UnboundedSender<WorkerEvent>,
) {
    let say = |progress: &Progress| {
        let _ = sender.send(WorkerEvent::Progress { effect: effect.clone(), progress: progress.clone() });
    };
    let done = execute(&lease_checked(&ports, &guard, effect.stage()), &release, &effect, &say).await;
    match done {
        Ok(facts) => conclude_with(&sender, effect, facts),
        Err(fault) if fault.kind() == FaultKind::Ambiguous => {
            let now = ports.clock.now();
            settle(ports, release, effect, now, Some(fault), sender).await;
        }
        Err(fault) => conclude(&sender, effect.clone(), Fact::EffectFailed { effect, fault }),
    }
}

/// Looks up an effect that an earlier process intended.
pub async fn reconcile(
    ports: Ports,
    release: Arc<Release>,
    effect: Effect,
    intended_at: Timestamp,
    sender: UnboundedSender<WorkerEvent>,
) {
    settle(ports, release, effect, intended_at, None, sender).await;
}

/// Reads until it is known whether an effect took place, or the time in which it could appear is over.
async fn settle(
    ports: Ports,
    release: Arc<Release>,
    effect: Effect,
    sent_at: Timestamp,
    fault: Option<Fault>,
    sender: UnboundedSender<WorkerEvent>,
) {
    let _ = sender.send(WorkerEvent::LookingUp { effect: effect.clone() });
    let looked_since = ports.clock.uptime();
    let mut failures = 0;
    loop {
        let looked = look_up(&ports, &release, &effect, sent_at).await;
        let what = || Watched::Effect { effect: effect.clone() };
        failures = counted(&sender, failures, looked.as_ref().err(), what);
        match looked {
            Ok(Found::Landed(fact)) => return conclude(&sender, effect, *fact),
            Ok(Found::Repeatable) => return conclude(&sender, effect.clone(), Fact::EffectAbsent { effect }),
            // Counted from here: the process that sent it may have had another clock.
            Ok(Found::Absent) if ports.clock.uptime() - looked_since >= SETTLE => {
                return conclude(&sender, effect.clone(), Fact::EffectAbsent { effect });
            }
            Ok(Found::Absent) => ports.clock.sleep(LOOK).await,
            Err(error) => {
                if ports.clock.uptime() - looked_since >= RETRY_FOR || !error.kind().is_passing() {
                    let fault = fault.unwrap_or(error);
                    return conclude(&sender, effect.clone(), Fact::EffectUnknown { effect, fault });
                }
                ports.clock.sleep(pause(failures)).await;
            }
        }
    }
}

/// Reads something again and again, and sends what is new. `every` is how far apart the readings are, and may change meanwhile.
pub async fn watch(
    ports: Ports,
    mut state: watch::Receiver<Arc<Release>>,
    lease: Lease,
    watch: Watch,
    mut every: watch::Receiver<SignedDuration>,
    sender: UnboundedSender<WorkerEvent>,
) {
    let mut failures = 0;
    let mut failing_since = None;
    let mut observer = HeartbeatObserver::default();
    loop {
        let release = state.borrow_and_update().clone();
        let mut read_at = ports.clock.uptime();
        let seen = observe(&ports, &release, &lease, &watch, &mut observer).await;
        failures = counted(&sender, failures, seen.as_ref().err(), || watched(&watch));
        match seen {
            Ok(facts) => {
                failing_since = None;
                if !facts.is_empty() {
                    if sender.send(WorkerEvent::Observed { watch: watch.clone(), facts }).is_err() {
                        return;
                    }
                    // The next reading is held against a release that knows this one.
                    if state.changed().await.is_err() {
                        return;
                    }
                    // An interval between two readings counts from the record of the first: a reading that comes earlier does not count.
                    read_at = ports.clock.uptime();
                }
                if pace(&ports, read_at, &mut every).await.is_err() {
                    return;
                }
            }
            Err(fault) => {
                let since = *failing_since.get_or_insert(ports.clock.uptime());
                if !fault.kind().is_passing() || ports.clock.uptime() - since >= RETRY_FOR {
                    let _ = sender
                        .send(WorkerEvent::WatchFailed { watch: watch.clone(), ending: watch_failed(&watch, fault) });
                    return;
                }
                let every = *every.borrow();
                ports.clock.sleep(pause(failures).max(every)).await;
            }
        }
    }
}

/// Waits until the next reading is due, by the interval that counts by then: something new may slow a watch down, and is sent before it
/// does.
async fn pace(
    ports: &Ports,
    read_at: SignedDuration,
    every: &mut watch::Receiver<SignedDuration>,
) -> Result<(), watch::error::RecvError> {
    loop {
        let due = read_at + *every.borrow_and_update();
        tokio::select! {
            biased;
            () = ports.clock.sleep(due - ports.clock.uptime()) => return Ok(()),
            changed = every.changed() => changed?,
        }
    }
}

/// How many readings in a row have failed, this one included; sent where it begins to matter, and where it is over.
fn counted(
    sender: &UnboundedSender<WorkerEvent>,
    before: u32,
    fault: Option<&Fault>,
    what: impl Fn() -> Watched,
) -> u32 {
    let now = if fault.is_some() { before + 1 } else { 0 };
    if now == UNREAD || (now == 0 && before >= UNREAD) {
        let _ = sender.send(WorkerEvent::Unreadable { what: what(), why: fault.cloned() });
    }
    now
}

fn watched(watch: &Watch) -> Watched {
    match watch {
        Watch::Scan { image, account } => Watched::Scan { image: image.clone(), account: account.clone() },
        Watch::Approval { stage } => Watched::Approval { stage: stage.clone() },
        Watch::Lock { stage } => Watched::Lease { stage: stage.clone() },
        Watch::Step { at, part } => {
            let stage = at.stage.clone();
            match part {
                StepPart::Whole => Watched::Stage { stage },
                StepPart::Task(task) => Watched::Task { stage, task: task.clone() },
                StepPart::Service(service, _) => Watched::Service { stage, service: service.clone() },
            }
        }
    }
}

fn watch_failed(watch: &Watch, fault: Fault) -> Ending {
    Ending::of(Reason::Unreadable { what: watched(watch), fault })
}

fn conclude(sender: &UnboundedSender<WorkerEvent>, effect: Effect, fact: Fact) {
    conclude_with(sender, effect, vec![fact]);
}

fn conclude_with(sender: &UnboundedSender<WorkerEvent>, effect: Effect, facts: Vec<Fact>) {
    // Nobody listens only when the loop has ended; then the recorded intent is looked up later.
    let _ = sender.send(WorkerEvent::Concluded { effect, facts });
}
