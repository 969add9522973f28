//! What a command reports while it continues. `report` writes the words.

use jiff::SignedDuration;

use super::approval_reason::UnknownRequester;
use super::fault::Fault;
use super::freeze::Frozen;
use super::git_problem::CheckoutNotice;
use super::ids::{ReleaseId, StageName};

#[derive(Debug, Clone, PartialEq)]
pub enum Notice {
    /// kanmon checks whether the process that has the release's lease is still running. `within`: for how long at most, where known.
    CheckingHolder { holder: String, within: Option<SignedDuration> },
    /// What git cannot report about the working tree.
    Checkout(CheckoutNotice),
    /// A stage that the release is to enter is frozen.
    Frozen { release: ReleaseId, stage: StageName, frozen: Frozen },
    /// The approval of the stage after the last one is not requested in advance, because nobody may approve it.
    ApprovalNotRequested { stage: StageName, unknown: UnknownRequester },
    /// A rejection in CodePipeline that no process had read was recorded now.
    RejectionRecorded { release: ReleaseId },
    /// Whether a release was rejected in CodePipeline cannot be read.
    RejectionUnreadable { release: ReleaseId, fault: Fault },
}

impl Notice {
    /// Whether a person should see it before they continue.
    pub fn is_warning(&self) -> bool {
        match self {
            Notice::Checkout(_) | Notice::Frozen { .. } | Notice::RejectionUnreadable { .. } => true,
            Notice::CheckingHolder { .. } | Notice::ApprovalNotRequested { .. } | Notice::RejectionRecorded { .. } => {
                false
            }
        }
    }
}
