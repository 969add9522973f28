use std::cell::Cell;

use jiff::SignedDuration;

use super::left::Left;
use super::matrix::{BOTH, Killed, Point, Undisturbed, dies_at_append, gone_on_with, over, survives};
use super::roads::{self, Road};
use crate::races::chance::Chance;
use crate::real::road::print_line;

/// All pairs would be thousands: of every two appends one is the first of a pair. The seed chooses which, and where the second comes.
const SEED: u64 = 5;

/// The second crash comes this many appends after the resumption, at most: what a new process does until it is where the old one was.
const SOON: u64 = 6;

/// Killed at an append, gone on with, killed again at one of the next, and gone on with again.
async fn killed_again(first: &Killed, road: &Road, second: Point, twice: &Cell<usize>) -> Left {
    first
        .then(road, async |sim| {
            let id = &first.id;
            if let Some(left) = over(sim, id).await {
                return left;
            }
            sim.pass(SignedDuration::from_secs(30)).await;
            let again = sim.resumes(id).await;
            // Near its end it may have fewer appends than that: then it ended, and was killed once.
            if dies_at_append(sim, again, second).await {
                twice.set(twice.get() + 1);
            }
            gone_on_with(sim, id).await
        })
        .await
}

#[tokio::test(start_paused = true)]
async fn in_a_row_it_ends_as_if_nothing_had_been() {
    let seed =
        std::env::var("KANMON_CRASH_SEED").ok().map_or(SEED, |s| s.parse().expect("KANMON_CRASH_SEED: a number"));
    print_line(&format!("two crashes in a row: pairs of seed {seed} (KANMON_CRASH_SEED chooses others)"));
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
    let firsts: Vec<Point> = pairs.iter().map(|(first, _)| *first).collect();
    let killed = Killed::at_appends(&road, &firsts).await;
    let what = format!("{}, two crashes in a row", road.what);
    survives(&what, &undisturbed, pairs, async |(first, second)| {
        Some(killed_again(killed.get(&first)?, &road, second, &twice).await)
    })
    .await;
    print_line(&format!("{what}: {} of {all} died a second time", twice.get()));
    assert!(twice.get() * 4 > all * 3, "only {} of {all} died twice", twice.get());
}
