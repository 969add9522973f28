//! What `plan` prints below and around each stage's plan.

use crate::model::approval::{ApprovalPolicy, ApprovalWay};
use crate::model::fault::Fault;
use crate::model::gate::GateJudgement;
use crate::report::{fault, gate};

/// In place of the digest of an image that the release would build, with the blank before it.
pub const TO_BE_BUILT: &str = " (to be built)";

/// The gate's line; `None`: it cannot be judged yet.
pub fn gate(judgement: Option<&GateJudgement>) -> String {
    let gate = match judgement {
        Some(judgement) => gate::judgement(judgement),
        None => "judged once the image is built and scanned".to_owned(),
    };
    format!("  gate  {gate}")
}

/// The approval's line: who has to approve.
pub fn approval(policy: &ApprovalPolicy) -> String {
    let who = match policy.approvers.as_slice() {
        [] => "another person".to_owned(),
        patterns => patterns.join(" or "),
    };
    match &policy.way {
        ApprovalWay::Kanmon => format!("  approval  required: {who}"),
        ApprovalWay::CodePipeline { pipeline, action, .. } => {
            format!("  approval  required: {who}, in CodePipeline {pipeline}, action {action}")
        }
    }
}

/// A warning: why a release with this plan would be refused.
pub fn refused(why: &Fault) -> String {
    let words = fault::words(why);
    let parts: Vec<String> = std::iter::once(words.sentence).chain(words.hints).collect();
    format!("a release from here would be refused: {}", parts.join("; "))
}
