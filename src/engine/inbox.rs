//! What others said, checked and turned into facts.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::approval::{no_approver, refusal};
use super::since::with_difference;
use crate::model::approval::{Answer, ApprovalAnswer, ApprovalRequest, ApprovalWay};
use crate::model::event::{EVENT_VERSION, Event, Fact};
use crate::model::inbox::{Message, MessageBody};
use crate::model::outcome::Ending;
use crate::model::release::Release;
use crate::model::stage_state::{Approval, StageState};
use crate::model::words::moment;

/// The fact that a message amounts to by now. A word about an approval always amounts to one, also where it comes too late: who said
/// it finds out by the record. None where it speaks of nothing that there is.
pub fn absorb(release: &Release, message: &Message) -> Option<Fact> {
    match &message.body {
        MessageBody::Answer(answer) => from_inbox(release, answer, message),
        MessageBody::Withdraw { stage, by, comment } => {
            let state = release.stages.get(stage)?;
            let policy = release.started.pipeline.stage(stage)?.approval.as_ref()?;
            let why = match &state.approval {
                _ if state.entered.is_some() => settled(state),
                // In CodePipeline it may have been approved without anybody having read that.
                Approval::Asked(request) if request.execution.is_some() => no_approver(policy, &by.arn),
                Approval::Given(given, _) if given.by.arn == by.arn => None,
                Approval::Given(..) => no_approver(policy, &by.arn),
                Approval::Asked(_) => Some("it is not approved".to_owned()),
                Approval::NotAsked | Approval::Rejected(_) | Approval::Expired(_) | Approval::Closed { .. } => {
                    settled(state)
                }
            };
            Some(match why {
                None => Fact::ApprovalWithdrawn { stage: stage.clone(), by: by.clone(), comment: comment.clone() },
                Some(why) => Fact::Warned {
                    text: format!("the withdrawal of the approval of {stage} by {} does not count: {why}", by.arn),
                },
            })
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

/// An answer that was left here. An approval counts only where kanmon's own inbox is the place to decide, and while the question
/// stands; a rejection also after an approval, until that is used.
fn from_inbox(release: &Release, answer: &ApprovalAnswer, message: &Message) -> Option<Fact> {
    let policy = release.started.pipeline.stage(&answer.stage)?.approval.as_ref()?;
    let state = release.stages.get(&answer.stage)?;
    let counts = |request: &ApprovalRequest| match answer.answer {
        Answer::Rejected => None,
        Answer::Approved => match &policy.way {
            ApprovalWay::CodePipeline { pipeline, action, .. } => {
                Some(format!("{} is decided in CodePipeline ({pipeline}, {action})", answer.stage))
            }
            ApprovalWay::Kanmon if message.at >= request.expires_at => {
                Some(format!("it came after {}, when the question had expired", moment(request.expires_at)))
            }
            ApprovalWay::Kanmon => None,
        },
    };
    let why = match (&state.approval, answer.answer) {
        _ if state.entered.is_some() => settled(state),
        (Approval::Asked(request), _) => counts(request),
        (Approval::Given(..), Answer::Rejected) => None,
        (Approval::Given(..), Answer::Approved)
        | (Approval::NotAsked | Approval::Rejected(_) | Approval::Expired(_) | Approval::Closed { .. }, _) => {
            settled(state)
        }
    };
    match why {
        Some(why) => Some(Fact::ApprovalRefused { answer: answer.clone(), why, closes: false }),
        None => answered(release, answer, false),
    }
}

/// Whether an answer to the question that stands, or to one that was approved and not used, counts. `closes`: where it was given, no
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
        Some(why) => {
            let why = match answer.plan == request.plan {
                true => why,
                false => with_difference(why, release, &answer.stage, &answer.plan),
            };
            Fact::ApprovalRefused { answer: answer.clone(), why, closes }
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

/// Why nothing more can be said about a stage's approval, as a sentence; `None`: something can.
pub fn settled(state: &StageState) -> Option<String> {
    if let Some(entered) = state.entered {
        return Some(format!("the stage was entered at {}, and the approval is used", moment(entered)));
    }
    match &state.approval {
        Approval::Asked(_) => None,
        Approval::NotAsked => Some("approval is not asked for".to_owned()),
        Approval::Given(given, _) => Some(format!("{} has approved it already", given.by.arn)),
        Approval::Rejected(given) => Some(format!("{} has rejected it", given.by.arn)),
        Approval::Expired(None) => Some("the question has expired".to_owned()),
        Approval::Expired(Some(why)) | Approval::Closed { why } => Some(why.clone()),
    }
}

/// Whether what others said until now has to be heard before these facts are written: afterwards it would come too late.
pub fn hear_first(facts: &[Fact]) -> bool {
    facts.iter().any(|fact| {
        matches!(fact, Fact::StageEntered { .. } | Fact::ApprovalExpired { .. } | Fact::ApprovalVoided { .. })
    })
}

/// How a release ended, where an approval can no longer be used by it: for good, and not because it had done its part.
pub fn over(release: &Release) -> Option<&Ending> {
    release.ended_for_good().filter(|ending| !ending.outcome.is_success())
}

/// A release as it will be once these messages are heard, and what each of them will have amounted to, by its id. What ended for good
/// hears no approval any more: whoever takes it further leaves behind those that lie there, and asks again.
pub fn foresee(release: &Release, messages: &[Message]) -> (Release, BTreeMap<u64, Option<Fact>>) {
    let mut next = release.clone();
    // Whoever takes it up again hears them before anything else.
    next.ending = None;
    let mut heard = BTreeMap::new();
    for message in messages {
        let fact = absorb(&next, message).map(|fact| match (fact, over(release)) {
            (Fact::ApprovalGiven { answer }, Some(ending)) => {
                let why = format!("the release has ended: {}", ending.sentence);
                Fact::ApprovalRefused { answer, why, closes: false }
            }
            (fact, _) => fact,
        });
        if let Some(fact) = fact.clone() {
            next = with(&next, fact, message.at);
        }
        heard.insert(message.id, fact);
    }
    next.ending.clone_from(&release.ending);
    (next, heard)
}

/// A release as it will be once this fact is written down, though it has ended; one that cannot follow leaves it as it is.
pub fn with(release: &Release, fact: Fact, at: Timestamp) -> Release {
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
