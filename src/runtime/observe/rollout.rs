//! A service's rollout, read and judged.

use jiff::Timestamp;

use crate::engine::roll::is_overdue;
use crate::engine::rollout::{Ours, judge};
use crate::model::effect::StepRef;
use crate::model::event::Fact;
use crate::model::fault::Fault;
use crate::model::ids::ServiceName;
use crate::model::pipeline::Stage;
use crate::model::release::Release;
use crate::model::rollout::{Baseline, ImageDigests};
use crate::ports::deployer::Cluster;
use crate::runtime::contents::contents;
use crate::runtime::execute::{before_restore, defect, roll, stage};
use crate::runtime::ports::Ports;

pub async fn observe(ports: &Ports, release: &Release, at: &StepRef, name: &ServiceName) -> Result<Vec<Fact>, Fault> {
    let stage = stage(release, at)?;
    let state = roll(release, at, name)?;
    let baseline = state.baseline.as_ref().ok_or_else(|| defect("no baseline was taken"))?;
    let digests = digests(ports, release, stage, name).await?;
    let last = state.run.as_ref().and_then(|r| r.progress.as_ref());
    let updated = state.run.as_ref().filter(|_| state.registered.is_some());
    let ours = Ours {
        service: name,
        primary: updated.map_or(&baseline.primary, |r| &r.primary),
        task_definition: updated.map_or(&baseline.task_definition, |r| &r.task_definition),
        before: updated.map(|_| baseline),
        stop_asked: state.stop_requested.is_some(),
        digests: &digests,
        last,
    };
    let read_at = ports.clock.now();
    let begun = state.run.as_ref().map_or(read_at, |run| run.begun);
    let progress = read(ports, release, stage, &ours, &baseline.service_deployments, begun).await?;
    let overdue = state.run.as_ref().is_some_and(|run| is_overdue(run, stage, &progress, read_at));
    // The first of several proofs is news, and so is each that follows: they are counted.
    let news =
        (last != Some(&progress)).then(|| Fact::RolloutObserved { at: at.clone(), service: name.clone(), progress });
    let overdue = overdue.then(|| Fact::RolloutOverdue { at: at.clone(), service: name.clone() });
    Ok(news.into_iter().chain(overdue).collect())
}

/// The way back: the same reading, held against what ran before.
pub async fn observe_restore(
    ports: &Ports,
    release: &Release,
    at: &StepRef,
    name: &ServiceName,
) -> Result<Vec<Fact>, Fault> {
    let stage = stage(release, at)?;
    let state = roll(release, at, name)?;
    let (run, restore) = match (&state.run, &state.restore) {
        (Some(run), Some(restore)) => (run, restore),
        _ => return Err(defect("nothing is being restored")),
    };
    let (deployments, service_deployments) = before_restore(state, run);
    let before = Baseline {
        primary: run.primary.clone(),
        task_definition: run.task_definition.clone(),
        service_deployments,
        deployments,
        desired: 0,
    };
    let last = restore.progress.as_ref();
    let ours = Ours {
        service: name,
        primary: &restore.primary,
        task_definition: &restore.task_definition,
        before: Some(&before),
        stop_asked: false,
        // What ran before was good by its own release; its task definition names it.
        digests: &[],
        last,
    };
    let read_at = ports.clock.now();
    let progress = read(ports, release, stage, &ours, &before.service_deployments, restore.begun).await?;
    let overdue = is_overdue(restore, stage, &progress, read_at);
    let news =
        (last != Some(&progress)).then(|| Fact::RestoreObserved { at: at.clone(), service: name.clone(), progress });
    let overdue = overdue.then(|| Fact::RestoreOverdue { at: at.clone(), service: name.clone() });
    Ok(news.into_iter().chain(overdue).collect())
}

async fn read(
    ports: &Ports,
    release: &Release,
    stage: &Stage,
    ours: &Ours<'_>,
    known: &[String],
    since: Timestamp,
) -> Result<crate::model::rollout::RolloutProgress, Fault> {
    let cluster = Cluster { account: release.started.pipeline.account(&stage.account), name: &stage.cluster };
    let reading = ports.deployer.rollout(cluster, stage.service_name(ours.service), known, since).await?;
    Ok(judge(ours, &reading))
}

/// Which digests each named container of a service may run.
async fn digests(
    ports: &Ports,
    release: &Release,
    stage: &Stage,
    name: &ServiceName,
) -> Result<Vec<(String, ImageDigests)>, Fault> {
    let pipeline = &release.started.pipeline;
    let mut digests = Vec::new();
    for (container, image) in &pipeline.service(name).containers {
        let Some(pushed) = release.image_for(stage, image) else { continue };
        let (account, repository) = (pipeline.image_account(stage, image), &pipeline.image(image).repository);
        let found = contents(ports, account, repository, &pushed.digest).await?;
        // What was removed since cannot tell of its children; ECS keeps what it has pulled.
        let children = found.map(|c| c.digests()).unwrap_or_default();
        digests.push((container.clone(), ImageDigests { digest: pushed.digest.clone(), children }));
    }
    Ok(digests)
}
