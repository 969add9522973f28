//! A service's rollout, read and judged.

use jiff::Timestamp;

use super::step::ObserveStep;
use crate::engine::rollout::{Ours, judge};
use crate::engine::step::follow::is_overdue;
use crate::model::effect::StepRef;
use crate::model::event::Fact;
use crate::model::fault::Fault;
use crate::model::fault::own::Lack;
use crate::model::ids::ServiceName;
use crate::model::pipeline::Stage;
use crate::model::release::Release;
use crate::model::rollout::ImageDigests;
use crate::model::step::part::{Direction, StepPart};
use crate::model::step::roll::RollFact;
use crate::model::step::roll_state::RollStates;
use crate::runtime::image_contents::contents;
use crate::runtime::ports::Ports;
use crate::runtime::recorded::{cluster, defect, roll, stage};
use crate::runtime::rollback_target::before;

impl ObserveStep for RollStates {
    async fn observe(
        &self,
        ports: &Ports,
        release: &Release,
        at: &StepRef,
        part: &StepPart,
    ) -> Result<Vec<Fact>, Fault> {
        match part {
            StepPart::Service(service, direction) => observe(ports, release, at, service, *direction).await,
            StepPart::Whole | StepPart::Task(_) => Err(defect(Lack::Service)),
        }
    }
}

async fn observe(
    ports: &Ports,
    release: &Release,
    at: &StepRef,
    name: &ServiceName,
    direction: Direction,
) -> Result<Vec<Fact>, Fault> {
    let stage = stage(release, &at.stage)?;
    let state = roll(release, at, name)?;
    let rollout = state.rollout(direction);
    if direction == Direction::Back && rollout.run.is_none() {
        return Err(defect(Lack::Restoration));
    }
    let before = before(state, direction)?;
    let digests = match direction {
        Direction::Forward => digests(ports, release, stage, name).await?,
        // What ran before was good by its own release; its task definition names it.
        Direction::Back => Vec::new(),
    };
    let last = rollout.run.as_ref().and_then(|r| r.progress.as_ref());
    // Where nothing has to change nothing was updated: then the deployment that is there is proven.
    let updated = match direction {
        Direction::Forward => rollout.run.as_ref().filter(|_| state.registered.is_some()),
        Direction::Back => rollout.run.as_ref(),
    };
    let ours = Ours {
        service: name,
        primary: updated.map_or(&before.primary, |r| &r.primary).as_deref(),
        task_definition: updated.map_or(&before.task_definition, |r| &r.task_definition),
        before: updated.map(|_| &before),
        stop_requested: direction == Direction::Forward && state.stop_requested.is_some(),
        digests: &digests,
        last,
    };
    let read_at = ports.clock.now();
    let begun = rollout.run.as_ref().map_or(read_at, |run| run.started_at);
    let progress = read(ports, release, stage, &ours, &before.service_deployments, begun).await?;
    let overdue = rollout.run.as_ref().is_some_and(|run| is_overdue(run, stage, &progress, read_at));
    let service = || name.clone();
    // Each proof is new, also one that is like the last: they are counted.
    let news = (last != Some(&progress)).then(|| RollFact::RolloutObserved { service: service(), direction, progress });
    let overdue = overdue.then(|| RollFact::RolloutOverdue { service: service(), direction });
    Ok(news.into_iter().chain(overdue).map(|fact| Fact::step(at, fact)).collect())
}

async fn read(
    ports: &Ports,
    release: &Release,
    stage: &Stage,
    ours: &Ours<'_>,
    known: &[String],
    since: Timestamp,
) -> Result<crate::model::rollout::RolloutProgress, Fault> {
    let reading =
        ports.deployer.rollout(cluster(release, stage), stage.service_name(ours.service), known, since).await?;
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
        // An image that was removed since has no children to read; ECS keeps what it has pulled.
        let children = found.map(|c| c.digests()).unwrap_or_default();
        digests.push((container.clone(), ImageDigests { digest: pushed.digest.clone(), children }));
    }
    Ok(digests)
}
