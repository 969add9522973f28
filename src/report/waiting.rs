//! What a release waits for, in words.

use jiff::SignedDuration;

use super::{effect, fault, gate, rollout, step};
use crate::model::format::{lasting, moment};
use crate::model::step::part::{Direction, StepPart};
use crate::model::waiting::{ScanPending, StepProgress, Waiting};

/// What is waited for, in a log in which nothing else was printed for a while. `since`: the log's first line.
pub fn after(since: SignedDuration, what: &[String]) -> String {
    format!("· after {}: {}", lasting(since), what.join("; "))
}

/// One line.
pub fn text(waiting: &Waiting) -> String {
    match waiting {
        Waiting::Effect(of) => effect::text(of),
        Waiting::Retry { effect: of, because, .. } => {
            format!("retrying soon: {} ({})", effect::text(of), fault::words(because).line())
        }
        Waiting::Scan { image, account, pending } => {
            let why = match pending {
                ScanPending::NotRead => "not read yet".to_owned(),
                ScanPending::Waits(waits) => gate::wait(waits),
                ScanPending::ReadAgain => "scanned; reading it again".to_owned(),
            };
            format!("scan of {image} in {account}: {why}")
        }
        Waiting::Approval { stage, expires_at } => format!("approval of {stage}, until {}", moment(*expires_at)),
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
