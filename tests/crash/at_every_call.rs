use std::collections::BTreeSet;

use kanmon::journal::Moment;
use kanmon::sandbox::faults::is_read;

use super::matrix::{ALL, BOTH, Killed, Point, Share, Undisturbed, survives};
use super::release_cases::{self, ReleaseCase};

/// The points of an undisturbed release: its calls. A read between two appends changes nothing that outlasts the process, so it is one
/// point, however often it is repeated, and whether its answer arrived makes no difference.
fn points(undisturbed: &Undisturbed) -> Vec<Point> {
    let mut seen = BTreeSet::new();
    let mut points = Vec::new();
    for (nth, call) in (1..).zip(&undisturbed.calls) {
        // The calls between the appends that are points, including the call before the first of them.
        if call.appends + 1 < *undisturbed.appends.start() || call.appends >= *undisturbed.appends.end() {
            continue;
        }
        let reads =
            is_read(&call.what) || call.what.starts_with('/') || ["look", "check"].contains(&call.what.as_str());
        if !reads {
            points.extend(BOTH.map(|moment| (nth, moment)));
        } else if seen.insert(call.clone()) {
            points.push((nth, Moment::Before));
        }
    }
    points
}

async fn around_every_call(case: &ReleaseCase, share: Share) {
    let undisturbed = Undisturbed::of(case).await;
    let points = share.of(points(&undisturbed));
    let killed = Killed::at_calls(case, &points).await;
    let what = format!("{}, killed around every call", case.what);
    survives(&what, &undisturbed, points, async |point| Some(killed.get(&point)?.continued(case).await)).await;
}

#[tokio::test(start_paused = true)]
async fn a_release_ends_the_same() {
    around_every_call(&release_cases::whole(), Share { nth: 0, of: 2 }).await;
}

#[tokio::test(start_paused = true)]
async fn a_release_ends_the_same_2() {
    around_every_call(&release_cases::whole(), Share { nth: 1, of: 2 }).await;
}

#[tokio::test(start_paused = true)]
async fn a_rollback_ends_the_same() {
    around_every_call(&release_cases::rollback(), ALL).await;
}

#[tokio::test(start_paused = true)]
async fn the_rollback_of_a_failed_rollout_ends_the_same() {
    for case in [release_cases::rollback_of_a_failed_rollout(), release_cases::rollback_without_service_deployments()] {
        around_every_call(&case, ALL).await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_rollback_to_what_was_deregistered_ends_the_same() {
    around_every_call(&release_cases::rollback_to_deregistered(), ALL).await;
}

#[tokio::test(start_paused = true)]
async fn an_approval_in_codepipeline_ends_the_same() {
    for case in [release_cases::codepipeline(), release_cases::requested_again()] {
        around_every_call(&case, ALL).await;
    }
}
