//! What `freeze` and `unfreeze` print.

use crate::model::freeze::Frozen;
use crate::model::ids::{ReleaseId, StageName};
use crate::report::freeze::text;

/// The stage was frozen before.
pub fn already(stage: &StageName, frozen: &Frozen) -> String {
    format!("{stage} is already frozen: {}", text(frozen))
}

/// The stage is frozen now. `inside`: the release that is in it, and who works on that.
pub fn now(stage: &StageName, inside: Option<(&ReleaseId, &str)>) -> String {
    let inside = inside.map_or_else(String::new, |(release, who)| {
        format!("; {release} ({who}) is in it, and deploys nothing more: ECS finishes the rollouts that have begun")
    });
    format!("{stage} is frozen: no release enters it until `kanmon unfreeze {stage} --comment WHY`{inside}")
}

/// The stage is not frozen. `was`: as it was frozen until now.
pub fn unfrozen(stage: &StageName, was: Option<&Frozen>) -> String {
    match was {
        Some(frozen) => format!("{stage} is no longer frozen; it was frozen: {}", text(frozen)),
        None => format!("{stage} is not frozen"),
    }
}
