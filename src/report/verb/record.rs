//! Records that cannot be read, for the verbs that list releases.

use crate::model::ids::ReleaseId;

/// A warning. `why`: in one line.
pub fn unreadable(id: &ReleaseId, why: &str) -> String {
    format!("the record of {id} cannot be read, and the release is left out: {why}")
}
