//! Every point of a release, found by running it undisturbed. A second one like it is saved at each of them, so that the process that continues
//! after a crash begins there and not at the beginning.

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

/// Where a release is killed: at its `nth` append or call.
pub type Point = (usize, Moment);

/// Of so many tests side by side that share the points, the one that takes every such one.
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

/// A release that nothing kills.
pub struct Undisturbed {
    pub left: FinalState,
    /// Its appends that are points, by their numbers.
    pub appends: std::ops::RangeInclusive<usize>,
    /// All its calls.
    pub calls: Vec<Call>,
}

impl Undisturbed {
    pub async fn of(case: &ReleaseCase) -> Undisturbed {
        let (sim, run) = case.set_out().await;
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

/// Whatever is killed at any of the points leaves what the undisturbed release leaves. `killed` answers none where a point was not
/// reached, which is as wrong.
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

/// What every process of a release's dying at one moment leaves, but for the manager, who has answered so much.
pub struct Killed {
    saved: Snapshot,
    pub id: ReleaseId,
    answered: u32,
}

/// A release that nothing kills, saved at its points.
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
    /// A release, killed at each of these of its appends, as far as it comes to them.
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

    /// The same at each of these of its calls, none of which ever returns to its process.
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
        let (sim, run) = case.set_out().await;
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
        // The hooks hold the stage that holds them.
        sim.journal.set_append_hook(|_, _| Ok(()));
        sim.interceptor.end_hook();
        std::mem::take(&mut *killed.lock().unwrap())
    }

    /// Another process goes on to the end; what is left then.
    pub async fn gone_on_with(&self, case: &ReleaseCase) -> FinalState {
        self.then(case, async |sim| gone_on_with(sim, &self.id).await).await
    }

    /// What somebody does with what is left, while the manager answers as before.
    pub async fn then<T>(&self, case: &ReleaseCase, walk: impl AsyncFnOnce(&Simulation) -> T) -> T {
        let sim = self.saved.open();
        let answered = Answered::up_to(self.answered);
        case.accompanied(&sim, &self.id, &answered, walk(&sim)).await
    }
}

/// Lets the process die at its `nth` append from now on; whether it came so far.
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

/// Another process goes on to the end, if the release has not come there yet.
pub async fn gone_on_with(sim: &Simulation, id: &ReleaseId) -> FinalState {
    if let Some(left) = over(sim, id).await {
        return left;
    }
    sim.pass(SignedDuration::from_secs(30)).await;
    let ended = sim.resumes(id).await.end(sim).await;
    final_state(sim, &ended)
}

/// What is left of a release that has come to its end.
pub async fn over(sim: &Simulation, id: &ReleaseId) -> Option<FinalState> {
    let release = sim.release_of(id).await;
    let over = release.ended_for_good().is_some();
    if over { Some(final_state(sim, &sim.ended(id).await)) } else { None }
}
