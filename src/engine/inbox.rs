//! Messages of others, checked and turned into facts.

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

/// The fact that follows from a message now. A message about an approval always has one, even where it comes too late: who sent it
/// reads the result in the record. `None` where it is about something that does not exist.
pub fn absorb(release: &Release, message: &Message) -> Option<Fact> {
    match &message.body {
        MessageBody::Answer(answer) => from_inbox(release, answer, message),
        MessageBody::Withdraw { stage, by, comment } => {
            let state = release.stages.get(stage)?;
            let policy = release.started.pipeline.stage(stage)?.approval.as_ref()?;
            let settled = || settled(state).map(|settled| WithdrawalRefusal::Settled { settled });
            let refusal = match &state.approval {
                _ if state.entered.is_some() => settled(),
                // In CodePipeline it may have been approved without anybody having read that.
                Approval::Asked(request) if request.execution.is_some() => withdrawal_refusal(policy, &by.arn),
                Approval::Given(given, _) if given.by.arn == by.arn => None,
                Approval::Given(..) => withdrawal_refusal(policy, &by.arn),
                Approval::Asked(_) => Some(WithdrawalRefusal::NotApproved),
                Approval::NotAsked | Approval::Rejected(_) | Approval::Expired(_) | Approval::Closed { .. } => {
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

/// An answer that was left here. An approval counts only where kanmon's own inbox is the place to decide, and while the question
/// is open; a rejection also after an approval, until that is used.
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
        (Approval::Asked(request), _) => counts(request),
        (Approval::Given(..), Answer::Rejected) => None,
        (Approval::Given(..), Answer::Approved)
        | (Approval::NotAsked | Approval::Rejected(_) | Approval::Expired(_) | Approval::Closed { .. }, _) => settled(),
    };
    match reason {
        Some(reason) => Some(Fact::ApprovalRefused { answer: answer.clone(), reason, closes: false }),
        None => answered(release, answer, false),
    }
}

/// Whether an answer to the open question, or to one that was approved and not used, counts. `closes`: where it was given, no
/// other can follow.
pub fn answered(release: &Release, answer: &ApprovalAnswer, closes: bool) -> Option<Fact> {
    let state = release.stages.get(&answer.stage)?;
    let request = match (&state.approval, answer.answer) {
        (Approval::Asked(request), _) | (Approval::Given(_, request), Answer::Rejected) => request,
        (Approval::Given(..), Answer::Approved)
        | (Approval::NotAsked | Approval::Rejected(_) | Approval::Expired(_) | Approval::Closed { .. }, _) => {
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

/// A rejection that counts, of the images that the stage would run.
pub fn rejected(release: &Release, answer: ApprovalAnswer) -> Fact {
    let stage = release.started.pipeline.stage(&answer.stage);
    let images = stage.map(|stage| release.digests(stage)).unwrap_or_default();
    Fact::ApprovalRejected { answer, images }
}

/// A refusal, with what differs between the plans where it is about two of them.
fn with_differences(reason: AnswerReason, release: &Release, stage: &StageName) -> AnswerReason {
    match reason {
        AnswerReason::AnotherPlan { answered, asked, differences: _ } => {
            let differences = plan_diff::differences(release, stage, &answered);
            AnswerReason::AnotherPlan { answered, asked, differences }
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

/// Why somebody's withdrawal does not count; `None`: they may withdraw.
fn withdrawal_refusal(policy: &ApprovalPolicy, arn: &str) -> Option<WithdrawalRefusal> {
    let refusal = || WithdrawalRefusal::NotAnApprover { arn: arn.to_owned(), approvers: policy.approvers.clone() };
    (!may_decide(policy, arn)).then(refusal)
}

/// Why a stage's approval can no longer be decided; `None`: it can.
pub fn settled(state: &StageState) -> Option<Settled> {
    if let Some(entered) = state.entered {
        return Some(Settled::Used { entered_at: entered });
    }
    match &state.approval {
        Approval::Asked(_) => None,
        Approval::NotAsked => Some(Settled::NotAsked),
        Approval::Given(given, _) => Some(Settled::Approved { by: given.by.arn.clone() }),
        Approval::Rejected(given) => Some(Settled::Rejected { by: given.by.arn.clone() }),
        Approval::Expired(why) => Some(Settled::Expired { why: why.clone() }),
        Approval::Closed { why } => Some(Settled::Closed { why: Box::new(why.clone()) }),
    }
}

/// Whether the inbox has to be read before these facts are written: afterwards its messages would come too late.
pub fn absorb_first(facts: &[Fact]) -> bool {
    facts.iter().any(|fact| {
        matches!(fact, Fact::StageEntered { .. } | Fact::ApprovalExpired { .. } | Fact::ApprovalVoided { .. })
    })
}

/// How a release ended, where an approval can no longer be used by it: for good, and not because it had done its part.
pub fn over(release: &Release) -> Option<&Ending> {
    release.ended_for_good().filter(|ending| !ending.outcome().is_success())
}

/// The release as it will be once these messages are read, and the fact that follows from each, by its id. What ended for good
/// takes no approval any more: whoever promotes it drops those that are left, and asks again.
pub fn preview(release: &Release, messages: &[Message]) -> (Release, BTreeMap<u64, Option<Fact>>) {
    let mut next = release.clone();
    // Whoever resumes it reads them before anything else.
    next.ending = None;
    let mut heard = BTreeMap::new();
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
        heard.insert(message.id, fact);
    }
    next.ending.clone_from(&release.ending);
    (next, heard)
}

/// A release as it will be once this fact is written down, though it has ended; one that cannot follow leaves it as it is.
pub fn with_fact(release: &Release, fact: Fact, at: Timestamp) -> Release {
    let mut next = release.clone();
    next.ending = None;
    let event = Event { v: EVENT_VERSION, seq: next.seq + 1, at, release: next.id.clone(), fact };
    if next.apply(&event).is_err() {
        return release.clone();
    }
    // It is not written down.
    (next.seq, next.at) = (release.seq, release.at);
    next.ending.clone_from(&release.ending);
    next
}

#[cfg(test)]
mod tests;
