//! What a release waits for, in words.

use jiff::{SignedDuration, Timestamp};

use super::{effect, fault, gate, rollout, step};
use crate::model::format::lasting;
use crate::model::step::part::{Direction, StepPart};
use crate::model::waiting::{ScanPending, StepProgress, Wait, Waiting};
use crate::report::time::moment;

/// What is waited for, in a log in which nothing else was printed for a while.
pub fn reminder(waits: &[Wait], now: Timestamp) -> String {
    let waits: Vec<String> = waits.iter().map(|wait| timed(wait, now)).collect();
    format!("· waiting: {}", waits.join("; "))
}

/// What is waited for, with its time.
pub fn timed(wait: &Wait, now: Timestamp) -> String {
    match time(wait, now) {
        time if time.is_empty() => text(wait),
        time => format!("{} ({time})", text(wait)),
    }
}

/// How long it has taken, and how long it may take at most; empty where neither is known.
pub fn time(wait: &Wait, now: Timestamp) -> String {
    // The clock of who began it may be ahead.
    let elapsed = wait.since.map(|since| clock(now.duration_since(since).max(SignedDuration::ZERO)));
    let limit = wait.since.zip(wait.until).map(|(since, until)| lasting(until.duration_since(since)));
    match (elapsed, limit) {
        (Some(elapsed), Some(limit)) => format!("{elapsed}, at most {limit}"),
        (Some(elapsed), None) => elapsed,
        (None, _) => String::new(),
    }
}

/// A duration in which every second counts.
fn clock(time: SignedDuration) -> String {
    let seconds = time.as_secs();
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds}s"),
        (0, minutes, seconds) => format!("{minutes}m {seconds:02}s"),
        (hours, minutes, seconds) => format!("{hours}h {minutes:02}m {seconds:02}s"),
    }
}

/// One line.
pub fn text(wait: &Wait) -> String {
    match &wait.what {
        Waiting::Effect(of) => effect::text(of),
        Waiting::Retry { effect: of, because } => {
            format!("{}: retrying soon ({})", effect::text(of), fault::words(because).line())
        }
        Waiting::Scan { image, account, pending } => {
            let why = match pending {
                ScanPending::NotRead => "not read yet".to_owned(),
                ScanPending::Waits(waits) => gate::wait(waits),
                ScanPending::ReadAgain => "scanned; it is read again after `settle`".to_owned(),
            };
            format!("scan of {image} in {account}: {why}")
        }
        Waiting::Approval { stage } => match wait.until {
            Some(until) => format!("approval of {stage}, until {}", moment(until)),
            None => format!("approval of {stage}"),
        },
        Waiting::Comparison { stage } => format!("reading the approval of {stage} in CodePipeline"),
        Waiting::Lock { stage } => format!("{stage} is locked by another release"),
        Waiting::Step { at, part, progress } => {
            let back = match part {
                StepPart::Whole | StepPart::Task(_) | StepPart::Service(_, Direction::Forward) => "",
                StepPart::Service(_, Direction::Back) => " is rolled back",
            };
            match progress {
                StepProgress::Runs => format!("{} runs", step::part(at, part)),
                StepProgress::Rollout(rollout) => {
                    format!("{}{back}: {}", step::part(at, part), rollout::progress(rollout))
                }
                StepProgress::Updated => format!("{}{back}: updated", step::part(at, part)),
                StepProgress::Proving => format!("{}{back}: proving what runs", step::part(at, part)),
            }
        }
        Waiting::Store { error } => format!("waiting for the state store: {}", fault::state::words(error, None).line()),
        Waiting::Finishing { .. } => "finishing work in progress".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::release::samples::{at, id};

    fn scan(since: i64) -> Wait {
        let what = Waiting::Scan { image: id("web"), account: id("main"), pending: ScanPending::NotRead };
        Wait::at_most(what, at(since), SignedDuration::from_hours(1))
    }

    #[test]
    fn a_wait_has_the_time_that_it_took_and_may_take() {
        assert_eq!(time(&scan(0), at(65)), "1m 05s, at most 1h");
        assert_eq!(time(&scan(0), at(3600 + 62)), "1h 01m 02s, at most 1h");
        assert_eq!(time(&scan(10), at(0)), "0s, at most 1h", "the clock of who began it is ahead");
        let lock = Waiting::Lock { stage: id("dev") };
        assert_eq!(time(&Wait::unlimited(lock.clone(), Some(at(0))), at(5)), "5s");
        assert_eq!(time(&Wait::unlimited(lock, None), at(5)), "");
    }

    #[test]
    fn a_reminder_names_each_wait_with_its_time() {
        let lock = Wait::unlimited(Waiting::Lock { stage: id("dev") }, None);
        insta::assert_snapshot!(
            reminder(&[scan(0), lock], at(65)),
            @"· waiting: scan of web in main: not read yet (1m 05s, at most 1h); dev is locked by another release"
        );
    }
}
