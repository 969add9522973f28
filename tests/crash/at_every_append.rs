use super::matrix::{ALL, BOTH, Killed, Share, Undisturbed, survives};
use super::release_cases::{self, ReleaseCase};

async fn around_every_append(case: &ReleaseCase, share: Share) {
    let undisturbed = Undisturbed::of(case).await;
    let points = share.of(undisturbed.appends.clone().flat_map(|nth| BOTH.map(|moment| (nth, moment))));
    let killed = Killed::at_appends(case, &points).await;
    let what = format!("{}, killed around every append", case.what);
    survives(&what, &undisturbed, points, async |point| Some(killed.get(&point)?.continued(case).await)).await;
}

#[tokio::test(start_paused = true)]
async fn a_release_ends_the_same() {
    around_every_append(&release_cases::whole(), Share { nth: 0, of: 2 }).await;
}

#[tokio::test(start_paused = true)]
async fn a_release_ends_the_same_2() {
    around_every_append(&release_cases::whole(), Share { nth: 1, of: 2 }).await;
}

#[tokio::test(start_paused = true)]
async fn a_rollback_ends_the_same() {
    around_every_append(&release_cases::rollback(), ALL).await;
}

#[tokio::test(start_paused = true)]
async fn without_service_deployments_it_ends_the_same() {
    around_every_append(&release_cases::without_service_deployments(), ALL).await;
}

#[tokio::test(start_paused = true)]
async fn the_rollback_of_a_failed_rollout_ends_the_same() {
    for case in [release_cases::rollback_of_a_failed_rollout(), release_cases::rollback_without_service_deployments()] {
        around_every_append(&case, ALL).await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_rollback_to_what_was_deregistered_ends_the_same() {
    around_every_append(&release_cases::rollback_to_deregistered(), ALL).await;
}

#[tokio::test(start_paused = true)]
async fn an_approval_in_codepipeline_ends_the_same() {
    for case in [release_cases::codepipeline(), release_cases::requested_again()] {
        around_every_append(&case, ALL).await;
    }
}
