//! Faults that pass: the release ends as if nothing had been, and nothing is done twice.

use kanmon::sandbox::faults::{Kind, is_read};

use super::matrix::{Undisturbed, comes_to_an_end, every_operation, was_met, what_counts};
use crate::crash::left::difference;
use crate::crash::roads::whole;

/// The next `count` calls of the operation meet it.
async fn passes(count: u32, from: &Undisturbed, operation: &str, kind: &Kind) -> Result<(), String> {
    let (stage, run) = whole().set_out().await;
    stage.fault(operation, kind.clone(), count);
    let Some(ended) = comes_to_an_end(&stage, run).await else { return Err("it never ends".to_owned()) };
    if !was_met(&stage, operation, kind) {
        return Err("nobody met the fault".to_owned());
    }
    let difference = difference(&from.left, &what_counts(&stage, &ended));
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

#[tokio::test(start_paused = true)]
async fn reads_that_lag() {
    let kind = Kind::StaleRead;
    every_operation("stale reads", kind, async |from, operation, kind| {
        // What only writes has no earlier answer.
        if is_read(operation) { passes(3, from, operation, kind).await } else { Ok(()) }
    })
    .await;
}
