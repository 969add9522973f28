//! Whether an answer counts.

use crate::model::approval::{Answer, ApprovalAnswer, ApprovalPolicy, ApprovalRequest, Requester, Trigger};
use crate::model::approval_reason::{AnswerReason, Conflict, UnknownRequester};
use crate::model::approvers::{matches, same_person};
use crate::model::machine;

/// Why an answer does not count; `None`: it does.
///
/// A requester's approval counts only where the policy allows self-approval. Everybody who may approve may reject, the requester included.
pub fn refusal(
    policy: &ApprovalPolicy,
    requesters: &[Requester],
    request: &ApprovalRequest,
    answer: &ApprovalAnswer,
) -> Option<AnswerReason> {
    if answer.plan != request.plan {
        let (answered, requested) = (answer.plan.clone(), request.plan.clone());
        return Some(AnswerReason::AnotherPlan { answered, requested, differences: Vec::new() });
    }
    let arn = answer.arn();
    if !may_decide(policy, arn) {
        let arn = arn.map(str::to_owned);
        return Some(AnswerReason::NotAnApprover { arn, approvers: policy.approvers.clone() });
    }
    match answer.answer {
        Answer::Rejected => None,
        Answer::Approved => conflict(policy, requesters, arn).map(|conflict| AnswerReason::Requester { conflict }),
    }
}

/// Why this principal may not approve for these requesters; `None`: it is not one of them. `arn`: `None` where it is unknown.
///
/// All requesters count: who started the release, who extended it and who resumed it. An unknown one could be anybody.
pub fn conflict(policy: &ApprovalPolicy, requesters: &[Requester], arn: Option<&str>) -> Option<Conflict> {
    if policy.self_approval {
        return None;
    }
    // Whoever can write the record or the inbox can put a text there that is the ARN of nobody.
    let Some(arn) = arn.filter(|arn| arn.starts_with("arn:")) else {
        return Some(Conflict::ApproverUnknown);
    };
    if let Some(machine) = machine::of(arn) {
        return Some(Conflict::ApproverIsMachine { arn: arn.to_owned(), machine });
    }
    let unknown = || requesters.iter().find_map(unknown).map(|requester| Conflict::RequesterUnknown { requester });
    requesters.iter().find_map(|requester| same(requester, arn)).or_else(unknown)
}

/// How a principal is this requester.
fn same(requester: &Requester, arn: &str) -> Option<Conflict> {
    let is_requester = |by: &str| {
        let other = (by != arn).then(|| by.to_owned());
        same_person(by, arn).then(|| Conflict::IsRequester { arn: arn.to_owned(), by: other })
    };
    match requester {
        Requester::Person { identity } => is_requester(&identity.arn),
        Requester::Pipeline { trigger, by, .. } => {
            let started = match trigger {
                Trigger::Principal { arn: starter } => same_person(starter, arn),
                Trigger::Unknown { .. } => false,
            };
            match started {
                true => Some(Conflict::StartedPipeline { arn: arn.to_owned() }),
                false => is_requester(&by.arn),
            }
        }
        Requester::Unknown { by, .. } => {
            same_person(&by.arn, arn).then(|| Conflict::IsRequester { arn: arn.to_owned(), by: None })
        }
    }
}

/// Why the requester is unknown; `None`: it is known.
pub fn unknown(requester: &Requester) -> Option<UnknownRequester> {
    match requester {
        Requester::Person { .. } | Requester::Pipeline { trigger: Trigger::Principal { .. }, .. } => None,
        Requester::Pipeline { execution, pipeline, trigger: Trigger::Unknown { kind, detail }, .. } => {
            Some(UnknownRequester::Execution {
                execution: execution.clone(),
                pipeline: pipeline.clone(),
                kind: kind.clone(),
                detail: detail.clone(),
            })
        }
        Requester::Unknown { by, machine } => {
            Some(UnknownRequester::Machine { arn: by.arn.clone(), machine: machine.clone() })
        }
    }
}

/// Whether a principal may decide, with any approval method. No pattern matches an unknown one (`None`).
pub fn may_decide(policy: &ApprovalPolicy, arn: Option<&str>) -> bool {
    let matches = |arn| policy.approvers.iter().any(|pattern| matches(pattern, arn));
    policy.approvers.is_empty() || arn.is_some_and(matches)
}

#[cfg(test)]
mod tests;
