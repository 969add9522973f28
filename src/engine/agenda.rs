//! What a walk through a release collects, and how results of parallel parts are combined.

use jiff::{SignedDuration, Timestamp};

use super::decision::{Decision, Watch, Watching};
use super::ending;
use super::retry::{self, Retry};
use crate::model::effect::Effect;
use crate::model::ending::Ending;
use crate::model::event::Fact;
use crate::model::ids::StageName;
use crate::model::ledger::{Ledgers, StageLedger};
use crate::model::release::Release;
use crate::model::waiting::{Wait, Waiting};

/// Why a walk stops.
#[derive(Debug, Clone, PartialEq)]
pub enum Halt {
    /// Something has to happen first.
    Wait,
    /// This process ends its work on the release.
    End(Ending),
}

/// `Ok`: this part is done, continue with the next.
pub type Flow = Result<(), Halt>;

/// What a walk has found so far to record, start and watch.
pub struct Agenda<'a> {
    pub release: &'a Release,
    pub now: Timestamp,
    ledgers: &'a Ledgers,
    record: Vec<Fact>,
    start: Vec<Effect>,
    watch: Vec<Watching>,
    wake_at: Option<Timestamp>,
    waiting: Vec<Wait>,
}

impl<'a> Agenda<'a> {
    pub fn new(release: &'a Release, ledgers: &'a Ledgers, now: Timestamp) -> Agenda<'a> {
        Agenda { release, now, ledgers, record: vec![], start: vec![], watch: vec![], wake_at: None, waiting: vec![] }
    }

    /// A stage's ledger.
    pub fn ledger(&self, stage: &StageName) -> Option<&'a StageLedger> {
        self.ledgers.get(stage)
    }

    /// Records a fact that follows from what is known.
    pub fn record(&mut self, fact: Fact) -> Flow {
        self.record.push(fact);
        Err(Halt::Wait)
    }

    /// An effect that must be concluded before the walk continues.
    pub fn effect(&mut self, effect: Effect) -> Flow {
        if let Some(open) = self.release.open.get(&effect) {
            self.waiting.push(Wait::unlimited(Waiting::Effect(effect), Some(open.at)));
            return Err(Halt::Wait);
        }
        if let Some(fault) = self.release.unknown.get(&effect) {
            return Err(Halt::End(ending::effect_unknown(&effect, fault)));
        }
        if let Some(failed) = self.release.failed.get(&effect) {
            return match retry::after(failed, self.now) {
                Retry::Now => self.start(effect),
                Retry::At(at) => {
                    self.wake(at);
                    let why = Waiting::Retry { effect, because: failed.fault.clone() };
                    self.waiting.push(Wait::unlimited(why, Some(failed.first_at)));
                    Err(Halt::Wait)
                }
                Retry::GiveUp => Err(Halt::End(ending::effect_failed(&effect, failed))),
            };
        }
        self.start(effect)
    }

    fn start(&mut self, effect: Effect) -> Flow {
        if effect.row().forward
            && let Some(stage) = effect.stage()
            && let Some(frozen) = self.ledgers.get(stage).and_then(|ledger| ledger.frozen.as_ref())
        {
            return Err(Halt::End(ending::frozen(stage, frozen)));
        }
        self.waiting.push(Wait::unlimited(Waiting::Effect(effect.clone()), Some(self.now)));
        self.start.push(effect);
        Err(Halt::Wait)
    }

    /// Watches something that changes by itself.
    pub fn watch(&mut self, watch: Watch, every: SignedDuration, why: Wait) -> Flow {
        self.watch.push(Watching { watch, every });
        self.waiting.push(why);
        Err(Halt::Wait)
    }

    /// Requests another decision at this time.
    pub fn wake(&mut self, at: Timestamp) {
        self.wake_at = Some(self.wake_at.map_or(at, |w| w.min(at)));
    }

    /// The decision that results from the walk.
    pub fn decision(mut self, flow: Flow, done: impl FnOnce() -> Ending) -> Decision {
        if !self.record.is_empty() {
            return Decision::Record(self.record);
        }
        let ending = match flow {
            Err(Halt::Wait) => None,
            Err(Halt::End(ending)) => Some(ending),
            Ok(()) => Some(done()),
        };
        match ending {
            Some(ending) if self.release.open.is_empty() => Decision::Finish(ending),
            Some(ending) => {
                // Nothing new begins once the end is decided.
                self.start.clear();
                self.waiting.push(Wait::unlimited(Waiting::Finishing { ending }, None));
                self.go()
            }
            None => self.go(),
        }
    }

    fn go(self) -> Decision {
        Decision::Go { start: self.start, watch: self.watch, wake_at: self.wake_at, waiting: self.waiting }
    }
}

/// Combines parallel parts: an end in one is the end, else a wait in one is a wait. A final failure counts before an ending that can be
/// resumed, in either order, because it must be rolled back.
pub fn join(flows: impl IntoIterator<Item = Flow>) -> Flow {
    let mut all = Ok(());
    for flow in flows {
        all = match (all, flow) {
            (Err(Halt::End(one)), Err(Halt::End(other))) => {
                let first = !one.outcome().is_resumable() || other.outcome().is_resumable();
                Err(Halt::End(if first { one } else { other }))
            }
            (Err(Halt::End(ending)), _) | (_, Err(Halt::End(ending))) => Err(Halt::End(ending)),
            (Err(Halt::Wait), _) | (_, Err(Halt::Wait)) => Err(Halt::Wait),
            (Ok(()), Ok(())) => Ok(()),
        };
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::outcome::Outcome;
    use crate::model::release::samples::ending;

    fn end(outcome: Outcome) -> Flow {
        Err(Halt::End(ending(outcome)))
    }

    #[test]
    fn an_end_counts_before_a_wait_and_a_wait_before_done() {
        assert_eq!(join([]), Ok(()));
        assert_eq!(join([Ok(()), Err(Halt::Wait)]), Err(Halt::Wait));
        assert_eq!(join([Err(Halt::Wait), end(Outcome::Failed), Ok(())]), end(Outcome::Failed));
    }

    #[test]
    fn a_final_failure_counts_before_a_resumable_ending_in_either_order() {
        for resumable in [Outcome::Unknown, Outcome::StillRunning, Outcome::Access] {
            assert_eq!(join([end(resumable), end(Outcome::RolledBack)]), end(Outcome::RolledBack));
            assert_eq!(join([end(Outcome::RolledBack), end(resumable)]), end(Outcome::RolledBack));
        }
        assert_eq!(
            join([end(Outcome::RolledBack), end(Outcome::Superseded)]),
            end(Outcome::RolledBack),
            "else the first"
        );
    }
}
