//! Approval requested in advance: a waiting build costs money, so a release in a CodePipeline execution requests the next stage's approval
//! before it ends. The execution's approval action waits, and a later build of the same execution continues.

use super::agenda::{Agenda, Flow};
use super::approval::unknown;
use super::enter;
use crate::model::approval::{ApprovalWay, Requester};
use crate::model::ids::StageName;
use crate::model::pipeline::{Pipeline, Stage};
use crate::model::release::Release;
use crate::model::stage_state::Approval;

/// The stage after the release's last one, where its approval is requested in advance.
pub fn stage(release: &Release) -> Option<&Stage> {
    next_stage(&release.started.pipeline, &release.until, &release.requested_by, &release.requesters)
}

/// The stage after `until`, where the requesting execution has its approval action. With an unknown requester nobody may approve, so nothing is
/// requested. `others`: the earlier requesters.
pub fn next_stage<'p>(
    pipeline: &'p Pipeline,
    until: &StageName,
    requested_by: &Requester,
    others: &[Requester],
) -> Option<&'p Stage> {
    let until = pipeline.stages.iter().position(|s| s.name == *until)?;
    let next = pipeline.stages.get(until + 1)?;
    let policy = next.approval.as_ref()?;
    if !policy.self_approval && others.iter().chain([requested_by]).any(|requester| unknown(requester).is_some()) {
        return None;
    }
    match &policy.way {
        ApprovalWay::CodePipeline { pipeline, account, .. } => {
            requested_by.execution_of(pipeline, account).map(|_| next)
        }
        ApprovalWay::Kanmon => None,
    }
}

/// The last stage that this release surveys.
pub fn horizon(release: &Release) -> &StageName {
    stage(release).map_or(&release.until, |stage| &stage.name)
}

/// Judges, copies, plans and requests approval, as if to enter; another build reads the answer.
pub fn walk(a: &mut Agenda<'_>) -> Flow {
    match stage(a.release) {
        Some(stage) if a.release.stage(&stage.name).approval == Approval::NotRequested => {
            enter::judged(a, stage)?;
            enter::approved(a, stage)
        }
        Some(_) | None => Ok(()),
    }
}
