use std::cell::Cell;

use jiff::SignedDuration;

use super::final_state::FinalState;
use super::matrix::{BOTH, Killed, Point, Undisturbed, continued, dies_at_append, over, survives};
use super::release_cases::{self, ReleaseCase};
use crate::races::random::Random;
use crate::real::end_to_end::print_line;

/// All pairs would be thousands, so every second append is the first of a pair. The seed chooses which, and where the second crash is.
const SEED: u64 = 5;

/// The second crash is at most this many appends after the resumption: about as many as a new process makes until it has caught up.
const SOON: u64 = 6;

/// Killed at an append, resumed, killed again soon after, and resumed again.
async fn killed_again(first: &Killed, case: &ReleaseCase, second: Point, twice: &Cell<usize>) -> FinalState {
    first
        .then(case, async |sim| {
            let id = &first.id;
            if let Some(left) = over(sim, id).await {
                return left;
            }
            sim.pass(SignedDuration::from_secs(30)).await;
            let again = sim.resumes(id).await;
            // Near its end a release may have fewer appends left: then it ended, and was killed only once.
            if dies_at_append(sim, again, second).await {
                twice.set(twice.get() + 1);
            }
            continued(sim, id).await
        })
        .await
}

#[tokio::test(start_paused = true)]
async fn in_a_row_it_ends_the_same() {
    let seed =
        std::env::var("KANMON_CRASH_SEED").ok().map_or(SEED, |s| s.parse().expect("KANMON_CRASH_SEED: a number"));
    print_line(&format!("two crashes in a row: pairs of seed {seed} (KANMON_CRASH_SEED chooses others)"));
    let (case, mut random) = (release_cases::whole(), Random::new(seed));
    let undisturbed = Undisturbed::of(&case).await;
    let last = *undisturbed.appends.end();
    let pairs = undisturbed.appends.clone().step_by(2).map(|nth| {
        let nth = last.min(nth + usize::from(random.odds(500)));
        let soon = 1 + usize::try_from(random.below(SOON)).expect("few");
        ((nth, random.one_of(&BOTH)), (soon, random.one_of(&BOTH)))
    });
    let (pairs, twice): (Vec<_>, _) = (pairs.collect(), Cell::new(0));
    let all = pairs.len();
    let firsts: Vec<Point> = pairs.iter().map(|(first, _)| *first).collect();
    let killed = Killed::at_appends(&case, &firsts).await;
    let what = format!("{}, two crashes in a row", case.what);
    survives(&what, &undisturbed, pairs, async |(first, second)| {
        Some(killed_again(killed.get(&first)?, &case, second, &twice).await)
    })
    .await;
    print_line(&format!("{what}: {} of {all} died a second time", twice.get()));
    assert!(twice.get() * 4 > all * 3, "only {} of {all} were killed twice", twice.get());
}
