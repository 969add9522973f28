use kanmon::journal::Moment;
use kanmon::model::outcome::Outcome;

use super::at_every_append::dies;
use super::left::Left;
use super::matrix::{ALL, Point, every, gone_on_with, over, survives};
use super::roads::whole;
use crate::scenarios::stage::Story;

/// Killed after its `nth` append, gone on with, killed again at one of the next, and gone on with again.
async fn killed(story: &Story, (nth, moment): Point) -> Option<Left> {
    let stage = story.clone().open();
    let run = stage.release().await;
    let id = run.id.clone();
    if !dies(&stage, run, nth, moment).await {
        return None;
    }
    if let Some(left) = over(&stage, &id).await {
        return Some(left);
    }
    stage.pass(jiff::SignedDuration::from_secs(30)).await;
    let second = stage.resumes(&id).await;
    // Now before, now after; now the next append, now the one after that.
    let again = if nth.is_multiple_of(2) { Moment::Before } else { Moment::After };
    dies(&stage, second, 1 + nth % 3, again).await;
    Some(gone_on_with(&stage, &id).await)
}

#[tokio::test(start_paused = true)]
async fn in_a_row_it_ends_as_if_nothing_had_been() {
    let story = whole().stages(&["dev", "prod"]);
    survives("two crashes in a row", &story, Outcome::Succeeded, every(&[Moment::After]), ALL, killed).await;
}
