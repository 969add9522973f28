//! Messages to a release while one process works on it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::approval::{ApprovalAnswer, Identity};
use super::ids::{ReleaseId, StageName};

/// A message in a release's inbox. The holder checks it, and absorbs it as a fact.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// Its number in the inbox, assigned by the store.
    pub id: u64,
    pub at: Timestamp,
    pub release: ReleaseId,
    #[serde(flatten)]
    pub body: MessageBody,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "message", rename_all = "kebab-case")]
pub enum MessageBody {
    Answer(ApprovalAnswer),
    Withdraw { stage: StageName, by: Identity, comment: String },
    Abort { by: Identity, reason: String, roll_back: bool },
}
