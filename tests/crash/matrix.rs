//! The points of a release are found by running it undisturbed. The same release is then saved at each of them, so that the process that
//! continues after a crash starts from there and not from the beginning.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use jiff::SignedDuration;
use kanmon::journal::Moment;
use kanmon::model::ids::ReleaseId;

use super::final_state::{FinalState, difference, final_state};
use super::release_cases::{Answered, ReleaseCase};
use crate::real::end_to_end::print_line;
use crate::scenarios::simulation::{Call, Run, Simulation, Snapshot};

pub const BOTH: [Moment; 2] = [Moment::Before, Moment::After];

/// Where a release is killed: before or after its `nth` append or call.
pub type Point = (usize, Moment);

/// The part of the points that one of several parallel tests takes: every `of`th point, beginning with the `nth`.
#[derive(Clone, Copy)]
pub struct Share {
    pub nth: usize,
    pub of: usize,
}

pub const ALL: Share = Share { nth: 0, of: 1 };

impl Share {
    pub fn of<P>(self, points: impl IntoIterator<Item = P>) -> Vec<P> {
        points.into_iter().skip(self.nth).step_by(self.of).collect()
    }
}

/// A release that is not killed.
pub struct Undisturbed {
    pub left: FinalState,
    /// The numbers of its appends that are points.
    pub appends: std::ops::RangeInclusive<usize>,
    /// All its calls.
    pub calls: Vec<Call>,
}

impl Undisturbed {
    pub async fn of(case: &ReleaseCase) -> Undisturbed {
        let (sim, run) = case.prepare().await;
        let [appends, first, last] = [0; 3].map(|nought| Arc::new(AtomicUsize::new(nought)));
        let (begun, over, interceptor) = (first.clone(), last.clone(), sim.interceptor.clone());
        let (from, until) = (case.from, case.until);
        interceptor.forget();
        sim.journal.set_append_hook(move |moment, facts| {
            match moment {
                Moment::Before => {
                    let nth = appends.fetch_add(1, Ordering::Relaxed) + 1;
                    for (place, is) in [(&begun, from), (&over, until)] {
                        if place.load(Ordering::Relaxed) == 0 && facts.iter().any(is) {
                            place.store(nth, Ordering::Relaxed);
                        }
                    }
                }
                Moment::After => interceptor.appended(),
            }
            Ok(())
        });
        let ended = case.end(&sim, run).await;
        assert_eq!(ended.ending.outcome(), case.outcome, "{}: {:?}", case.what, ended.ending);
        let (first, last) = (first.load(Ordering::Relaxed), last.load(Ordering::Relaxed));
        assert!(first > 0 && first < last, "{}: it has no point", case.what);
        Undisturbed { left: final_state(&sim, &ended), appends: first..=last, calls: sim.interceptor.calls() }
    }
}

/// Asserts that a release killed at any of the points has the same final state as the undisturbed one. `killed` returns `None` if a
/// point was not reached, which is a failure too.
pub async fn survives<P: Copy + std::fmt::Debug>(
    what: &str,
    undisturbed: &Undisturbed,
    points: Vec<P>,
    killed: impl AsyncFn(P) -> Option<FinalState>,
) {
    assert!(points.len() > 5, "{what}: a release has more points than {points:?}");
    let mut wrong = Vec::new();
    for point in &points {
        match killed(*point).await {
            None => wrong.push(format!("{point:?} was never reached")),
            Some(left) => {
                let difference = difference(&undisturbed.left, &left);
                wrong.extend(difference.map(|d| format!("killed at {point:?}:\n{d}")));
            }
        }
    }
    let (listed, well) = (points.len(), points.len() - wrong.len());
    print_line(&format!("{what}: {well} of {listed} points end in the same state"));
    assert!(wrong.is_empty(), "{what}: {} of {listed} are wrong\n{}", wrong.len(), wrong.join("\n"));
}

/// A moment at which every process of a release was killed, and how many requests the manager had answered by then.
pub struct Killed {
    saved: Snapshot,
    pub id: ReleaseId,
    answered: u32,
}

/// A release that is not killed, saved at its points.
struct Saving {
    points: Vec<Point>,
    id: ReleaseId,
    sim: Simulation,
    answered: Answered,
    killed: Arc<Mutex<BTreeMap<Point, Killed>>>,
}

