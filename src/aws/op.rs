//! What a call is, for its quota, its errors, and the words about it.

/// One AWS call: IAM's name of the action, and what it is done to. Made by `Operation::on`.
#[derive(Debug, Clone)]
pub struct Op {
    /// As in a policy: `ecs:UpdateService`.
    pub action: &'static str,
    /// The thing in words: `service web of cluster asset-prod`.
    pub on: String,
    /// Whether a lost answer leaves it open if something changed.
    pub writes: bool,
}
