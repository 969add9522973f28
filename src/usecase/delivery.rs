//! The result of a message to a release. It is read from the record, never assumed.

use jiff::SignedDuration;

use super::context::Context;
use super::error::Error;
use super::promote;
use super::records::{self, Recorded};
use crate::engine::inbox::{over, preview, settled};
use crate::model::approval::Answer;
use crate::model::event::{Event, Fact};
use crate::model::ids::{ReleaseId, StageName};
use crate::model::read_by::ReadBy;
use crate::model::refusal::{AnswerRefusal, LaterWord};
use crate::model::release::Release;
use crate::model::stage_state::{Approval, EarlierDecision};

/// How long the sender waits until the process that works on the release has read the message: that reads its inbox several times in this time.
pub const WATCHED: SignedDuration = SignedDuration::from_secs(20);

/// Between two reads of the record.
pub const LOOK: SignedDuration = SignedDuration::from_millis(300);

/// A message about a stage's approval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApprovalMessage {
    Answer(Answer),
    Withdrawal,
}

/// Where a message was sent.
#[derive(Debug, Clone, Copy)]
pub enum SentTo {
    /// To the release's inbox, under this message id.
    Inbox(u64),
    /// To the CodePipeline action that carries the approval request.
    Action,
}

/// Waits until the record shows the result of a message, as long as a process works on the release.
///
/// # Errors
/// Why it does not count, or no longer does.
pub async fn follow(
    context: &Context,
    before: &Recorded,
    stage: &StageName,
    word: ApprovalMessage,
    sent: SentTo,
) -> Result<ReadBy, Error> {
    let id = &before.release.id;
    let late = context.clock.now() + WATCHED;
    loop {
        // In this order, because a message that is no longer in the inbox is in the record.
        let inbox = context.journal.inbox(id).await?;
        let (events, release) = records::one(context, id).await?;
        if let Some(fact) = resulting_fact(&events, before, stage, sent) {
            judged(&release, stage, word, fact)?;
            return Ok(ReadBy::Process);
        }
        if is_unattended(context, id).await? {
            let (next, facts) = preview(&release, &inbox);
            let previewed = match sent {
                SentTo::Inbox(message) => facts.get(&message).map(Option::as_ref),
                SentTo::Action => None,
            };
            if let Some(fact) = previewed {
                judged(&next, stage, word, fact)?;
            }
            // A message that is no longer there was read between the two reads.
            if previewed.is_some() || matches!(sent, SentTo::Action) {
                return Ok(future_reader(&release, stage, word)?);
            }
        }
        if context.clock.now() >= late {
            return Ok(ReadBy::ProcessSoon);
        }
        context.clock.sleep(LOOK).await;
    }
}

/// Who reads a message to a release that nobody works on.
fn future_reader(release: &Release, stage: &StageName, word: ApprovalMessage) -> Result<ReadBy, AnswerRefusal> {
    match (release.ended_for_good(), over(release), word) {
        (None, _, _) => Ok(ReadBy::Resume),
        (Some(_), None, _) => Ok(ReadBy::Execution),
        (Some(_), Some(ending), ApprovalMessage::Answer(Answer::Approved)) => Err(AnswerRefusal::ApprovalAfterEnd {
            release: release.id.clone(),
            stage: stage.clone(),
            ending: ending.clone(),
            again: promote::check_promotable(release).is_ok(),
        }),
        (Some(_), Some(_), ApprovalMessage::Answer(Answer::Rejected) | ApprovalMessage::Withdrawal) => {
            Ok(if promote::check_promotable(release).is_ok() { ReadBy::Promote } else { ReadBy::Nobody })
        }
    }
}

/// Whether no process works on the release.
async fn is_unattended(context: &Context, id: &ReleaseId) -> Result<bool, Error> {
    let listed = context.journal.list(&context.pipeline.app).await?;
    Ok(listed.iter().find(|l| &l.release == id).is_none_or(|l| l.held_by.is_none()))
}

/// The fact that a message led to, once it was read. For the inbox, that is the fact after the message's absorption.
fn resulting_fact<'e>(
    events: &'e [Event],
    before: &Recorded,
    stage: &StageName,
    sent: SentTo,
) -> Option<Option<&'e Fact>> {
    match sent {
        SentTo::Inbox(message) => {
            let at = events.iter().position(|e| matches!(e.fact, Fact::Absorbed { message: m } if m == message))?;
            Some(events.get(at + 1).map(|e| &e.fact).filter(|fact| is_about_approval(fact, None)))
        }
        SentTo::Action => {
            let mut news = events.iter().filter(|e| e.seq > before.release.seq).map(|e| &e.fact);
            news.rfind(|fact| is_about_approval(fact, Some(stage))).map(Some)
        }
    }
}

/// Whether a fact follows from a message about an approval.
fn is_about_approval(fact: &Fact, of: Option<&StageName>) -> bool {
    if let Fact::ApprovalGiven { answer }
    | Fact::ApprovalRejected { answer, .. }
    | Fact::ApprovalRefused { answer, .. } = fact
    {
        return of.is_none_or(|stage| *stage == answer.stage);
    }
    if let Fact::ApprovalWithdrawn { stage, .. } = fact {
        return of.is_none_or(|of| of == stage);
    }
    matches!(fact, Fact::Warned { .. }) && of.is_none()
}

/// Checks that a message counted, by the fact that followed from it, and still counts.
fn judged(
    release: &Release,
    stage: &StageName,
    word: ApprovalMessage,
    fact: Option<&Fact>,
) -> Result<(), AnswerRefusal> {
    let state = release.stage(stage);
    match fact {
        Some(Fact::ApprovalRefused { reason, .. }) => {
            return Err(AnswerRefusal::Refused {
                release: release.id.clone(),
                stage: stage.clone(),
                why: reason.clone(),
                ended: over(release).map(|_| promote::check_promotable(release).is_ok()),
                settled: settled(state).is_some(),
            });
        }
        Some(Fact::Warned { warning }) => return Err(AnswerRefusal::WithdrawalRefused { why: warning.clone() }),
        Some(_) => {}
        None => {
            return Err(AnswerRefusal::TooLate { why: settled(state) });
        }
    }
    // Somebody else may have decided later.
    let now = match &state.approval {
        Approval::Given(..) => Some(Answer::Approved),
        Approval::Rejected(_) => Some(Answer::Rejected),
        Approval::NotRequested | Approval::Requested(_) | Approval::Expired(_) | Approval::Closed { .. } => None,
    };
    let counts = match word {
        ApprovalMessage::Answer(Answer::Approved) => now == Some(Answer::Approved) || state.entered.is_some(),
        // Once the release was taken up again, approval is requested again.
        ApprovalMessage::Answer(Answer::Rejected) => now == Some(Answer::Rejected) || state.entered.is_none(),
        ApprovalMessage::Withdrawal => state.entered.is_none(),
    };
    match counts {
        true => Ok(()),
        false => {
            let why = match (settled(state), state.earlier.last()) {
                (Some(why), _) => LaterWord::Settled(why),
                (None, Some(EarlierDecision { by: Some(by), .. })) => LaterWord::Withdrawn { by: by.arn.clone() },
                (None, Some(EarlierDecision { by: None, .. }) | None) => LaterWord::RequestedAgain,
            };
            Err(AnswerRefusal::LaterWord { stage: stage.clone(), why })
        }
    }
}
