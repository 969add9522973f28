//! The words of a command's notices.

use super::approval::unknown_requester;
use super::refusal::unknown_hint;
use super::{checkout, fault, freeze};
use crate::model::fault::Fault;
use crate::model::ids::ReleaseId;
use crate::model::notice::Notice;

/// One sentence.
pub fn words(notice: &Notice) -> String {
    match notice {
        Notice::CheckingHolder { holder, within: Some(within) } => {
            format!("{holder} has not reported; checking for {} s whether it is still running", within.as_secs())
        }
        Notice::CheckingHolder { holder, within: None } => format!("checking whether {holder} is still running"),
        Notice::Checkout(notice) => checkout::notice(notice),
        Notice::Frozen { release, stage, frozen } => {
            let why = freeze::text(frozen);
            format!("{stage} is frozen: {why}; {release} stops before it until `kanmon unfreeze {stage} --comment WHY`")
        }
        Notice::ApprovalNotRequested { stage, unknown } => format!(
            "approval of {stage} is not requested: nobody may approve it for this release, because {}; {}",
            unknown_requester(unknown),
            unknown_hint(unknown)
        ),
        Notice::RejectionRecorded { release } => {
            format!("{release} was rejected in CodePipeline; its record now shows this")
        }
        Notice::RejectionUnreadable { release, fault } => rejection_unreadable(release, fault),
    }
}

/// Whether a release was rejected in CodePipeline cannot be read.
pub fn rejection_unreadable(release: &ReleaseId, fault: &Fault) -> String {
    format!("whether {release} was rejected in CodePipeline cannot be read: {}", fault::words(fault).line())
}
