//! A release's values for other programs: the variables of `--env-file`, and the properties of reports.

use crate::model::outcome::Outcome;
use crate::model::release::Release;
use crate::model::stage_state::Approval;

/// Names in lower case, and values of one word or none: digests separated by commas, and the plan of the last approval request.
/// Without an outcome, the release has not ended.
pub fn of(release: &Release, outcome: Option<Outcome>) -> [(&'static str, String); 4] {
    let digests: Vec<String> = release.images.values().map(|i| i.digest.to_string()).collect();
    let plan = release.started.pipeline.stages.iter().rev().find_map(|s| match &release.stage(&s.name).approval {
        Approval::Requested(request) | Approval::Given(_, request) => Some(request.plan.to_string()),
        Approval::NotRequested | Approval::Rejected(_) | Approval::Expired(_) | Approval::Closed { .. } => None,
    });
    let outcome = outcome.and_then(|o| serde_json::to_value(o).ok());
    let outcome = outcome.as_ref().and_then(|o| o.as_str()).unwrap_or_default();
    [
        ("release", release.id.to_string()),
        ("digest", digests.join(",")),
        ("plan", plan.unwrap_or_default()),
        ("outcome", outcome.to_owned()),
    ]
}
