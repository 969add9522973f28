use std::cell::Cell;

use jiff::SignedDuration;

use super::left::Left;
use super::matrix::{ALL, BOTH, Point, Undisturbed, dies_at_append, gone_on_with, over, survives};
use super::roads::{self, Road};
use crate::races::chance::Chance;
use crate::real::road::tell;

/// All pairs would be thousands: of every two appends one is the first of a pair. The seed chooses which, and where the second comes.
const SEED: u64 = 5;

/// The second crash comes this many appends after the resumption, at most: what a new process does until it is where the old one was.
const SOON: u64 = 6;

/// Killed at an append, gone on with, killed again at one of the next, and gone on with again.
async fn killed(road: &Road, (first, second): (Point, Point), twice: &Cell<usize>) -> Option<Left> {
    let (stage, run) = road.set_out().await;
    let id = run.id.clone();
    let walk = async {
        if !dies_at_append(&stage, run, first).await {
            return None;
        }
        if let Some(left) = over(&stage, &id).await {
            return Some(left);
        }
        stage.pass(SignedDuration::from_secs(30)).await;
        let again = stage.resumes(&id).await;
        // Near its end it may have fewer appends than that: then it ended, and was killed once.
        if dies_at_append(&stage, again, second).await {
            twice.set(twice.get() + 1);
        }
        Some(gone_on_with(&stage, &id).await)
    };
    road.accompanied(&stage, &id, walk).await
}

#[tokio::test(start_paused = true)]
async fn in_a_row_it_ends_as_if_nothing_had_been() {
    let seed =
        std::env::var("KANMON_CRASH_SEED").ok().map_or(SEED, |s| s.parse().expect("KANMON_CRASH_SEED: a number"));
    tell(&format!("two crashes in a row: pairs of seed {seed} (KANMON_CRASH_SEED chooses others)"));
    let (road, mut chance) = (roads::whole(), Chance::new(seed));
    let undisturbed = Undisturbed::of(&road).await;
    let last = *undisturbed.appends.end();
    let pairs = undisturbed.appends.clone().step_by(2).map(|nth| {
        let nth = last.min(nth + usize::from(chance.odds(500)));
        let soon = 1 + usize::try_from(chance.below(SOON)).expect("few");
        ((nth, chance.one_of(&BOTH)), (soon, chance.one_of(&BOTH)))
    });
    let (pairs, twice): (Vec<_>, _) = (pairs.collect(), Cell::new(0));
    let all = pairs.len();
    let what = format!("{}, two crashes in a row", road.what);
    survives(&what, &undisturbed, pairs, ALL, async |pair| killed(&road, pair, &twice).await).await;
    tell(&format!("{what}: {} of {all} died a second time", twice.get()));
    assert!(twice.get() * 4 > all * 3, "only {} of {all} died twice", twice.get());
}
