//! Why approvals, answers and approval requests do not count, in words.

use super::display_names::{NOT_SHOWN, machine};
use super::outcome;
use crate::model::approval_reason::{
    AnswerReason, ApprovalMismatch, ClosedReason, Conflict, ExpiryReason, PlanDifference, Settled, UnknownRequester,
    VoidReason, WithdrawalRefusal,
};
use crate::model::arn;
use crate::model::format::lasting;
use crate::model::verdict::Verdict;
use crate::report::time::moment;

/// Why an answer does not count.
pub fn refusal(refusal: &AnswerReason) -> String {
    match refusal {
        AnswerReason::AnotherPlan { answered, requested, differences: found } => format!(
            "it is about plan {}, but what would be deployed now is plan {}{}",
            answered.short(),
            requested.short(),
            differences(found)
        ),
        AnswerReason::NotAnApprover { arn, approvers } => {
            not_an_approver(arn.as_deref().unwrap_or(NOT_SHOWN), approvers)
        }
        AnswerReason::Requester { conflict: found } => conflict(found),
        AnswerReason::DecidedInCodePipeline { stage, pipeline, action } => {
            format!("{stage} is decided in CodePipeline ({pipeline}, {action})")
        }
        AnswerReason::TooLate { expired_at } => {
            format!("it came after the approval request expired at {}", moment(*expired_at))
        }
        AnswerReason::Settled { settled: found } => settled(found),
        AnswerReason::PlanNotShown { action } => {
            format!("the message of action {action} does not name exactly one plan, so what was approved is unknown")
        }
        AnswerReason::GivenBefore { at } => format!("it was given at {}, before approval was requested", moment(*at)),
        AnswerReason::ReleaseEnded { outcome } => format!("the release has ended ({})", outcome::word(*outcome)),
    }
}

fn not_an_approver(arn: &str, approvers: &[String]) -> String {
    format!("{arn} is not among the approvers ({})", approvers.join(", "))
}

/// How the approver is, or may be, a requester.
pub fn conflict(conflict: &Conflict) -> String {
    match conflict {
        Conflict::ApproverUnknown => "the approver is unknown, and may be the requester".to_owned(),
        Conflict::ApproverIsMachine { arn, machine: what } => {
            format!("{arn} is {}, which does not identify a person, and may be the requester", machine(what))
        }
        Conflict::IsRequester { arn, by: None } => format!("{arn} requested this release and may not approve it"),
        Conflict::IsRequester { arn, by: Some(by) } => {
            format!("{arn} requested this release as {by} and may not approve it")
        }
        Conflict::StartedPipeline { arn } => format!("{arn} started this pipeline and may not approve it"),
        Conflict::RequesterUnknown { requester } => {
            format!("{}, so the approver may be the requester", unknown_requester(requester))
        }
    }
}

/// The requester, where it is not identified as a person.
pub fn unknown_requester(requester: &UnknownRequester) -> String {
    match requester {
        UnknownRequester::Execution { execution, pipeline, kind, detail } => {
            let by = match (kind, detail) {
                (None, None) => "something that CodePipeline does not name".to_owned(),
                (None, Some(detail)) => detail.clone(),
                (Some(kind), None) => kind.to_string(),
                (Some(kind), Some(detail)) => format!("{kind} ({detail})"),
            };
            format!("execution {execution} of {pipeline} was started by {by}, which does not identify a person")
        }
        UnknownRequester::Machine { arn, machine: what } => {
            format!("{} requested this release ({arn}), which does not identify a person", machine(what))
        }
    }
}

/// Why a stage's approval is settled.
pub fn settled(settled: &Settled) -> String {
    match settled {
        Settled::Used { entered_at } => {
            format!("the approval was used: the stage was entered at {}", moment(*entered_at))
        }
        Settled::NotRequested => "no approval was requested".to_owned(),
        Settled::Approved { by } => {
            format!("{} has already approved it", by.as_deref().unwrap_or(NOT_SHOWN))
        }
        Settled::Rejected { by } => format!("{} has rejected it", by.as_deref().unwrap_or(NOT_SHOWN)),
        Settled::Expired { why: None } => "the approval request has expired".to_owned(),
        Settled::Expired { why: Some(why) } => expiry(why),
        Settled::Closed { why } => closed(why),
    }
}

/// Why an approval request is closed for good.
pub fn closed(why: &ClosedReason) -> String {
    match why {
        ClosedReason::Withdrawn => {
            "it was withdrawn, and CodePipeline cannot ask again in the same execution".to_owned()
        }
        ClosedReason::Refused { refusal: found } => refusal(found),
    }
}

