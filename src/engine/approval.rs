//! Whether an answer counts.

use crate::model::approval::{ApprovalAnswer, ApprovalPolicy, ApprovalRequest, Requester, Trigger};
use crate::model::approvers::{matches, same_person};
use crate::model::machine;

/// Why an answer does not count, as a sentence; `None`: it does.
///
/// A person who is also a requester counts only where the policy says so. Rejecting is open to everybody who may approve, the requester included.
pub fn refusal(
    policy: &ApprovalPolicy,
    requesters: &[Requester],
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
    conflict(policy, requesters, &answer.by.arn)
}

/// Why this principal may not approve what these asked for; `None`: nothing says that it is one of them.
///
/// All who asked count together: who started the release, who took it further and who resumed it. Where one of them is unknown it
/// could be anybody.
pub fn conflict(policy: &ApprovalPolicy, requesters: &[Requester], arn: &str) -> Option<String> {
    if policy.self_approval {
        return None;
    }
    if !arn.starts_with("arn:") {
        return Some(
            "it is not known who approved it, so it may have been the one who asked for this release".to_owned(),
        );
    }
    if let Some(what) = machine::of(arn) {
        return Some(format!("{arn} is {what}, which does not name a person, so it may have been the one who asked"));
    }
    requesters
        .iter()
        .find_map(|requester| same(requester, arn))
        .or_else(|| requesters.iter().find_map(unknown).map(|who| format!("{who}, so it may have been the approver")))
}

/// How a principal is one who asked.
fn same(requester: &Requester, arn: &str) -> Option<String> {
    let asked = |by: &str| {
        let who = if by == arn { String::new() } else { format!(" as {by}") };
        same_person(by, arn).then(|| format!("{arn} asked for this release{who} and may not approve it"))
    };
    match requester {
        Requester::Person { identity } => asked(&identity.arn),
        Requester::Pipeline { trigger, by, .. } => {
            let started = match trigger {
                Trigger::Principal { arn: starter } => same_person(starter, arn),
                Trigger::Unknown { .. } => false,
            };
            if started {
                return Some(format!("{arn} started this pipeline and may not approve it"));
            }
            asked(&by.arn)
        }
        Requester::Unknown { by, .. } => {
            same_person(&by.arn, arn).then(|| format!("{arn} asked for this release and may not approve it"))
        }
    }
}

/// Why it is unknown who asked; `None`: it is known.
pub fn unknown(requester: &Requester) -> Option<String> {
    match requester {
        Requester::Person { .. } | Requester::Pipeline { trigger: Trigger::Principal { .. }, .. } => None,
        Requester::Pipeline { execution, pipeline, trigger: Trigger::Unknown { kind, detail }, .. } => {
            let by = match (kind.as_str(), detail.as_str()) {
                ("", "") => "something that CodePipeline does not name".to_owned(),
                ("", word) | (word, "") => word.to_owned(),
                (kind, detail) => format!("{kind} ({detail})"),
            };
            Some(format!("execution {execution} of {pipeline} was started by {by}, which does not name a person"))
        }
        Requester::Unknown { by, what } => {
            Some(format!("{what} asked for this release ({}), which does not name a person", by.arn))
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
