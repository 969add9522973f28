//! Open requests for approval, and approvals that are not used yet.

use jiff::Timestamp;

use super::context::Context;
use super::error::{Error, OwnAct};
use super::identity::{self, own};
use super::records::{self, Recorded};
use super::{codepipeline_question, file_identity};
use crate::engine::inbox::{preview, settled};
use crate::model::approval::{ApprovalPolicy, ApprovalRequest, ApprovalWay, Identity};
use crate::model::fault::Fault;
use crate::model::ids::{ReleaseId, StageName};
use crate::model::pipeline::{Account, Stage};
use crate::model::refusal::{AnswerRefusal, NotWaiting};
use crate::model::stage_state::Approval;
use crate::ports::journal::Listed;
use crate::runtime::ports::Ports;

/// The open requests of a release, by its record. A request in advance waits in its execution after the release has ended successfully, until it
/// expires.
pub fn open_requests(recorded: &Recorded, now: Timestamp) -> Vec<(&Recorded, &Stage, &ApprovalRequest)> {
    let release = &recorded.release;
    if recorded.listed.imported.is_some() {
        return Vec::new();
    }
    let waits = |request: &ApprovalRequest| match &release.ending {
        None => true,
        Some(ending) if ending.outcome().is_resumable() => true,
        Some(ending) => ending.outcome().is_success() && request.execution.is_some() && now < request.expires_at,
    };
    let stages = release.started.pipeline.stages.iter();
    stages
        .filter_map(|stage| match &release.stage(&stage.name).approval {
            Approval::Requested(request) => waits(request).then_some((recorded, stage, request)),
            Approval::NotRequested
            | Approval::Given(..)
            | Approval::Rejected(_)
            | Approval::Expired(_)
            | Approval::Closed { .. } => None,
        })
        .collect()
}

/// A release as an approver must see it: with the unread messages of others.
///
/// # Errors
/// Where it is not recorded here, and where its approval accounts are not those of this checkout's file.
pub async fn recorded(context: &Context, id: &ReleaseId) -> Result<Recorded, Error> {
    let (_, release) = records::own(context, id).await?;
    file_identity::answers(context, &release)?;
    let release = preview(&release, &context.journal.inbox(id).await?).0;
    let listed = context.journal.list(&context.pipeline.app).await?.into_iter().find(|l| &l.release == id);
    let listed = listed.unwrap_or_else(|| Listed {
        release: id.clone(),
        app: release.started.pipeline.app.clone(),
        started_at: release.started_at,
        last_at: release.at,
        held_by: None,
        imported: None,
    });
    let ports = context.ports(id.as_str(), None);
    let recorded = Recorded { listed, release };
    // A fault here is ignored: somebody who may not answer gets that as the reason, and CodePipeline is read again when the answer is sent.
    Ok(codepipeline_question::with_rejections(&ports, recorded.clone(), own).await.unwrap_or(recorded))
}

/// The request of an unused approval. An abort voids it: a promotion requests approval again.
pub fn unused<'r>(recorded: &'r Recorded, stage: &Stage) -> Option<&'r ApprovalRequest> {
    let release = &recorded.release;
    let state = release.stage(&stage.name);
    if release.abort.is_some() && release.ended_for_good().is_some() {
        return None;
    }
    match &state.approval {
        Approval::Given(_, request) if state.entered.is_none() => Some(request),
        Approval::Given(..)
        | Approval::NotRequested
        | Approval::Requested(_)
        | Approval::Rejected(_)
        | Approval::Expired(_)
        | Approval::Closed { .. } => None,
    }
}

/// The only one; with several, the stage must be named. `None`: there is none.
///
/// # Errors
/// Where there are several. `approved`: they are approved, else they wait.
pub fn the_one<T>(
    release: &ReleaseId,
    mut found: Vec<T>,
    stage: impl Fn(&T) -> &StageName,
    approved: bool,
) -> Result<Option<T>, AnswerRefusal> {
    if found.len() > 1 {
        let stages = found.iter().map(|one| stage(one).clone()).collect();
        return Err(AnswerRefusal::SeveralStages { release: release.clone(), stages, approved });
    }
    Ok(found.pop())
}

/// The person who answers.
pub async fn caller(
    ports: &Ports,
    recorded: &Recorded,
    stage: &Stage,
    policy: &ApprovalPolicy,
) -> Result<Identity, Error> {
    let pipeline = &recorded.release.started.pipeline;
    let account = match &policy.way {
        ApprovalWay::CodePipeline { account, .. } => account,
        ApprovalWay::Kanmon => &stage.account,
    };
    Ok(identity::caller(ports, pipeline.account(account)).await?)
}

/// What happened to the last request for approval, in this stage or in any.
pub fn why_settled(recorded: &Recorded, stage: Option<&StageName>) -> Option<NotWaiting> {
    let release = &recorded.release;
    if let (Some(_), Some(ending)) = (&release.abort, release.ended_for_good()) {
        return Some(NotWaiting::Ended(ending.clone()));
    }
    let stages = release.started.pipeline.stages.iter().filter(|s| stage.is_none_or(|name| name == &s.name));
    let mut requested = stages.filter(|s| release.stage(&s.name).approval != Approval::NotRequested);
    let last = requested.next_back()?;
    settled(release.stage(&last.name)).map(|settled| NotWaiting::Settled { stage: last.name.clone(), settled })
}

/// A fault of CodePipeline for an approver: the missing permissions are the approver's own.
pub fn of_approver(fault: Fault, account: &Account) -> Error {
    Error::OwnCredentials { fault, account: account.id.clone(), to: OwnAct::Answer }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_several_stages_one_has_to_be_named() {
        let release: ReleaseId = "r1".parse().unwrap();
        let stage = |name: &str| -> StageName { name.parse().unwrap() };
        let one = |found: &[&str]| {
            let found = found.iter().map(|name| stage(name)).collect();
            the_one(&release, found, |name| name, true)
        };
        assert_eq!(one(&[]), Ok(None));
        assert_eq!(one(&["prod"]), Ok(Some(stage("prod"))));
        let stages = vec![stage("staging"), stage("prod")];
        let several = AnswerRefusal::SeveralStages { release: release.clone(), stages, approved: true };
        assert_eq!(one(&["staging", "prod"]), Err(several));
    }
}
