//! Checks messages of the inbox and turns them into facts.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::approval::{may_decide, refusal};
use super::plan_diff;
use crate::model::approval::{Answer, ApprovalAnswer, ApprovalPolicy, ApprovalRequest, ApprovalWay};
use crate::model::approval_reason::{AnswerReason, Settled, WithdrawalRefusal};
use crate::model::ending::Ending;
use crate::model::event::{EVENT_VERSION, Event, Fact};
use crate::model::ids::StageName;
use crate::model::inbox::{Message, MessageBody};
use crate::model::release::Release;
use crate::model::stage_state::{Approval, StageState};
use crate::model::warning::Warning;

/// The fact that follows from a message now. A message about an approval always has one, even where it is too late: its sender reads the
/// result in the record. `None`: it is about something that does not exist.
pub fn absorb(release: &Release, message: &Message) -> Option<Fact> {
    match &message.body {
        MessageBody::Answer(answer) => from_inbox(release, answer, message),
        MessageBody::Withdraw { stage, by, comment } => {
            let state = release.stages.get(stage)?;
            let policy = release.started.pipeline.stage(stage)?.approval.as_ref()?;
            let settled = || settled(state).map(|settled| WithdrawalRefusal::Settled { settled });
            let refusal = match &state.approval {
                _ if state.entered.is_some() => settled(),
                // It may be approved in CodePipeline although no process has read that.
                Approval::Requested(request) if request.execution.is_some() => withdrawal_refusal(policy, &by.arn),
                Approval::Given(given, _) if given.arn() == Some(&by.arn) => None,
                Approval::Given(..) => withdrawal_refusal(policy, &by.arn),
                Approval::Requested(_) => Some(WithdrawalRefusal::NotApproved),
                Approval::NotRequested | Approval::Rejected(_) | Approval::Expired(_) | Approval::Closed { .. } => {
                    settled()
                }
            };
            Some(match refusal {
                None => Fact::ApprovalWithdrawn { stage: stage.clone(), by: by.clone(), comment: comment.clone() },
                Some(refusal) => Fact::Warned {
                    warning: Warning::WithdrawalRefused { stage: stage.clone(), by: by.arn.clone(), refusal },
                },
            })
        }
        MessageBody::Abort { by, reason, roll_back } => {
            if release.abort.is_some() {
                return None;
            }
            if release.is_through() {
                return Some(Fact::Warned { warning: Warning::AbortTooLate { by: by.arn.clone() } });
            }
            Some(Fact::AbortRequested { by: by.clone(), reason: reason.clone(), roll_back: *roll_back })
        }
    }
}

/// The fact for an answer in the inbox. An approval counts only where approval is given in kanmon, and while the request is open; a rejection
/// also counts after an approval, until that is used.
fn from_inbox(release: &Release, answer: &ApprovalAnswer, message: &Message) -> Option<Fact> {
    let policy = release.started.pipeline.stage(&answer.stage)?.approval.as_ref()?;
    let state = release.stages.get(&answer.stage)?;
    let counts = |request: &ApprovalRequest| match answer.answer {
        Answer::Rejected => None,
        Answer::Approved => match &policy.way {
            ApprovalWay::CodePipeline { pipeline, action, .. } => Some(AnswerReason::DecidedInCodePipeline {
                stage: answer.stage.clone(),
                pipeline: pipeline.clone(),
                action: action.clone(),
            }),
            ApprovalWay::Kanmon if message.at >= request.expires_at => {
                Some(AnswerReason::TooLate { expired_at: request.expires_at })
            }
            ApprovalWay::Kanmon => None,
        },
    };
    let settled = || settled(state).map(|settled| AnswerReason::Settled { settled });
    let reason = match (&state.approval, answer.answer) {
        _ if state.entered.is_some() => settled(),
        (Approval::Requested(request), _) => counts(request),
        (Approval::Given(..), Answer::Rejected) => None,
        (Approval::Given(..), Answer::Approved)
        | (Approval::NotRequested | Approval::Rejected(_) | Approval::Expired(_) | Approval::Closed { .. }, _) => {
            settled()
        }
    };
    match reason {
        Some(reason) => Some(Fact::ApprovalRefused { answer: answer.clone(), reason, closes: false }),
        None => answered(release, answer, false),
    }
}

/// The fact for an answer to an open request, or to one that is approved and not used. `closes`: no other answer can follow.
pub fn answered(release: &Release, answer: &ApprovalAnswer, closes: bool) -> Option<Fact> {
    let state = release.stages.get(&answer.stage)?;
    let request = match (&state.approval, answer.answer) {
        (Approval::Requested(request), _) | (Approval::Given(_, request), Answer::Rejected) => request,
        (Approval::Given(..), Answer::Approved)
        | (Approval::NotRequested | Approval::Rejected(_) | Approval::Expired(_) | Approval::Closed { .. }, _) => {
            return None;
        }
    };
    let policy = release.started.pipeline.stage(&answer.stage)?.approval.as_ref()?;
    Some(match refusal(policy, &release.requesters, request, answer) {
        Some(reason) => {
            let reason = with_differences(reason, release, &answer.stage);
            Fact::ApprovalRefused { answer: answer.clone(), reason, closes }
        }
        None => match answer.answer {
            Answer::Approved => Fact::ApprovalGiven { answer: answer.clone() },
            Answer::Rejected => rejected(release, answer.clone()),
        },
    })
}

