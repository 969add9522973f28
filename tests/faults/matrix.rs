//! One release for each operation.

use std::collections::BTreeSet;

use kanmon::model::outcome::Outcome;
use kanmon::sandbox::faults::Kind;

use crate::crash::final_state::{FinalState, final_state};
use crate::crash::release_cases::{ReleaseCase, whole};
use crate::real::end_to_end::print_line;
use crate::scenarios::simulation::{Ended, Run, Simulation};

/// The operations that a release calls, and its final state without faults.
pub struct Undisturbed {
    pub operations: BTreeSet<String>,
    pub left: FinalState,
}

pub async fn undisturbed() -> Undisturbed {
    let (sim, run) = whole().prepare().await;
    let ended = whole().end(&sim, run).await;
    ended.is(Outcome::Succeeded, 0);
    let operations = sim.world.lock().unwrap().log().iter().map(|e| e.operation.clone()).collect();
    Undisturbed { operations, left: what_counts(&sim, &ended) }
}

/// Facts that a fault adds: the report of a failure, and the end of a process that cannot continue.
const ADDED_BY_FAULTS: [&str; 3] = ["effect-failed", "effect-unknown", "suspended"];

/// What must be the same as without the fault.
pub fn what_counts(sim: &Simulation, ended: &Ended) -> FinalState {
    final_state(sim, ended).without(&ADDED_BY_FAULTS)
}

/// Waits for the end, which comes within days of virtual time.
pub async fn comes_to_an_end(sim: &Simulation, run: Run) -> Option<Ended> {
    comes_to_an_end_of(&whole(), sim, run).await
}

/// The same for another case.
pub async fn comes_to_an_end_of(case: &ReleaseCase, sim: &Simulation, run: Run) -> Option<Ended> {
    tokio::select! {
        ended = case.end(sim, run) => Some(ended),
        () = sim.hours(72) => None,
    }
}

/// Runs one release for each operation; `play` returns what was wrong.
pub async fn every_operation<P>(what: &str, kind: Kind, play: P)
where
    P: AsyncFn(&Undisturbed, &str, &Kind) -> Result<(), String>,
{
    let undisturbed = undisturbed().await;
    assert!(undisturbed.operations.len() > 20, "{:?}", undisturbed.operations);
    let mut wrong = Vec::new();
    for operation in &undisturbed.operations {
        if let Err(why) = play(&undisturbed, operation, &kind).await {
            wrong.push(format!("{operation}: {why}"));
        }
    }
    let all = undisturbed.operations.len();
    print_line(&format!("{what}: {} of {all} operations come to what they should", all - wrong.len()));
    assert!(wrong.is_empty(), "{what}\n{}", wrong.join("\n"));
}

/// Whether the fault was met: a fault that no call meets proves nothing.
pub fn was_met(sim: &Simulation, operation: &str, kind: &Kind) -> bool {
    sim.tried(operation).iter().any(|e| e.fault.as_ref() == Some(kind))
}
