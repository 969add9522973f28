//! What others said, checked and turned into facts.

use crate::engine::approval::refusal;
use crate::engine::since::with_difference;
use crate::model::approval::{Answer, ApprovalAnswer, ApprovalWay};
use crate::model::event::Fact;
use crate::model::inbox::{Message, MessageBody};
use crate::model::release::Release;
use crate::model::stage_state::Approval;

/// The fact that a message amounts to by now; none where it comes too late or speaks of nothing.
pub fn absorb(release: &Release, message: &Message) -> Option<Fact> {
    match &message.body {
        MessageBody::Answer(answer) => from_inbox(release, answer, message),
        MessageBody::Withdraw { stage, by, comment } => {
            let state = release.stages.get(stage)?;
            let (Approval::Given(given, _), None) = (&state.approval, state.entered) else { return None };
            if given.by.arn != by.arn {
                return Some(Fact::Warned {
                    text: format!("{} tried to withdraw the approval that {} gave for {stage}", by.arn, given.by.arn),
                });
            }
            Some(Fact::ApprovalWithdrawn { stage: stage.clone(), by: by.clone(), comment: comment.clone() })
        }
        MessageBody::Abort { by, reason, roll_back } => {
            if release.abort.is_some() {
                return None;
            }
            if release.is_through() {
                let text = format!("{} asked to end it when all of it was done", by.arn);
                return Some(Fact::Warned { text });
            }
            Some(Fact::AbortRequested { by: by.clone(), reason: reason.clone(), roll_back: *roll_back })
        }
    }
}

/// An answer that was left here: only where kanmon's own inbox is the place to decide, and while the question stood.
fn from_inbox(release: &Release, answer: &ApprovalAnswer, message: &Message) -> Option<Fact> {
    let policy = release.started.pipeline.stage(&answer.stage)?.approval.as_ref()?;
    let Approval::Asked(request) = &release.stages.get(&answer.stage)?.approval else { return None };
    let why = match &policy.way {
        ApprovalWay::CodePipeline { pipeline, action, .. } => {
            Some(format!("{} is decided in CodePipeline ({pipeline}, {action})", answer.stage))
        }
        ApprovalWay::Kanmon if message.at >= request.expires_at => {
            Some(format!("it came after {}, when the question had expired", request.expires_at))
        }
        ApprovalWay::Kanmon => None,
    };
    match why {
        Some(why) => Some(Fact::ApprovalRefused { answer: answer.clone(), why, closes: false }),
        None => answered(release, answer, false),
    }
}

/// Whether an answer counts. `closes`: where it was given, no other can follow.
pub fn answered(release: &Release, answer: &ApprovalAnswer, closes: bool) -> Option<Fact> {
    let state = release.stages.get(&answer.stage)?;
    let Approval::Asked(request) = &state.approval else { return None };
    let policy = release.started.pipeline.stage(&answer.stage)?.approval.as_ref()?;
    Some(match refusal(policy, &release.requesters, request, answer) {
        Some(why) => {
            let why = match answer.plan == request.plan {
                true => why,
                false => with_difference(why, release, &answer.stage, &answer.plan),
            };
            Fact::ApprovalRefused { answer: answer.clone(), why, closes }
        }
        None => match answer.answer {
            Answer::Approved => Fact::ApprovalGiven { answer: answer.clone() },
            Answer::Rejected => Fact::ApprovalRejected { answer: answer.clone() },
        },
    })
}

#[cfg(test)]
mod tests;
