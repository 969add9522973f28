//! What `promote` prints where there is nothing to do.

use crate::model::ids::{ReleaseId, StageName};
use crate::model::outcome::Outcome;
use crate::report::outcome::word;

/// The release already runs in the stage.
pub fn already(id: &ReleaseId, to: &StageName) -> String {
    format!("✓ {}: {id} already runs in {to}; nothing was changed", word(Outcome::Unchanged))
}
