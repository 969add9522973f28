//! Point after point of a release, until it has no more.

use jiff::SignedDuration;
use kanmon::journal::Moment;
use kanmon::model::ids::ReleaseId;
use kanmon::model::outcome::Outcome;

use super::left::{Left, left};
use super::roads::end;
use crate::real::road::tell;
use crate::scenarios::stage::{Stage, Story};

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

/// Whatever is killed at any of the points leaves what the undisturbed release leaves. `killed` answers none where there is no such
/// point, and none after it.
pub async fn survives<K>(
    what: &str,
    story: &Story,
    outcome: Outcome,
    points: impl Iterator<Item = Point>,
    share: Share,
    killed: K,
) where
    K: AsyncFn(&Story, Point) -> Option<Left>,
{
    let stage = story.clone().open();
    let run = stage.release().await;
    let ended = end(&stage, run).await;
    assert_eq!(ended.ending.outcome, outcome, "{:?}", ended.ending);
    let undisturbed = left(&stage, &ended);
    let (mut count, mut wrong) = (0, Vec::new());
    for point in points.skip(share.nth).step_by(share.of) {
        let Some(left) = killed(story, point).await else { break };
        count += 1;
        if left != undisturbed {
            wrong.push(format!("killed at {point:?}: {left:#?}"));
        }
    }
    assert!(count > 15, "a release has more points than {count}");
    tell(&format!("{what}: {} of {count} points end as if nothing had been", count - wrong.len()));
    assert!(wrong.is_empty(), "undisturbed: {undisturbed:#?}\n{}", wrong.join("\n"));
}

/// Both moments of every append or call, as long as there are any.
pub fn every(moments: &[Moment]) -> impl Iterator<Item = Point> {
    (1..).flat_map(|nth| moments.iter().map(move |moment| (nth, *moment)))
}

/// Another process goes on to the end, if the release has not come there yet.
pub async fn gone_on_with(stage: &Stage, id: &ReleaseId) -> Left {
    if let Some(left) = over(stage, id).await {
        return left;
    }
    stage.pass(SignedDuration::from_secs(30)).await;
    let run = stage.resumes(id).await;
    let ended = end(stage, run).await;
    left(stage, &ended)
}

/// What is left of a release that has come to its end.
pub async fn over(stage: &Stage, id: &ReleaseId) -> Option<Left> {
    let release = stage.release_of(id).await;
    let over = release.ending.as_ref().is_some_and(|e| !e.outcome.is_resumable());
    if over { Some(left(stage, &stage.ended(id).await)) } else { None }
}
