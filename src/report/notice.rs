//! The words of what a command reports while it goes on.

use super::refusal::unknown_hint;
use crate::model::notice::Notice;
use crate::model::words;

/// One sentence.
pub fn words(notice: &Notice) -> String {
    match notice {
        Notice::CheckingHolder { holder, within: Some(within) } => {
            format!("{holder} has not reported; checking for {} s whether it is still running", within.as_secs())
        }
        Notice::CheckingHolder { holder, within: None } => format!("checking whether {holder} is still running"),
        Notice::Checkout { text } => text.clone(),
        Notice::Frozen { release, stage, frozen } => {
            let who = words::frozen(frozen);
            format!(
                "{stage} is frozen: {} ({who}); {release} stops before it until `kanmon unfreeze {stage} --reason WHY`",
                frozen.reason
            )
        }
        Notice::NotAskedFor { stage, unknown } => format!(
            "{stage} is not asked for: nobody may approve it of this release, for {}; {}",
            unknown.why,
            unknown_hint(unknown)
        ),
        Notice::RejectionRecorded { release } => {
            format!("{release} was rejected in CodePipeline; its record says so now")
        }
        Notice::RejectionUnreadable { release, fault } => {
            format!("whether {release} was rejected in CodePipeline cannot be read: {fault}")
        }
    }
}
