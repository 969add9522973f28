//! What a call is, for its quota, its errors, and the words about it.

/// One AWS call: IAM's name of the action, and what it is done to.
#[derive(Debug, Clone)]
pub struct Op {
    /// As in a policy: `ecs:UpdateService`.
    pub action: &'static str,
    /// The thing in words: `service web of cluster asset-prod`.
    pub on: String,
    /// Whether a lost answer leaves it open if something changed.
    pub writes: bool,
}

impl Op {
    pub fn read(action: &'static str, on: impl Into<String>) -> Op {
        Op { action, on: on.into(), writes: false }
    }

    pub fn write(action: &'static str, on: impl Into<String>) -> Op {
        Op { action, on: on.into(), writes: true }
    }
}
