//! What became of what somebody sent to a release: read from the record, never assumed by the sender.

use jiff::SignedDuration;

use super::context::Context;
use super::error::Error;
use super::promote;
use super::records::{self, Recorded};
use crate::engine::inbox::{foresee, over, settled};
use crate::model::approval::Answer;
use crate::model::event::{Event, Fact};
use crate::model::ids::{ReleaseId, StageName};
use crate::model::refusal::{AnswerRefusal, LaterWord};
use crate::model::release::Release;
use crate::model::stage_state::Approval;

/// How long it is watched whether a process that works on a release reads what somebody sent: a few of its looks into the inbox.
pub const WATCHED: SignedDuration = SignedDuration::from_secs(20);

/// Between two looks at the record.
pub const LOOK: SignedDuration = SignedDuration::from_millis(300);

/// What somebody said about a stage's approval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    Answer(Answer),
    Withdrawal,
}

/// Where it was put.
#[derive(Debug, Clone, Copy)]
pub enum Sent {
    /// Into the release's inbox, as this message.
    Message(u64),
    /// Into the action of CodePipeline that carries the question.
    Action,
}

/// Who has read it, or will.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// The process that works on the release.
    Yes,
    /// A process works on the release, and reads it before it enters the stage.
    Soon,
    /// The release has done its part; another build of its execution goes on, or none does.
    ByExecution,
    /// Nobody works on it; whoever takes it up again reads it first.
    ByResume,
    /// The release has ended, and whoever promotes it reads it first.
    ByPromote,
    /// The release has ended, and goes no further.
    ByNobody,
}

impl Taken {
    pub fn word(self) -> &'static str {
        match self {
            Taken::Yes => "yes",
            Taken::Soon => "soon",
            Taken::ByExecution => "by-execution",
            Taken::ByResume => "by-resume",
            Taken::ByPromote => "by-promote",
            Taken::ByNobody => "by-nobody",
        }
    }
}

/// Waits until the record says what became of a word, as long as a process works on the release.
///
/// # Errors
/// Why it does not count, or no longer does.
pub async fn follow(
    context: &Context,
    before: &Recorded,
    stage: &StageName,
    word: Word,
    sent: Sent,
) -> Result<Taken, Error> {
    let id = &before.release.id;
    let late = context.clock.now() + WATCHED;
    loop {
        // In this order: what is no longer in the inbox is in the record.
        let inbox = context.journal.inbox(id).await?;
        let (events, release) = records::one(context, id).await?;
        if let Some(fact) = amounted_to(&events, before, stage, sent) {
            judged(&release, stage, word, fact)?;
            return Ok(Taken::Yes);
        }
        if is_left_alone(context, id).await? {
            let (next, facts) = foresee(&release, &inbox);
            let foreseen = match sent {
                Sent::Message(message) => facts.get(&message).map(Option::as_ref),
                Sent::Action => None,
            };
            if let Some(fact) = foreseen {
                judged(&next, stage, word, fact)?;
            }
            // A message that is no longer there was read between the two looks.
            if foreseen.is_some() || matches!(sent, Sent::Action) {
                return Ok(left_to(&release, stage, word)?);
            }
        }
        if context.clock.now() >= late {
            return Ok(Taken::Soon);
        }
        context.clock.sleep(LOOK).await;
    }
}

/// Who reads a word to a release that nobody works on.
fn left_to(release: &Release, stage: &StageName, word: Word) -> Result<Taken, AnswerRefusal> {
    match (release.ended_for_good(), over(release), word) {
        (None, _, _) => Ok(Taken::ByResume),
        (Some(_), None, _) => Ok(Taken::ByExecution),
        (Some(_), Some(ending), Word::Answer(Answer::Approved)) => Err(AnswerRefusal::ApprovalAfterEnd {
            release: release.id.clone(),
            stage: stage.clone(),
            ending: ending.clone(),
            again: promote::fit(release).is_ok(),
        }),
        (Some(_), Some(_), Word::Answer(Answer::Rejected) | Word::Withdrawal) => {
            Ok(if promote::fit(release).is_ok() { Taken::ByPromote } else { Taken::ByNobody })
        }
    }
}

/// Whether no process works on the release.
async fn is_left_alone(context: &Context, id: &ReleaseId) -> Result<bool, Error> {
    let listed = context.journal.list(&context.pipeline.app).await?;
    Ok(listed.iter().find(|l| &l.release == id).is_none_or(|l| l.held_by.is_none()))
}

/// The fact that a word amounted to, once it was read: for a message the one that was written with its absorption.
fn amounted_to<'e>(events: &'e [Event], before: &Recorded, stage: &StageName, sent: Sent) -> Option<Option<&'e Fact>> {
    match sent {
        Sent::Message(message) => {
            let at = events.iter().position(|e| matches!(e.fact, Fact::Absorbed { message: m } if m == message))?;
            Some(events.get(at + 1).map(|e| &e.fact).filter(|fact| is_word(fact, None)))
        }
        Sent::Action => {
            let mut news = events.iter().filter(|e| e.seq > before.release.seq).map(|e| &e.fact);
            news.rfind(|fact| is_word(fact, Some(stage))).map(Some)
        }
    }
}

/// Whether a fact is what a word about an approval amounts to.
fn is_word(fact: &Fact, of: Option<&StageName>) -> bool {
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

/// Whether a word counts by the fact that it amounted to, and still does.
fn judged(release: &Release, stage: &StageName, word: Word, fact: Option<&Fact>) -> Result<(), AnswerRefusal> {
    let state = release.stage(stage);
    match fact {
        Some(Fact::ApprovalRefused { reason, .. }) => {
            return Err(AnswerRefusal::Refused {
                release: release.id.clone(),
                stage: stage.clone(),
                why: reason.clone(),
                ended: over(release).map(|_| promote::fit(release).is_ok()),
                settled: settled(state).is_some(),
            });
        }
        Some(Fact::Warned { warning }) => return Err(AnswerRefusal::WithdrawalRefused { why: warning.clone() }),
        Some(_) => {}
        None => {
            return Err(AnswerRefusal::TooLate { why: settled(state) });
        }
    }
    // Somebody else may have had the last word.
    let now = match &state.approval {
        Approval::Given(..) => Some(Answer::Approved),
        Approval::Rejected(_) => Some(Answer::Rejected),
        Approval::NotAsked | Approval::Asked(_) | Approval::Expired(_) | Approval::Closed { .. } => None,
    };
    let stands = match word {
        Word::Answer(Answer::Approved) => now == Some(Answer::Approved) || state.entered.is_some(),
        // Where it was taken up again since, it is asked about again.
        Word::Answer(Answer::Rejected) => now == Some(Answer::Rejected) || state.entered.is_none(),
        Word::Withdrawal => state.entered.is_none(),
    };
    match stands {
        true => Ok(()),
        false => {
            let why = match (settled(state), state.earlier.last()) {
                (Some(why), _) => LaterWord::Settled(why),
                (None, Some(no)) => LaterWord::Withdrawn { by: no.by.arn.clone() },
                (None, None) => LaterWord::AskedAgain,
            };
            Err(AnswerRefusal::LaterWord { stage: stage.clone(), why })
        }
    }
}
