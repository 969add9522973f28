//! What became of a word that was sent to a release: told by the record, never by who sent it.

use jiff::SignedDuration;

use super::bench::Bench;
use super::failure::Failure;
use super::promote;
use super::releases::{self, Recorded};
use super::work::WATCHED;
use crate::engine::inbox::{foresee, over, settled};
use crate::model::approval::Answer;
use crate::model::event::{Event, Fact};
use crate::model::ids::StageName;
use crate::model::release::Release;
use crate::model::stage_state::Approval;

/// Between two looks at the record.
const LOOK: SignedDuration = SignedDuration::from_millis(300);

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

/// Whether the release has heard it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    Yes,
    /// A process works on the release, and hears it before it enters the stage.
    Soon,
    /// The release has done its part; another build of its execution goes on, or none does.
    ByExecution,
    /// Nobody works on it; whoever takes it up again hears it first.
    ByResume,
    /// The release has ended, and whoever promotes it hears it first.
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
    bench: &Bench,
    before: &Recorded,
    stage: &StageName,
    word: Word,
    sent: Sent,
) -> Result<Taken, Failure> {
    let id = &before.release.id;
    let late = bench.clock.now() + WATCHED;
    loop {
        // In this order: what is no longer in the inbox is in the record.
        let inbox = bench.journal.inbox(id).await?;
        let (events, release) = releases::one(bench, id).await?;
        if let Some(fact) = heard(&events, before, stage, sent) {
            judged(&release, stage, word, fact)?;
            return Ok(Taken::Yes);
        }
        if is_left_alone(bench, id).await? {
            let (next, facts) = foresee(&release, &inbox);
            let foreseen = match sent {
                Sent::Message(message) => facts.get(&message).map(Option::as_ref),
                Sent::Action => None,
            };
            if let Some(fact) = foreseen {
                judged(&next, stage, word, fact)?;
            }
            // A message that is no longer there was heard between the two looks.
            if foreseen.is_some() || matches!(sent, Sent::Action) {
                return left_to(&release, stage, word);
            }
        }
        if bench.clock.now() >= late {
            return Ok(Taken::Soon);
        }
        bench.clock.sleep(LOOK).await;
    }
}

/// Who hears a word to a release that nobody works on.
fn left_to(release: &Release, stage: &StageName, word: Word) -> Result<Taken, Failure> {
    match (release.ended_for_good(), over(release), word) {
        (None, _, _) => Ok(Taken::ByResume),
        (Some(_), None, _) => Ok(Taken::ByExecution),
        (Some(_), Some(ending), Word::Answer(Answer::Approved)) => Err(ended(
            release,
            stage,
            format!("the approval came too late: the release has ended: {}", ending.sentence),
        )),
        (Some(_), Some(_), Word::Answer(Answer::Rejected) | Word::Withdrawal) => {
            Ok(if promote::fit(release).is_ok() { Taken::ByPromote } else { Taken::ByNobody })
        }
    }
}

/// Too late for a release that has ended, with what can be done instead.
fn ended(release: &Release, stage: &StageName, sentence: String) -> Failure {
    let failure = Failure::wrong(sentence).cause("nothing is deployed on it");
    match promote::fit(release) {
        Ok(()) => failure.hint(format!("`kanmon promote {} --to {stage}` asks again", release.id)),
        Err(_) => failure.hint("make a new release"),
    }
}

/// Whether no process works on the release.
async fn is_left_alone(bench: &Bench, id: &crate::model::ids::ReleaseId) -> Result<bool, Failure> {
    let listed = bench.journal.list(&bench.pipeline().app).await?;
    Ok(listed.iter().find(|l| &l.release == id).is_none_or(|l| l.held_by.is_none()))
}

/// The fact that a word amounted to, once it was heard: for a message the one that was written with its absorption.
fn heard<'e>(events: &'e [Event], before: &Recorded, stage: &StageName, sent: Sent) -> Option<Option<&'e Fact>> {
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
fn judged(release: &Release, stage: &StageName, word: Word, fact: Option<&Fact>) -> Result<(), Failure> {
    let state = release.stage(stage);
    match fact {
        Some(Fact::ApprovalRefused { why, .. }) => {
            let sentence = format!("the answer does not count: {why}");
            // It is a mistake of the command where nothing is left to decide, else one of who gave it.
            return Err(match (over(release), settled(state)) {
                (Some(_), _) => ended(release, stage, sentence),
                (None, Some(_)) => Failure::wrong(sentence),
                (None, None) => Failure::access(sentence),
            });
        }
        Some(Fact::Warned { text }) => return Err(Failure::wrong(text.clone())),
        Some(_) => {}
        None => {
            let why = settled(state).unwrap_or_else(|| "the release no longer waits for it".to_owned());
            return Err(Failure::wrong(format!("it came too late: {why}")));
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
                (Some(why), _) => why,
                (None, Some(no)) => format!("{} has withdrawn it", no.by.arn),
                (None, None) => "it is asked for again".to_owned(),
            };
            Err(Failure::wrong(format!("somebody had a later word on {stage}: {why}")))
        }
    }
}