impl Saving {
    fn look(&self, point: Point) {
        if self.points.contains(&point) {
            let killed = Killed { saved: self.sim.save(), id: self.id.clone(), answered: self.answered.last() };
            self.killed.lock().unwrap().insert(point, killed);
        }
    }
}

impl Killed {
    /// A release killed at each of these appends that it reaches.
    pub async fn at_appends(case: &ReleaseCase, points: &[Point]) -> BTreeMap<Point, Killed> {
        Killed::at(case, points, |sim, saving| {
            let mut appends = 0;
            let interceptor = sim.interceptor.clone();
            sim.journal.set_append_hook(move |moment, _| {
                match moment {
                    Moment::Before => appends += 1,
                    Moment::After => interceptor.appended(),
                }
                saving.look((appends, moment));
                Ok(())
            });
        })
        .await
    }

    /// The same at each of these calls, which never return to their process.
    pub async fn at_calls(case: &ReleaseCase, points: &[Point]) -> BTreeMap<Point, Killed> {
        Killed::at(case, points, |sim, saving| {
            sim.interceptor.forget();
            sim.interceptor.set_hook(move |nth, moment| saving.look((nth, moment)));
        })
        .await
    }

    async fn at(
        case: &ReleaseCase,
        points: &[Point],
        watch: impl FnOnce(&Simulation, Saving),
    ) -> BTreeMap<Point, Killed> {
        let (sim, run) = case.prepare().await;
        let (id, answered, killed) = (run.id.clone(), case.nothing_answered(), Arc::default());
        let saving = Saving {
            points: points.to_vec(),
            id: id.clone(),
            sim: sim.clone(),
            answered: answered.clone(),
            killed: Arc::clone(&killed),
        };
        watch(&sim, saving);
        case.accompanied(&sim, &id, &answered, run.end(&sim)).await;
        // The hooks and the scenario refer to each other.
        sim.journal.set_append_hook(|_, _| Ok(()));
        sim.interceptor.end_hook();
        std::mem::take(&mut *killed.lock().unwrap())
    }

    /// Another process continues to the end; returns the final state.
    pub async fn continued(&self, case: &ReleaseCase) -> FinalState {
        self.then(case, async |sim| continued(sim, &self.id).await).await
    }

    /// Runs this from that moment on, while the manager answers as before.
    pub async fn then<T>(&self, case: &ReleaseCase, walk: impl AsyncFnOnce(&Simulation) -> T) -> T {
        let sim = self.saved.open();
        let answered = Answered::up_to(self.answered);
        case.accompanied(&sim, &self.id, &answered, walk(&sim)).await
    }
}

/// Kills the process at its `nth` append from now on; returns whether it reached that append.
pub async fn dies_at_append(sim: &Simulation, run: Run, (nth, moment): Point) -> bool {
    let (appends, died) = (AtomicUsize::new(0), Arc::new(AtomicUsize::new(0)));
    let dead = died.clone();
    sim.journal.set_append_hook(move |at, _| {
        if at == Moment::Before {
            appends.fetch_add(1, Ordering::Relaxed);
        }
        if at == moment && appends.load(Ordering::Relaxed) == nth {
            dead.fetch_add(1, Ordering::Relaxed);
            return Err(crate::scenarios::simulation::killed());
        }
        Ok(())
    });
    run.over().await;
    sim.journal.set_append_hook(|_, _| Ok(()));
    let died = died.load(Ordering::Relaxed) > 0;
    if died {
        run.died(sim).await;
    }
    died
}

/// Another process continues to the end, if the release has not ended yet.
pub async fn continued(sim: &Simulation, id: &ReleaseId) -> FinalState {
    if let Some(left) = over(sim, id).await {
        return left;
    }
    sim.pass(SignedDuration::from_secs(30)).await;
    let ended = sim.resumes(id).await.end(sim).await;
    final_state(sim, &ended)
}

/// The final state of a release that has ended.
pub async fn over(sim: &Simulation, id: &ReleaseId) -> Option<FinalState> {
    let release = sim.release_of(id).await;
    let over = release.ended_for_good().is_some();
    if over { Some(final_state(sim, &sim.ended(id).await)) } else { None }
}
