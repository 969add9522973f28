//! Lasting faults: the release is suspended and reports what is missing, and continues once it is fixed.

use jiff::SignedDuration;
use kanmon::model::outcome::Outcome;
use kanmon::sandbox::faults::Kind;

use super::matrix::{Undisturbed, comes_to_an_end, every_operation, was_met, what_counts};
use crate::crash::final_state::difference;
use crate::crash::release_cases::whole;

const FOR_EVER: u32 = u32::MAX;

/// The release ends without the operation, or with one of these outcomes. Once the fault is fixed and the release is resumed, it has the
/// same final state as the undisturbed one.
async fn suspends(outcomes: &[Outcome], from: &Undisturbed, operation: &str, kind: &Kind) -> Result<(), String> {
    let (sim, run) = whole().prepare().await;
    sim.fault(operation, kind.clone(), FOR_EVER);
    let id = run.id.clone();
    let Some(ended) = comes_to_an_end(&sim, run).await else { return Err("it never ends".to_owned()) };
    if !was_met(&sim, operation, kind) {
        return Err("nobody met the fault".to_owned());
    }
    if ended.ending.outcome() == Outcome::Succeeded {
        // The release does without this operation, with the same result.
        let left = what_counts(&sim, &ended).without_listed();
        let difference = difference(&from.left.clone().without_listed(), &left);
        return difference.map_or(Ok(()), |d| Err(format!("succeeded otherwise: {d}")));
    }
    if !outcomes.contains(&ended.ending.outcome()) {
        return Err(format!("{:?}: {}", ended.ending.outcome(), ended.words()));
    }
    if ended.printed().hints.is_empty() {
        return Err(format!("no hint: {}", ended.words()));
    }
    sim.end_faults();
    sim.pass(SignedDuration::from_mins(10)).await;
    let resumed = sim.resumes(&id).await;
    let Some(ended) = comes_to_an_end(&sim, resumed).await else { return Err("it never ends again".to_owned()) };
    let difference = difference(&from.left, &what_counts(&sim, &ended));
    difference.map_or(Ok(()), |d| Err(format!("resumed: {}\n{d}", ended.words())))
}

#[tokio::test(start_paused = true)]
async fn denial_suspends_the_release() {
    every_operation("access denied", Kind::AccessDenied, async |from, operation, kind| {
        suspends(&[Outcome::Access], from, operation, kind).await
    })
    .await;
}

/// Sessions are renewed before they expire. If AWS calls one expired, somebody has revoked it.
#[tokio::test(start_paused = true)]
async fn an_ended_session_suspends_it() {
    every_operation("an expired token", Kind::ExpiredToken, async |from, operation, kind| {
        suspends(&[Outcome::Access], from, operation, kind).await
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn lasting_throttling_suspends_it() {
    every_operation("throttled without end", Kind::Throttle, async |from, operation, kind| {
        suspends(&[Outcome::Unknown, Outcome::Suspended, Outcome::StillRunning], from, operation, kind).await
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_broken_service_suspends_it() {
    every_operation("internal errors without end", Kind::ServerError, async |from, operation, kind| {
        suspends(&[Outcome::Unknown, Outcome::Suspended, Outcome::StillRunning], from, operation, kind).await
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_lost_network_suspends_it() {
    every_operation("connections lost without end", Kind::ResetBefore, async |from, operation, kind| {
        suspends(&[Outcome::Unknown, Outcome::Suspended, Outcome::StillRunning], from, operation, kind).await
    })
    .await;
}
