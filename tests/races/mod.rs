//! Random schedules of two and three releases, with crashes, pauses longer than the lease, wrong clocks and lost replies.
//! There are never two writers, and no false success.

mod journal;
mod log;
mod network;
mod process;
pub mod random;
mod schedule;

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use schedule::play;

/// The number of schedules; `KANMON_RACES` sets another number, and `KANMON_RACE` runs the one schedule of this seed.
const SCHEDULES: u64 = 1_000;
/// The number of parallel schedules: each has its own clock and AWS.
const SIDE_BY_SIDE: usize = 4;

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{variable} is a number")))
}

#[test]
fn there_are_never_two_writers_and_no_false_success() {
    let seeds = match number("KANMON_RACE") {
        Some(seed) => seed..seed + 1,
        None => 1..1 + number("KANMON_RACES").unwrap_or(SCHEDULES),
    };
    let next = AtomicU64::new(seeds.start);
    let (broken, sums) = (Mutex::new(Vec::new()), Mutex::new(BTreeMap::<&'static str, usize>::new()));
    std::thread::scope(|scope| {
        for _ in 0..SIDE_BY_SIDE {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if !seeds.contains(&seed) {
                        return;
                    }
                    match std::panic::catch_unwind(|| play_alone(seed)) {
                        Ok(Ok(counts)) => {
                            let mut sums = sums.lock().unwrap();
                            counts.into_iter().for_each(|(what, n)| *sums.entry(what).or_default() += n);
                        }
                        Ok(Err(why)) => broken.lock().unwrap().push(format!("seed {seed}: {why}")),
                        Err(_) => broken.lock().unwrap().push(format!("seed {seed}: it panicked, see above")),
                    }
                }
            });
        }
    });
    let (broken, sums) = (broken.into_inner().unwrap(), sums.into_inner().unwrap());
    let of = seeds.end - seeds.start;
    let met: Vec<String> = sums.iter().map(|(what, n)| format!("{n} {what}")).collect();
    let line =
        format!("races: {} of {of} schedules keep one writer; met: {}\n", of - broken.len() as u64, met.join(", "));
    // Not through the test harness, which hides the output of passing tests.
    let _ = std::io::Write::write_all(&mut std::io::stderr(), line.as_bytes());
    assert!(broken.is_empty(), "run one with KANMON_RACE=SEED:\n{}", broken.join("\n"));
    if of >= SCHEDULES {
        // Schedules without faults would prove nothing.
        for what in log::WANTED {
            let met = sums.get(what).copied().unwrap_or_default();
            assert!(met >= log::LEAST, "the schedules met {met} {what}, and at least {} are wanted", log::LEAST);
        }
    }
}

/// Runs a schedule on a runtime whose clock advances only while every task waits.
fn play_alone(seed: u64) -> Result<BTreeMap<&'static str, usize>, String> {
    // The SDK draws its jitter per thread.
    fastrand::seed(seed);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(play(seed))
}
