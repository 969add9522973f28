//! Whether an answer counts.

use crate::model::approval::{ApprovalAnswer, ApprovalPolicy, ApprovalRequest, Requester};
use crate::model::approvers::{matches, same_person};

/// Why an answer does not count, as a sentence; `None`: it does.
///
/// A person who is also the requester counts only where the policy says so, and where it does not, an unknown requester could be
/// anybody: refused too. Rejecting is open to everybody who may approve, the requester included.
pub fn refusal(
    policy: &ApprovalPolicy,
    requester: &Requester,
    request: &ApprovalRequest,
    answer: &ApprovalAnswer,
) -> Option<String> {
    use crate::model::approval::Answer;
    if answer.plan != request.plan {
        return Some(format!(
            "it is about plan {}, and what would be deployed now is plan {}",
            answer.plan.short(),
            request.plan.short()
        ));
    }
    if let Some(why) = no_approver(policy, &answer.by.arn) {
        return Some(why);
    }
    match answer.answer {
        Answer::Rejected => return None,
        Answer::Approved => {}
    }
    if policy.self_approval {
        return None;
    }
    if !answer.by.arn.starts_with("arn:") {
        return Some(
            "it is not known who approved it, so it may have been the one who asked for this release".to_owned(),
        );
    }
    match requester {
        Requester::Person { identity } if same_person(&identity.arn, &answer.by.arn) => {
            Some(format!("{} asked for this release and may not approve it", answer.by.arn))
        }
        Requester::Person { .. } => None,
        Requester::Pipeline { trigger: Some(trigger), .. } if same_person(trigger, &answer.by.arn) => {
            Some(format!("{} started this pipeline and may not approve it", answer.by.arn))
        }
        Requester::Pipeline { trigger: Some(_), .. } => None,
        Requester::Pipeline { trigger: None, .. } | Requester::Unknown => {
            Some("it is not known who asked for this release, so nobody can be shown to be somebody else".to_owned())
        }
    }
}

/// Why somebody may not decide, as a sentence; `None`: they may, wherever the question is asked.
pub fn no_approver(policy: &ApprovalPolicy, arn: &str) -> Option<String> {
    let approvers = &policy.approvers;
    let named = approvers.is_empty() || approvers.iter().any(|pattern| matches(pattern, arn));
    (!named).then(|| format!("{arn} is not among the approvers ({})", approvers.join(", ")))
}

#[cfg(test)]
mod tests;
