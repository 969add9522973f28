//! Promoting a release: it continues through every stage that it has not passed.

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

/// A request to promote a release.
#[derive(Debug, Clone)]
pub struct PromoteRequest {
    /// The stage to reach.
    pub to: StageName,
    /// The CodePipeline execution that this runs in.
    pub execution: Option<String>,
    pub reasons: Reasons,
}

pub enum Promoted {
    UnderWay(UnderWay),
    /// It has passed the stage already, and nothing was done.
    Already(Box<Release>),
}

/// Promotes a release.
///
/// # Errors
/// Where it cannot be promoted, where this requester may not do so, and where a stage on the way no longer runs it.
pub async fn promote(context: &Context, id: &ReleaseId, wanted: PromoteRequest) -> Result<Promoted, Error> {
    let (_, release) = records::own(context, id).await?;
    let to = stage(&release.started.pipeline, &wanted.to)?;
    check_promotable(&release)?;
    file_identity::agrees(context, &release)?;
    let own_ports = context.ports(id.as_str(), None);
    let file = &release.started.pipeline;
    let requested_by = requester::of(context, &own_ports, file, Some(&release), wanted.execution.as_deref()).await?;
    requester::check_may_continue(context, &own_ports, &release, &to, &requested_by).await?;
    let ports = context.ports(id.as_str(), identity::of(&requested_by));
    let notes = still_runs::check(context, &ports, &release, &to).await?;
    if is_done(&release, &to, &requested_by) {
        return Ok(Promoted::Already(Box::new(release)));
    }
    unread_rejections::record(context, &ports, &to, std::slice::from_ref(&requested_by)).await;
    check_approval_possible(&ports, &release, &to, &requested_by).await?;
    let Reasons { force, again } = wanted.reasons;
    let fact = Fact::Extended { until: to, requested_by, forced: force, again };
    let notes = notes.into_iter().map(|warning| Fact::Warned { warning });
    let facts = [fact].into_iter().chain(notes).collect();
    Ok(Promoted::UnderWay(take_up(context, ports, id, facts, check_promotable, is_stale).await?))
}

/// Checks that approval can be requested, before anything is recorded, because only another kind of request helps.
///
/// # Errors
/// What the approval's pipeline lacks for a request from outside it.
async fn check_approval_possible(
    ports: &Ports,
    release: &Release,
    to: &StageName,
    by: &Requester,
) -> Result<(), Error> {
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

/// Whether every stage up to this one is passed, and no approval is to be requested in advance.
fn is_done(release: &Release, to: &StageName, requested_by: &Requester) -> bool {
    let pipeline = &release.started.pipeline;
    let requests_approval = preapproval::next_stage(pipeline, to, requested_by, &release.requesters)
        .is_some_and(|stage| release.stage(&stage.name).approval == Approval::NotRequested);
    !requests_approval && pipeline.stages_until(to).iter().all(|s| release.stage(&s.name).left.is_some())
}

/// Whether a message to a release that has ended does not count for its promotion: an abort, or an approval that was too late, as its sender was shown.
/// A rejection still counts.
fn is_stale(release: &Release, message: &Message) -> bool {
    match &message.body {
        MessageBody::Abort { .. } => release.ended_for_good().is_some(),
        MessageBody::Answer(answer) => answer.answer == Answer::Approved && over(release).is_some(),
        MessageBody::Withdraw { .. } => false,
    }
}

/// Checks that a release can be promoted: it did not fail in a stage, and its images exist.
///
/// # Errors
/// Why it cannot.
pub fn check_promotable(release: &Release) -> Result<(), Refusal> {
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
    fn a_late_abort_or_approval_does_not_count_for_a_promotion() {
        let by = Identity {
            user_id: "x".into(),
            arn: "arn:aws:iam::012345678901:user/x".into(),
            account: id("012345678901"),
        };
        let body = MessageBody::Abort { by: by.clone(), reason: String::new(), roll_back: false };
        let abort = Message { id: 1, at: at(0), release: id("r1"), body };
        assert!(is_stale(&ended(Outcome::Succeeded), &abort));
        assert!(!is_stale(&ended(Outcome::Suspended), &abort), "it waits to be read");
        let body = MessageBody::Withdraw { stage: id("dev"), by: by.clone(), comment: String::new() };
        assert!(!is_stale(&ended(Outcome::Succeeded), &Message { body, ..abort.clone() }));
        // Who approved an ended release was shown that the approval does not count.
        let answer = |answer| {
            let plan = crate::model::ids::PlanHash::of(b"plan");
            let body = ApprovalAnswer { stage: id("prod"), plan, answer, by: Some(by.clone()), comment: String::new() };
            Message { body: MessageBody::Answer(body), ..abort.clone() }
        };
        assert!(is_stale(&ended(Outcome::Blocked), &answer(Answer::Approved)));
        assert!(!is_stale(&ended(Outcome::Blocked), &answer(Answer::Rejected)));
        assert!(!is_stale(&ended(Outcome::Suspended), &answer(Answer::Approved)), "it waits to be read");
    }
}
