use super::matrix::{ALL, BOTH, Killed, Share, Undisturbed, survives};
use super::roads::{self, Road};

async fn around_every_append(road: &Road, share: Share) {
    let undisturbed = Undisturbed::of(road).await;
    let points = share.of(undisturbed.appends.clone().flat_map(|nth| BOTH.map(|moment| (nth, moment))));
    let killed = Killed::at_appends(road, &points).await;
    let what = format!("{}, killed around every append", road.what);
    survives(&what, &undisturbed, points, async |point| Some(killed.get(&point)?.gone_on_with(road).await)).await;
}

#[tokio::test(start_paused = true)]
async fn a_release_ends_as_if_nothing_had_been() {
    around_every_append(&roads::whole(), Share { nth: 0, of: 2 }).await;
}

#[tokio::test(start_paused = true)]
async fn a_release_ends_as_if_nothing_had_been_2() {
    around_every_append(&roads::whole(), Share { nth: 1, of: 2 }).await;
}

#[tokio::test(start_paused = true)]
async fn a_way_back_ends_as_if_nothing_had_been() {
    around_every_append(&roads::way_back(), ALL).await;
}

#[tokio::test(start_paused = true)]
async fn without_service_deployments_it_ends_as_if_nothing_had_been() {
    around_every_append(&roads::without_service_deployments(), ALL).await;
}

#[tokio::test(start_paused = true)]
async fn the_way_back_of_a_failed_rollout_ends_as_if_nothing_had_been() {
    for road in [roads::way_back_of_a_failed_rollout(), roads::way_back_without_service_deployments()] {
        around_every_append(&road, ALL).await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_way_back_to_what_was_deregistered_ends_as_if_nothing_had_been() {
    around_every_append(&roads::way_back_to_deregistered(), ALL).await;
}

#[tokio::test(start_paused = true)]
async fn an_approval_in_codepipeline_ends_as_if_nothing_had_been() {
    for road in [roads::codepipeline(), roads::asked_anew()] {
        around_every_append(&road, ALL).await;
    }
}
