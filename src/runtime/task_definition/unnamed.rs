//! Containers that the file does not name: their images pinned to the digest that is there now, for the gate to judge.

use std::collections::BTreeMap;

use super::base::Base;
use crate::engine::unnamed::{required_account, without_scan};
use crate::model::address;
use crate::model::effect::Workload;
use crate::model::event::PushedImage;
use crate::model::fault::Fault;
use crate::model::fault::registry::RegistryProblem;
use crate::model::fault::task_definition::TaskDefinitionProblem;
use crate::model::pipeline::{Account, Pipeline, Stage, UnnamedContainers};
use crate::model::plan::{Unnamed, UnnamedGate};
use crate::model::reference::Reference;
use crate::model::registry::owner;
use crate::runtime::ports::Ports;

/// What the containers of a task definition beside the named ones would run in a stage; not judged yet.
///
/// # Errors
/// `NotFound` where the registry has no such image.
pub async fn resolve(
    ports: &Ports,
    pipeline: &Pipeline,
    stage: &Stage,
    base: &Base<'_>,
) -> Result<BTreeMap<String, Unnamed>, Fault> {
    let mut all = BTreeMap::new();
    for (container, image) in base.unnamed()? {
        let unnamed = match base.sheet.unnamed {
            UnnamedContainers::Keep => Unnamed { image, gate: UnnamedGate::Kept },
            UnnamedContainers::Digest => match found(ports, pipeline, stage, &container, &image).await? {
                Some(Found { name, there, .. }) => {
                    Unnamed { image: format!("{name}@{}", there.digest), gate: UnnamedGate::Unjudged }
                }
                None => Unnamed { gate: UnnamedGate::Judged(without_scan(stage, &image)), image },
            },
        };
        all.insert(container, unnamed);
    }
    Ok(all)
}

/// Where the image of a container is.
pub struct Found<'p> {
    pub account: &'p Account,
    /// The repository's name in the account.
    pub repository: String,
    /// The same with the registry's host by which the task definition has it.
    pub name: String,
    pub there: PushedImage,
}

/// Looks for the image of a container; `None` where no account of the file keeps it.
///
/// # Errors
/// `NotFound` where its repository has no such image.
pub async fn found<'p>(
    ports: &Ports,
    pipeline: &'p Pipeline,
    stage: &Stage,
    container: &str,
    image: &str,
) -> Result<Option<Found<'p>>, Fault> {
    let reference = Reference::of(image);
    let Some((account, repository)) = owner(pipeline, stage, reference.name) else { return Ok(None) };
    let access = ports.registry.access(account, repository).await?;
    let host = reference.name.split('/').next().unwrap_or_default();
    // ECR has several hosts for one repository. On this machine only the one that ECR itself names is its.
    if address::is_loopback(address::without_port(host)) && access.repository != reference.name {
        return Ok(None);
    }
    let there = ports.images.look(&access, reference.tag_or_digest()).await?.ok_or_else(|| {
        let (image, container) = (image.to_owned(), container.to_owned());
        Fault::from(RegistryProblem::ContainersImageMissing { image, container })
    })?;
    Ok(Some(Found { account, repository: repository.to_owned(), name: reference.name.to_owned(), there }))
}

/// The refusal of a container whose image nobody scans: before anything is built.
pub fn unscanned(stage: &Stage, workload: &Workload, container: &str, image: &str) -> Fault {
    TaskDefinitionProblem::Unscannable {
        stage: stage.name.clone(),
        workload: workload.clone(),
        container: container.to_owned(),
        image: image.to_owned(),
        into: required_account(stage),
    }
    .into()
}