/// A valid rejection, with the images that the stage would run.
pub fn rejected(release: &Release, answer: ApprovalAnswer) -> Fact {
    let stage = release.started.pipeline.stage(&answer.stage);
    let images = stage.map(|stage| release.digests(stage)).unwrap_or_default();
    Fact::ApprovalRejected { answer, images }
}

/// Adds the differences to a refusal that is about another plan.
fn with_differences(reason: AnswerReason, release: &Release, stage: &StageName) -> AnswerReason {
    match reason {
        AnswerReason::AnotherPlan { answered, requested, differences: _ } => {
            let differences = plan_diff::differences(release, stage, &answered);
            AnswerReason::AnotherPlan { answered, requested, differences }
        }
        reason @ (AnswerReason::NotAnApprover { .. }
        | AnswerReason::Requester { .. }
        | AnswerReason::DecidedInCodePipeline { .. }
        | AnswerReason::TooLate { .. }
        | AnswerReason::Settled { .. }
        | AnswerReason::PlanNotShown { .. }
        | AnswerReason::GivenBefore { .. }
        | AnswerReason::ReleaseEnded { .. }) => reason,
    }
}

/// Why a withdrawal does not count; `None`: it counts.
fn withdrawal_refusal(policy: &ApprovalPolicy, arn: &str) -> Option<WithdrawalRefusal> {
    let refusal = || WithdrawalRefusal::NotAnApprover { arn: arn.to_owned(), approvers: policy.approvers.clone() };
    (!may_decide(policy, Some(arn))).then(refusal)
}

/// Why a stage's approval can no longer be decided; `None`: it can.
pub fn settled(state: &StageState) -> Option<Settled> {
    if let Some(entered) = state.entered {
        return Some(Settled::Used { entered_at: entered });
    }
    match &state.approval {
        Approval::Requested(_) => None,
        Approval::NotRequested => Some(Settled::NotRequested),
        Approval::Given(given, _) => Some(Settled::Approved { by: given.arn().map(str::to_owned) }),
        Approval::Rejected(given) => Some(Settled::Rejected { by: given.arn().map(str::to_owned) }),
        Approval::Expired(why) => Some(Settled::Expired { why: why.clone() }),
        Approval::Closed { why } => Some(Settled::Closed { why: Box::new(why.clone()) }),
    }
}

/// Whether the inbox must be read before these facts are recorded: afterwards its messages would be too late.
pub fn absorb_first(facts: &[Fact]) -> bool {
    facts.iter().any(|fact| {
        matches!(fact, Fact::StageEntered { .. } | Fact::ApprovalExpired { .. } | Fact::ApprovalVoided { .. })
    })
}

/// The ending, where the release has ended finally and without success, so that it cannot use an approval any more.
pub fn over(release: &Release) -> Option<&Ending> {
    release.ended_for_good().filter(|ending| !ending.outcome().is_success())
}

/// The release after these messages are read, and the fact that follows from each, by message id. A release that has ended finally takes no
/// approval: `promote` drops the unread ones and requests approval again.
pub fn preview(release: &Release, messages: &[Message]) -> (Release, BTreeMap<u64, Option<Fact>>) {
    let mut next = release.clone();
    // A process that resumes it reads them first.
    next.ending = None;
    let mut facts = BTreeMap::new();
    for message in messages {
        let fact = absorb(&next, message).map(|fact| match (fact, over(release)) {
            (Fact::ApprovalGiven { answer }, Some(ending)) => {
                let reason = AnswerReason::ReleaseEnded { outcome: ending.outcome() };
                Fact::ApprovalRefused { answer, reason, closes: false }
            }
            (fact, _) => fact,
        });
        if let Some(fact) = fact.clone() {
            next = with_fact(&next, fact, message.at);
        }
        facts.insert(message.id, fact);
    }
    next.ending.clone_from(&release.ending);
    (next, facts)
}

/// The release after this fact, even if it has ended. If the fact cannot follow, the release is unchanged.
pub fn with_fact(release: &Release, fact: Fact, at: Timestamp) -> Release {
    let mut next = release.clone();
    next.ending = None;
    let event = Event { v: EVENT_VERSION, seq: next.seq + 1, at, release: next.id.clone(), fact };
    if next.apply(&event).is_err() {
        return release.clone();
    }
    // The fact is not recorded.
    (next.seq, next.at) = (release.seq, release.at);
    next.ending.clone_from(&release.ending);
    next
}

#[cfg(test)]
mod tests;
