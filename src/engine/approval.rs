//! Whether an answer counts.

use crate::model::approval::{ApprovalAnswer, ApprovalPolicy, ApprovalRequest, ApprovalWay, Requester};

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
    match &policy.way {
        ApprovalWay::Kanmon { approvers } => {
            if !approvers.is_empty() && !approvers.iter().any(|pattern| matches(pattern, &answer.by.arn)) {
                return Some(format!("{} is not among the approvers ({})", answer.by.arn, approvers.join(", ")));
            }
        }
        ApprovalWay::CodePipeline { .. } => {}
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

/// Whether two ARNs are one principal. Sessions of one role are told apart by nothing that proves a person, so they count as one,
/// unless the role is an SSO one, whose session name is the user's.
fn same_person(a: &str, b: &str) -> bool {
    a == b || (person(a).is_some() && person(a) == person(b))
}

fn person(arn: &str) -> Option<&str> {
    let (_, session) = arn.split_once(":assumed-role/")?;
    if session.starts_with("AWSReservedSSO_") { Some(arn) } else { arn.rsplit_once('/').map(|(role, _)| role) }
}

/// `*` for any run of characters, `?` for one. Takes time of length times length at most, whatever the pattern.
fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t) = (0, 0);
    // Where to go on when what follows the last star does not fit: the star takes one character more.
    let mut again = None;
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                again = Some((p + 1, t));
                p += 1;
            }
            Some(&c) if c == '?' || c == text[t] => (p, t) = (p + 1, t + 1),
            _ => match again {
                Some((after_star, taken)) => {
                    again = Some((after_star, taken + 1));
                    (p, t) = (after_star, taken + 1);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests;
