//! What a command reports while it goes on and stops nothing. `report` writes the words.

use jiff::SignedDuration;

use super::approval_reason::UnknownRequester;
use super::fault::Fault;
use super::freeze::Frozen;
use super::git_problem::CheckoutNotice;
use super::ids::{ReleaseId, StageName};

#[derive(Debug, Clone, PartialEq)]
pub enum Notice {
    /// A process that holds a release has not reported; it is checked whether it is still running. `within`: for how long, where known.
    CheckingHolder { holder: String, within: Option<SignedDuration> },
    /// What git does not report about the working tree.
    Checkout(CheckoutNotice),
    /// A stage that the release has still to enter is frozen.
    Frozen { release: ReleaseId, stage: StageName, frozen: Frozen },
    /// The approval of the stage after the last one is not requested in advance, because nobody may approve it.
    NotAskedFor { stage: StageName, unknown: UnknownRequester },
    /// A rejection in CodePipeline that no process had read is recorded now.
    RejectionRecorded { release: ReleaseId },
    /// Whether a release was rejected in CodePipeline cannot be read.
    RejectionUnreadable { release: ReleaseId, fault: Fault },
}

impl Notice {
    /// Whether a person should know of it before they go on.
    pub fn is_warning(&self) -> bool {
        match self {
            Notice::Checkout(_) | Notice::Frozen { .. } | Notice::RejectionUnreadable { .. } => true,
            Notice::CheckingHolder { .. } | Notice::NotAskedFor { .. } | Notice::RejectionRecorded { .. } => false,
        }
    }
}