/// Why an approval request expired.
pub fn expiry(why: &ExpiryReason) -> String {
    match why {
        ExpiryReason::NoExecution { execution } => format!("CodePipeline does not know execution {execution}"),
        ExpiryReason::ExecutionEnded { execution, status } => format!("execution {execution} is {status}"),
        ExpiryReason::ActionEnded { execution, said: Some(said), .. } => format!("execution {execution}: {said}"),
        ExpiryReason::ActionEnded { execution, status, said: None } => {
            let status = status.as_ref().map_or("not reported", |status| status.as_str());
            format!("execution {execution}: the action's status is {status}, and nobody decided")
        }
        ExpiryReason::Untimed { execution } => {
            format!("CodePipeline does not say when execution {execution} was approved")
        }
    }
}

/// Why an approval or an approval request is void.
pub fn void(why: &VoidReason) -> String {
    match why {
        VoidReason::PlanChanged { was, now, approved, differences: found } => {
            let state = if *approved { "was approved" } else { "waited for approval" };
            format!("plan {} {state}, but it would now be plan {}{}", was.short(), now.short(), differences(found))
        }
        VoidReason::TooOld { approved_at, lives } => {
            format!("it was approved at {} and not used within {}", moment(*approved_at), lasting(*lives))
        }
        VoidReason::Requester { conflict: found } => conflict(found),
        VoidReason::ApproverGone { execution } => {
            format!("CodePipeline no longer says who approved execution {execution}")
        }
    }
}

/// How an approval in the record differs from what was approved.
pub fn mismatch(mismatch: &ApprovalMismatch) -> String {
    match mismatch {
        ApprovalMismatch::NoApproval => "no approval was given".to_owned(),
        ApprovalMismatch::AnotherPlan { approved, now } => {
            format!("plan {} was approved, but it would now be plan {}", approved.short(), now.short())
        }
        ApprovalMismatch::NoExecution { pipeline } => {
            format!("the record names no execution of CodePipeline {pipeline} that was approved")
        }
        ApprovalMismatch::NotAnApprover { arn, approvers } => not_an_approver(arn, approvers),
        ApprovalMismatch::AnotherApprover { pipeline, action, execution, by, recorded } => {
            let by = by.as_deref().unwrap_or("a person that it does not name");
            let recorded = recorded.as_deref().unwrap_or(NOT_SHOWN);
            format!(
                "action {action} of CodePipeline {pipeline}, execution {execution}, was approved by {by}, not by {recorded}"
            )
        }
        ApprovalMismatch::NotApproved { pipeline, action, execution, plan } => format!(
            "action {action} of CodePipeline {pipeline}, execution {execution}, shows no approval of plan {}",
            plan.short()
        ),
    }
}

/// Why a withdrawal does not count.
pub fn withdrawal(refusal: &WithdrawalRefusal) -> String {
    match refusal {
        WithdrawalRefusal::Settled { settled: found } => settled(found),
        WithdrawalRefusal::NotAnApprover { arn, approvers } => not_an_approver(arn, approvers),
        WithdrawalRefusal::NotApproved => "it is not approved".to_owned(),
    }
}

/// The differences, after a colon; empty where none is known.
fn differences(found: &[PlanDifference]) -> String {
    match found.is_empty() {
        true => String::new(),
        false => format!(": {}", found.iter().map(difference).collect::<Vec<_>>().join("; ")),
    }
}

fn difference(difference: &PlanDifference) -> String {
    let running = |arn: &Option<String>| arn.as_deref().map_or("nothing", arn::last).to_owned();
    match difference {
        PlanDifference::New { name } => format!("{name} is new"),
        PlanDifference::Gone { name } => format!("{name} no longer exists"),
        PlanDifference::Running { name, was, now } => {
            format!("{name} ran {} and now runs {}", running(was), running(now))
        }
        PlanDifference::Image { name, container, image } => {
            format!("container {container} of {name} would run {image}")
        }
        PlanDifference::Definition { name } => format!("another task definition would be registered for {name}"),
        PlanDifference::Verdict { was, now } => {
            format!("the gate's verdict was {} and is now {}", verdict(*was), verdict(*now))
        }
        PlanDifference::Blocking { findings } if findings.is_empty() => "no finding blocks any longer".to_owned(),
        PlanDifference::Blocking { findings } => format!("other findings block: {}", findings.join(", ")),
    }
}

fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "pass",
        Verdict::Waived => "waived",
        Verdict::Unknown => "unknown",
        Verdict::Fail => "fail",
    }
}
