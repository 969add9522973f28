//! What a record calls done, held against what runs there now.

use super::bench::Bench;
use super::failure::Failure;
use crate::engine::taskdef;
use crate::model::fault::Fault;
use crate::model::ids::{ReleaseId, ServiceName, StageName};
use crate::model::pipeline::Stage;
use crate::model::release::Release;
use crate::ports::deployer::Cluster;
use crate::report::names;
use crate::runtime::ports::Ports;

/// A service that does not run what a release brought there.
struct Other {
    service: ServiceName,
    /// The named containers' images, as they run now.
    runs: Vec<String>,
}

/// Reads every stage up to `to` that the release has left. What is worth knowing and stops nothing is answered as sentences: a stage
/// on the way that a newer release has entered since was passed all the same, and one that cannot be read, for whatever reason, is unknown.
///
/// # Errors
/// Where `to` itself runs something else by now, so that there would be nothing to do and nothing would be true; and where a stage on
/// the way runs what no newer release brought.
pub async fn look(bench: &Bench, ports: &Ports, release: &Release, to: &StageName) -> Result<Vec<String>, Failure> {
    let pipeline = &release.started.pipeline;
    let end = pipeline.stages.iter().position(|s| s.name == *to).map_or(0, |i| i + 1);
    let mut notes = Vec::new();
    for stage in pipeline.stages[..end].iter().filter(|s| release.stage(&s.name).left.is_some()) {
        let newer = bench.journal.ledger(&pipeline.app, &stage.name).await?.last_entered.filter(|l| *l > release.id);
        let other = match others(ports, release, stage).await {
            Ok(mut others) if !others.is_empty() => others.swap_remove(0),
            Ok(_) => continue,
            Err(fault) if stage.name != *to => {
                notes.push(format!(
                    "stage {} could not be read, so whether it still runs what {} brought is unknown: {fault}",
                    stage.name, release.id
                ));
                continue;
            }
            Err(fault) => return Err(fault.into()),
        };
        match newer {
            Some(newer) if stage.name != *to => {
                notes.push(format!("{} was passed before and now runs {newer}", stage.name));
            }
            newer => return Err(replaced(release, stage, &other, newer.as_ref())),
        }
    }
    Ok(notes)
}

/// The services of a stage that run other digests than the release's.
async fn others(ports: &Ports, release: &Release, stage: &Stage) -> Result<Vec<Other>, Fault> {
    let pipeline = &release.started.pipeline;
    let account = pipeline.account(&stage.account);
    let mut found = Vec::new();
    for service in stage.services() {
        let at = Cluster { account, name: &stage.cluster };
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
            let runs = containers.keys().filter_map(|container| runs(container)).collect();
            found.push(Other { service: service.clone(), runs });
        }
    }
    Ok(found)
}

fn replaced(release: &Release, stage: &Stage, other: &Other, newer: Option<&ReleaseId>) -> Failure {
    let account = release.started.pipeline.account(&stage.account);
    let runs: Vec<String> = other.runs.iter().map(|image| names::image(image, account)).collect();
    let (id, place) = (&release.id, format!("{}/{}", stage.name, other.service));
    let given: Vec<String> = release
        .images
        .iter()
        .map(|(name, pushed)| format!("--image {name}={}@{}", pushed.repository, pushed.digest))
        .collect();
    Failure::wrong(format!("{place} does not run the images of {id}, but {}", runs.join(", ")))
        .cause(match newer {
            Some(newer) => format!("{newer} has entered {} since; the record says that {id} is done there, so nothing would be deployed", stage.name),
            None => format!("somebody has changed it since without kanmon; the record says that {id} is done there, so nothing would be deployed"),
        })
        .hint(format!(
            "to deploy these images there again, make a new release of them: `kanmon release --until {} {}`",
            stage.name,
            given.join(" ")
        ))
}
