//! Runs a target over a corpus and its mutations, for a limited time, with a deadline for each input. A failure is reported with its
//! input.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use rand::SeedableRng as _;
use rand::rngs::StdRng;

use super::mutate::mutate;
use crate::real::end_to_end::print_line;

/// The default time for the mutations of one target.
const SECONDS: u64 = 4;
/// An input that takes longer hangs, or lets other people's bytes block a release. Small ones take a millisecond.
const DEADLINE: Duration = Duration::from_secs(20);
/// The stack of the threads of kanmon's runtime.
const STACK: usize = 2 << 20;

/// The inputs of the corpus for a target.
pub fn corpus(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus").join(target);
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder).unwrap().map(|e| e.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty(), "{} is empty", folder.display());
    files.iter().map(|f| std::fs::read(f).unwrap()).collect()
}

pub fn seconds() -> Duration {
    let asked = std::env::var("KANMON_FUZZ_SECONDS").ok().map(|s| s.parse().expect("KANMON_FUZZ_SECONDS is a number"));
    Duration::from_secs(asked.unwrap_or(SECONDS))
}

/// A new seed in each run, so that every run tries something else, unless `KANMON_FUZZ_SEED` repeats one.
pub fn seed() -> u64 {
    let asked = std::env::var("KANMON_FUZZ_SEED").ok().map(|s| s.parse().expect("KANMON_FUZZ_SEED is a number"));
    asked.unwrap_or_else(rand::random)
}

/// Runs the corpus unchanged, then its mutations.
pub fn run(name: &str, corpus: &[Vec<u8>], target: fn(&[u8])) {
    let (seed, until) = (seed(), Instant::now() + seconds());
    let mut rng = StdRng::seed_from_u64(seed);
    let (inputs, work) = mpsc::channel::<Vec<u8>>();
    let (ended, done) = mpsc::channel();
    let worker = move || {
        for input in work {
            let came_back = catch_unwind(AssertUnwindSafe(|| target(&input)));
            if ended.send(came_back.err().map(said)).is_err() {
                return;
            }
        }
    };
    std::thread::Builder::new().name(format!("fuzz-{name}")).stack_size(STACK).spawn(worker).unwrap();
    let mut tried = 0;
    let mut slowest = Duration::ZERO;
    let mut kept = corpus.iter();
    loop {
        let input = match kept.next() {
            Some(input) => input.clone(),
            None if Instant::now() < until => mutate(corpus, &mut rng),
            None => break,
        };
        let since = Instant::now();
        inputs.send(input.clone()).expect("the worker waits for it");
        let problem = match done.recv_timeout(DEADLINE) {
            Ok(None) => None,
            Ok(Some(said)) => Some(said),
            Err(RecvTimeoutError::Timeout) => Some(format!("it did not come back in {} s", DEADLINE.as_secs())),
            Err(RecvTimeoutError::Disconnected) => Some("the worker is gone".to_owned()),
        };
        slowest = slowest.max(since.elapsed());
        tried += 1;
        if let Some(problem) = problem {
            let file = std::env::temp_dir().join(format!("kanmon-fuzz-{name}-{seed}-{tried}"));
            std::fs::write(&file, &input).unwrap();
            panic!("{name}: {problem}\ninput {tried} of seed {seed} is in {}: add it to the corpus", file.display());
        }
    }
    print_line(&format!("{name}: {tried} inputs, the slowest {} ms, seed {seed}", slowest.as_millis()));
    assert!(tried > corpus.len(), "nothing but the corpus was tried");
}

fn said(panic: Box<dyn std::any::Any + Send>) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
    format!("it panicked: {}", text.unwrap_or("without a word"))
}

mod tests {
    use super::*;

    #[test]
    fn a_target_that_panics_is_reported_with_its_input() {
        fn target(bytes: &[u8]) {
            assert!(!bytes.starts_with(b"bad"), "found it");
        }
        let output = catch_unwind(|| run("self-test", &[b"good".to_vec(), b"bad".to_vec()], target)).unwrap_err();
        let output = said(output);
        assert!(output.contains("found it") && output.contains("input 2 of seed"), "{output}");
        let file =
            output.split_whitespace().find(|w| w.contains("kanmon-fuzz-self-test")).unwrap().trim_end_matches(':');
        assert_eq!(std::fs::read(file).unwrap(), b"bad");
        std::fs::remove_file(file).unwrap();
    }
}
