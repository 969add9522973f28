//! Passing faults: the release ends as if nothing had happened, and nothing is done twice.

use std::collections::BTreeSet;

use kanmon::sandbox::faults::{Kind, is_read};
use kanmon::sandbox::log::Entry;

use super::matrix::{Undisturbed, comes_to_an_end, every_operation, undisturbed, was_met, what_counts};
use crate::crash::final_state::difference;
use crate::crash::release_cases::whole;
use crate::real::end_to_end::print_line;
use crate::scenarios::simulation::Simulation;

/// The next `count` calls of the operation meet the fault.
async fn passes(count: u32, from: &Undisturbed, operation: &str, kind: &Kind) -> Result<(), String> {
    let (sim, run) = whole().prepare().await;
    sim.fault(operation, kind.clone(), count);
    let Some(ended) = comes_to_an_end(&sim, run).await else { return Err("it never ends".to_owned()) };
    if !was_met(&sim, operation, kind) {
        return Err("nobody met the fault".to_owned());
    }
    let difference = difference(&from.left, &what_counts(&sim, &ended));
    difference.map_or(Ok(()), |d| Err(format!("{}\n{d}", ended.words())))
}

async fn each_passes(what: &str, kind: Kind, count: u32) {
    every_operation(what, kind, async |from, operation, kind| passes(count, from, operation, kind).await).await;
}

#[tokio::test(start_paused = true)]
async fn throttling() {
    each_passes("throttled for a while", Kind::Throttle, 12).await;
}

#[tokio::test(start_paused = true)]
async fn errors_of_the_service() {
    each_passes("internal errors", Kind::ServerError, 4).await;
}

#[tokio::test(start_paused = true)]
async fn requests_that_are_lost() {
    each_passes("connections lost before the effect", Kind::ResetBefore, 2).await;
}

#[tokio::test(start_paused = true)]
async fn replies_that_are_lost() {
    each_passes("connections lost after the effect", Kind::ResetAfter, 1).await;
}

#[tokio::test(start_paused = true)]
async fn replies_that_take_minutes() {
    each_passes("replies after two minutes", Kind::Slow(120_000), 1).await;
}

/// Every read that can be stale is stale for as long as the fault lasts; an answer that never changes cannot be stale.
#[tokio::test(start_paused = true)]
async fn reads_that_lag() {
    let undisturbed = undisturbed().await;
    let (mut lagged, mut wrong) = (0, Vec::new());
    for operation in undisturbed.operations.iter().filter(|operation| is_read(operation)) {
        let (sim, run) = whole().prepare().await;
        sim.fault(operation, Kind::StaleRead, 3);
        let Some(ended) = comes_to_an_end(&sim, run).await else {
            wrong.push(format!("{operation}: it never ends"));
            continue;
        };
        lagged += usize::from(was_met(&sim, operation, &Kind::StaleRead));
        let difference = match operation.as_str() {
            // A revision that is not listed yet is registered again; nothing may be deployed twice.
            "ListTaskDefinitions" => twice_updated(&sim).or_else(|| (ended.code != 0).then(|| "it failed".to_owned())),
            _ => difference(&undisturbed.left, &what_counts(&sim, &ended)),
        };
        wrong.extend(difference.map(|d| format!("{operation}: {}\n{d}", ended.words())));
    }
    print_line(&format!("stale reads: {lagged} operations lagged, {} of them to no good end", wrong.len()));
    assert!(lagged >= 8, "{lagged}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A service that was updated more than once.
pub fn twice_updated(sim: &Simulation) -> Option<String> {
    let mut seen = BTreeSet::new();
    let of = |e: &Entry| (e.account.clone(), e.input["cluster"].to_string(), e.input["service"].to_string());
    sim.calls("UpdateService").iter().map(of).find(|service| !seen.insert(service.clone())).map(|s| format!("{s:?}"))
}
