//! Resuming a release where a process stopped.

use super::context::Context;
use super::error::Error;
use super::records::VERSION;
use super::take_up::take_up;
use super::work::UnderWay;
use super::{file_identity, identity, records, requester};
use crate::model::event::Fact;
use crate::model::ids::ReleaseId;
use crate::model::refusal::Refusal;
use crate::model::release::Release;

/// Resumes a release. `execution`: the CodePipeline execution that this runs in.
///
/// # Errors
/// Where it cannot be resumed, where this requester may not do so, and where another process works on it.
pub async fn resume(context: &Context, id: &ReleaseId, execution: Option<&str>) -> Result<UnderWay, Error> {
    let (_, release) = records::own(context, id).await?;
    check_resumable(&release)?;
    file_identity::agrees(context, &release)?;
    let own_ports = context.ports(id.as_str(), None);
    let by = requester::of(context, &own_ports, &release.started.pipeline, Some(&release), execution).await?;
    requester::check_may_continue(context, &own_ports, &release, &release.until, &by).await?;
    let ports = context.ports(id.as_str(), identity::of(&by));
    let fact = Fact::Resumed { by, kanmon: VERSION.to_owned() };
    take_up(context, ports, id, vec![fact], check_resumable, |_, _| false).await
}

/// Checks that a release can be resumed.
fn check_resumable(release: &Release) -> Result<(), Refusal> {
    match release.ended_for_good() {
        None => Ok(()),
        Some(ending) => Err(Refusal::HasEnded { release: release.id.clone(), ending: ending.clone() }),
    }
}

/// The only one of these releases that can be resumed.
///
/// # Errors
/// Where there is none, or more than one.
pub fn only_one(recorded: Vec<records::Recorded>) -> Result<ReleaseId, Refusal> {
    let found = recorded.into_iter().filter(|r| r.listed.held_by.is_none() && r.is_open()).map(|r| r.release.id);
    let mut found: Vec<ReleaseId> = found.collect();
    match found.len() {
        0 => Err(Refusal::NothingToResume),
        1 => Ok(found.remove(0)),
        _ => Err(Refusal::SeveralToResume { releases: found }),
    }
}
