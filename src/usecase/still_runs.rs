//! Checks that stages that are done by the record still run what the release brought.

use std::collections::BTreeSet;

use serde_json::Value;

use super::context::Context;
use super::error::Error;
use crate::engine::changes::changes;
use crate::engine::taskdef::{self, sent};
use crate::model::event::PushedImage;
use crate::model::fault::{Fault, FaultKind};
use crate::model::ids::{ReleaseId, ServiceName, StageName};
use crate::model::pipeline::{Account, Stage};
use crate::model::refusal::{Refusal, Replaced, Runs};
use crate::model::release::Release;
use crate::model::warning::Warning;
use crate::ports::deployer::Cluster;
use crate::runtime::ports::Ports;

/// A service that does not run what a release brought there.
struct Other {
    service: ServiceName,
    runs: Runs,
}

/// Reads every passed stage up to `to`. Returns warnings for what stops nothing: a stage on the way that a newer release has entered, and one that cannot
/// be read.
///
/// # Errors
/// Where `to` itself runs something else now, because then nothing would be done although the stage does not run the release; and where a stage on the way
/// runs what no newer release brought. On the way only the images count; in `to` the whole task definition.
pub async fn check(context: &Context, ports: &Ports, release: &Release, to: &StageName) -> Result<Vec<Warning>, Error> {
    let pipeline = &release.started.pipeline;
    let mut notes = Vec::new();
    for stage in pipeline.stages_until(to).iter().filter(|s| release.stage(&s.name).left.is_some()) {
        let newer = context.journal.ledger(&pipeline.app, &stage.name).await?.last_entered.filter(|l| *l > release.id);
        let other = match other(ports, release, stage, stage.name == *to).await {
            Ok(Some(other)) => other,
            Ok(None) => continue,
            Err(fault) if stage.name != *to => {
                notes.push(Warning::StageUnread { stage: stage.name.clone(), fault });
                continue;
            }
            Err(fault) => return Err(fault.into()),
        };
        match newer {
            Some(newer) if stage.name != *to => {
                notes.push(Warning::StageHasNewer { stage: stage.name.clone(), newer });
            }
            newer => return Err(replaced(release, stage, other, newer).into()),
        }
    }
    Ok(notes)
}

/// The first service of a stage that runs other digests than the release's; with `whole`, also one with another task definition.
async fn other(ports: &Ports, release: &Release, stage: &Stage, whole: bool) -> Result<Option<Other>, Fault> {
    let pipeline = &release.started.pipeline;
    let account = pipeline.account(&stage.account);
    for service in stage.services() {
        let at = Cluster::of(pipeline, stage);
        let reading = ports.deployer.service(at, stage.service_name(service)).await?;
        let revision = reading.primary().map_or(&reading.task_definition, |p| &p.task_definition);
        let definition = ports.deployer.task_definition(account, revision).await?;
        let containers = &pipeline.service(service).containers;
        let runs = |container: &str| taskdef::container_image(&definition.raw, container);
        let same = containers.iter().all(|(container, image)| {
            let wanted = release.image_for(stage, image).map(|pushed| format!("@{}", pushed.digest));
            wanted.zip(runs(container)).is_some_and(|(wanted, runs)| runs.ends_with(&wanted))
        });
        if !same {
            let images = containers.keys().filter_map(|container| runs(container)).collect();
            return Ok(Some(Other { service: service.clone(), runs: Runs::Images(images) }));
        }
        let brought = brought(release, stage, service).filter(|brought| whole && brought != revision);
        if let Some(brought) = brought
            && !holds(ports, account, &definition.raw, &brought).await?
        {
            return Ok(Some(Other { service: service.clone(), runs: Runs::Revision(revision.clone()) }));
        }
    }
    Ok(None)
}

/// The revision that a release brought a service to, or found it at.
fn brought(release: &Release, stage: &Stage, service: &ServiceName) -> Option<String> {
    let own = release.stage(&stage.name).rolls().rfind(|(_, name, _)| *name == service);
    own.and_then(|(_, _, roll)| roll.forward.run.as_ref()).map(|run| run.task_definition.clone())
}

/// Whether what runs has the same content as another revision, as after registering it again. A revision that ECS no longer has does not count.
async fn holds(ports: &Ports, account: &Account, runs: &Value, revision: &str) -> Result<bool, Fault> {
    match ports.deployer.task_definition(account, revision).await {
        Ok(own) => Ok(changes(&own.raw, &sent::as_sent(runs, None, &own.raw), &BTreeSet::new()).is_empty()),
        Err(fault) if fault.kind() == FaultKind::NotFound => Ok(false),
        Err(fault) => Err(fault),
    }
}

fn replaced(release: &Release, stage: &Stage, other: Other, newer: Option<ReleaseId>) -> Refusal {
    let source = &release.started.source;
    let reference = |pushed: &PushedImage| format!("{}@{}", pushed.repository, pushed.digest);
    Refusal::NoLongerRuns(Replaced {
        release: release.id.clone(),
        stage: stage.name.clone(),
        account: release.started.pipeline.account(&stage.account).clone(),
        service: other.service,
        runs: other.runs,
        newer,
        images: release.images.iter().map(|(name, pushed)| (name.clone(), reference(pushed))).collect(),
        commit: source.commit.clone().filter(|_| !source.dirty),
    })
}
