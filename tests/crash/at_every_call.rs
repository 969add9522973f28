use std::collections::BTreeSet;

use kanmon::journal::Moment;
use kanmon::model::outcome::Outcome;
use kanmon::sandbox::faults::is_read;

use super::left::Left;
use super::matrix::{ALL, BOTH, Point, Share, gone_on_with, survives};
use super::roads::{approving, end, way_back, whole};
use crate::scenarios::stage::Story;

/// The calls that an undisturbed release makes. Between two appends, a read changes nothing that outlasts the process: each that
/// is made there is one point, however often it is repeated, and that its answer was under way makes no other of it.
async fn points(story: &Story) -> Vec<Point> {
    let stage = story.clone().open();
    let cut = stage.cut.clone();
    stage.journal.set_hook(move |at, _| {
        if at == Moment::After {
            cut.appended();
        }
        Ok(())
    });
    let run = stage.release().await;
    end(&stage, run).await;
    let mut seen = BTreeSet::new();
    let mut points = Vec::new();
    for (at, call) in stage.cut.calls().into_iter().enumerate() {
        let reads =
            is_read(&call.what) || call.what.starts_with('/') || ["look", "check"].contains(&call.what.as_str());
        if !reads {
            points.extend(BOTH.map(|moment| (at + 1, moment)));
        } else if seen.insert(call) {
            points.push((at + 1, Moment::Before));
        }
    }
    points
}

/// The process dies before its `nth` call is sent, or before the answer is there; none where it makes fewer.
async fn killed(story: &Story, (nth, moment): Point) -> Option<Left> {
    let stage = story.clone().open();
    stage.cut.order(nth, moment);
    let run = stage.release().await;
    let id = run.id.clone();
    let reached = tokio::select! {
        () = run.over() => false,
        () = stage.cut.reached() => true,
        () = approving(&stage, &id) => unreachable!("it goes on for ever"),
    };
    if !reached {
        return None;
    }
    run.crash(&stage).await;
    Some(gone_on_with(&stage, &id).await)
}

async fn around_every_call(what: &str, story: &Story, outcome: Outcome, share: Share) {
    let points = points(story).await;
    survives(&format!("{what}, killed around every call"), story, outcome, points.into_iter(), share, killed).await;
}

#[tokio::test(start_paused = true)]
async fn a_release_ends_as_if_nothing_had_been() {
    around_every_call("three stages", &whole(), Outcome::Succeeded, Share { nth: 0, of: 2 }).await;
}

#[tokio::test(start_paused = true)]
async fn a_release_ends_as_if_nothing_had_been_2() {
    around_every_call("three stages", &whole(), Outcome::Succeeded, Share { nth: 1, of: 2 }).await;
}

#[tokio::test(start_paused = true)]
async fn a_way_back_ends_as_if_nothing_had_been() {
    around_every_call("a way back", &way_back(), Outcome::RolledBack, ALL).await;
}
