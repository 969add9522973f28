//! A release that exists, taken through every stage it has not passed.

use super::begin::{Reasons, stage};
use super::context::Context;
use super::error::Error;
use super::take_up::take_up;
use super::work::UnderWay;
use super::{file_identity, identity, records, requester, still_runs, unread_rejections};
use crate::engine::inbox::over;
use crate::engine::preapproval;
use crate::model::approval::{Answer, Requester};
use crate::model::event::Fact;
use crate::model::ids::{ReleaseId, StageName};
use crate::model::inbox::{Message, MessageBody};
use crate::model::outcome::Outcome;
use crate::model::refusal::Refusal;
use crate::model::release::Release;
use crate::model::stage_state::Approval;
use crate::runtime::ports::Ports;
use crate::runtime::survey::approvals;

/// What somebody asks for.
#[derive(Debug, Clone)]
pub struct Further {
    /// The stage to reach.
    pub to: StageName,
    /// The CodePipeline execution that this runs in.
    pub execution: Option<String>,
    pub reasons: Reasons,
}

pub enum Promoted {
    UnderWay(UnderWay),
    /// It has passed the stage already, so that nothing was done.
    Already(Box<Release>),
}

/// Takes a release further.
///
/// # Errors
/// Where it goes no further, where this requester may not take it there, and where a stage on the way no longer runs it.
pub async fn promote(context: &Context, id: &ReleaseId, wanted: Further) -> Result<Promoted, Error> {
    let (_, release) = records::own(context, id).await?;
    let to = stage(&release.started.pipeline, &wanted.to)?;
    fit(&release)?;
    file_identity::agrees(context, &release)?;
    let asker = context.ports(id.as_str(), None);
    let file = &release.started.pipeline;
    let requested_by = requester::of(context, &asker, file, Some(&release), wanted.execution.as_deref()).await?;
    requester::may_go_on(context, &asker, &release, &to, &requested_by).await?;
    let ports = context.ports(id.as_str(), identity::of(&requested_by));
    let notes = still_runs::check(context, &ports, &release, &to).await?;
    if is_done(&release, &to, &requested_by) {
        return Ok(Promoted::Already(Box::new(release)));
    }
    unread_rejections::record(context, &ports, &to, std::slice::from_ref(&requested_by)).await;
    askable(&ports, &release, &to, &requested_by).await?;
    let Reasons { force, again } = wanted.reasons;
    let fact = Fact::Extended { until: to, requested_by, forced: force, again };
    let notes = notes.into_iter().map(|warning| Fact::Warned { warning });
    let facts = [fact].into_iter().chain(notes).collect();
    Ok(Promoted::UnderWay(take_up(context, ports, id, facts, fit, is_over_with).await?))
}

/// Whether whoever asks now could be answered: looked at before anything is written, since only another way of asking helps.
///
/// # Errors
/// What the pipeline of the approval lacks for a question from outside it.
async fn askable(ports: &Ports, release: &Release, to: &StageName, by: &Requester) -> Result<(), Error> {
    let file = &release.started.pipeline;
    let Some(stage) = file.stage(to).filter(|_| !matches!(release.stage(to).approval, Approval::Given(..))) else {
        return Ok(());
    };
    // What else is missing is found when the release is taken up.
    match approvals::approval(ports, file, stage, by).await.outside.into_iter().next() {
        Some(fault) => Err(fault.into()),
        None => Ok(()),
    }
}

/// Whether every stage up to this one is passed, with no question behind it that is still to be put.
fn is_done(release: &Release, to: &StageName, requested_by: &Requester) -> bool {
    let pipeline = &release.started.pipeline;
    let asks = preapproval::next_stage(pipeline, to, requested_by, &release.requesters)
        .is_some_and(|stage| release.stage(&stage.name).approval == Approval::NotAsked);
    !asks && pipeline.stages_until(to).iter().all(|s| release.stage(&s.name).left.is_some())
}

/// Messages to a release that had ended that do not count for what it is taken further to: to end it, or an approval that came too
/// late, as whoever gave it was shown. A rejection still counts.
fn is_over_with(release: &Release, message: &Message) -> bool {
    match &message.body {
        MessageBody::Abort { .. } => release.ended_for_good().is_some(),
        MessageBody::Answer(answer) => answer.answer == Answer::Approved && over(release).is_some(),
        MessageBody::Withdraw { .. } => false,
    }
}

/// Whether a release may go further: not one that is being worked on, and not one that failed in a stage.
///
/// # Errors
/// Why not.
pub fn fit(release: &Release) -> Result<(), Refusal> {
    let id = || release.id.clone();
    let failed = release.started.pipeline.stages.iter().find(|s| release.stage(&s.name).failure.is_some());
    if let Some(stage) = failed {
        return Err(Refusal::FailedInStage { release: id(), stage: stage.name.clone() });
    }
    match &release.ending {
        Some(ending) if ending.outcome() == Outcome::BuildFailed => {
            Err(Refusal::NoImage { release: id(), ending: ending.clone() })
        }
        Some(_) | None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::approval::{ApprovalAnswer, Identity};
    use crate::model::release::samples::{at, ending, events, id, started};

    fn ended(as_: Outcome) -> Release {
        let ending = ending(as_);
        let fact = match as_.is_resumable() {
            true => Fact::Suspended { ending },
            false => Fact::Finished { ending },
        };
        Release::fold(&events("r1", [started(), fact])).unwrap()
    }

    #[test]
    fn an_abort_that_came_too_late_does_not_end_what_the_release_is_taken_to() {
        let by = Identity {
            user_id: "x".into(),
            arn: "arn:aws:iam::012345678901:user/x".into(),
            account: id("012345678901"),
        };
        let body = MessageBody::Abort { by: by.clone(), reason: String::new(), roll_back: false };
        let abort = Message { id: 1, at: at(0), release: id("r1"), body };
        assert!(is_over_with(&ended(Outcome::Succeeded), &abort));
        assert!(!is_over_with(&ended(Outcome::Suspended), &abort), "it waits to be read");
        let body = MessageBody::Withdraw { stage: id("dev"), by: by.clone(), comment: String::new() };
        assert!(!is_over_with(&ended(Outcome::Succeeded), &Message { body, ..abort.clone() }));
        // Whoever approved what had ended was shown that it counts for nothing.
        let answer = |answer| {
            let plan = crate::model::ids::PlanHash::of(b"plan");
            let body = ApprovalAnswer { stage: id("prod"), plan, answer, by: by.clone(), comment: String::new() };
            Message { body: MessageBody::Answer(body), ..abort.clone() }
        };
        assert!(is_over_with(&ended(Outcome::Blocked), &answer(Answer::Approved)));
        assert!(!is_over_with(&ended(Outcome::Blocked), &answer(Answer::Rejected)));
        assert!(!is_over_with(&ended(Outcome::Suspended), &answer(Answer::Approved)), "it waits to be read");
    }
}
