use std::collections::BTreeSet;

use kanmon::journal::Moment;
use kanmon::sandbox::faults::is_read;

use super::matrix::{ALL, BOTH, Killed, Point, Share, Undisturbed, survives};
use super::roads::{self, Road};

/// The calls that an undisturbed release makes. Between two appends, a read changes nothing that outlasts the process: each that
/// is made there is one point, however often it is repeated, and that its answer was under way makes no other of it.
fn points(undisturbed: &Undisturbed) -> Vec<Point> {
    let mut seen = BTreeSet::new();
    let mut points = Vec::new();
    for (nth, call) in (1..).zip(&undisturbed.calls) {
        // Those that lie between the appends that are points, the one that leads to the first included.
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

async fn around_every_call(road: &Road, share: Share) {
    let undisturbed = Undisturbed::of(road).await;
    let points = share.of(points(&undisturbed));
    let killed = Killed::at_calls(road, &points).await;
    let what = format!("{}, killed around every call", road.what);
    survives(&what, &undisturbed, points, async |point| Some(killed.get(&point)?.gone_on_with(road).await)).await;
}

#[tokio::test(start_paused = true)]
async fn a_release_ends_as_if_nothing_had_been() {
    around_every_call(&roads::whole(), Share { nth: 0, of: 2 }).await;
}

#[tokio::test(start_paused = true)]
async fn a_release_ends_as_if_nothing_had_been_2() {
    around_every_call(&roads::whole(), Share { nth: 1, of: 2 }).await;
}

#[tokio::test(start_paused = true)]
async fn a_way_back_ends_as_if_nothing_had_been() {
    around_every_call(&roads::way_back(), ALL).await;
}

#[tokio::test(start_paused = true)]
async fn the_way_back_of_a_failed_rollout_ends_as_if_nothing_had_been() {
    for road in [roads::way_back_of_a_failed_rollout(), roads::way_back_without_service_deployments()] {
        around_every_call(&road, ALL).await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_way_back_to_what_was_deregistered_ends_as_if_nothing_had_been() {
    around_every_call(&roads::way_back_to_deregistered(), ALL).await;
}

#[tokio::test(start_paused = true)]
async fn an_approval_in_codepipeline_ends_as_if_nothing_had_been() {
    for road in [roads::codepipeline(), roads::asked_anew()] {
        around_every_call(&road, ALL).await;
    }
}
