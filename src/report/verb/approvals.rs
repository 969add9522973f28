//! What `approvals` prints beside the requests themselves, which are in [`crate::report::review`].

/// Instead of a list.
pub const NONE: &str = "no release waits for approval";
