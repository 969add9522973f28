//! Whether images are for the platform that their tasks run on: both sides are known before anything is built.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::engine::runtime_platform;
use crate::model::effect::Workload;
use crate::model::fault::Fault;
use crate::model::fault::task_definition::{OtherPlatformImage, TaskDefinitionProblem};
use crate::model::ids::{AccountName, ImageName, StageName};
use crate::model::platform::Platform;
use crate::model::release::Release;
use crate::runtime::image_contents::contents;
use crate::runtime::image_reference::{missing, resolve};
use crate::runtime::ports::Ports;
use crate::runtime::task_definition::unnamed::Found;

/// What each image is for, asked once.
pub struct OfferedPlatforms<'a> {
    ports: &'a Ports,
    release: &'a Release,
    /// Accounts that cannot be entered, which is a fault of its own.
    refused: &'a BTreeSet<AccountName>,
    known: BTreeMap<ImageName, Option<Vec<Platform>>>,
}

impl<'a> OfferedPlatforms<'a> {
    pub fn new(ports: &'a Ports, release: &'a Release, refused: &'a BTreeSet<AccountName>) -> OfferedPlatforms<'a> {
        OfferedPlatforms { ports, release, refused, known: BTreeMap::new() }
    }

    /// Whether each container's image has the platform of its task definition.
    ///
    /// # Errors
    /// `Invalid` where one has not; what the registry answers about an image that is there already.
    pub async fn check(
        &mut self,
        stage: &StageName,
        workload: &Workload,
        definition: &Value,
        containers: &BTreeMap<String, ImageName>,
    ) -> Result<(), Fault> {
        let Some(wanted) = runtime_platform::of(definition) else { return Ok(()) };
        for image in containers.values() {
            if let Some(offered) = self.of(image).await? {
                fits(stage, workload, &wanted, OtherPlatformImage::Name(image.clone()), &offered)?;
            }
        }
        Ok(())
    }

    /// `None`: it does not say all of them, and what a runtime makes of that the gate judges.
    async fn of(&mut self, image: &ImageName) -> Result<Option<Vec<Platform>>, Fault> {
        if let Some(known) = self.known.get(image) {
            return Ok(known.clone());
        }
        let offered = self.ask(image).await?;
        self.known.insert(image.clone(), offered.clone());
        Ok(offered)
    }

    async fn ask(&self, image: &ImageName) -> Result<Option<Vec<Platform>>, Fault> {
        let (ports, pipeline) = (self.ports, &self.release.started.pipeline);
        let spec = pipeline.image(image);
        if self.refused.contains(&spec.account) {
            return Ok(None);
        }
        let account = pipeline.account(&spec.account);
        let found = match (self.release.images.get(image), self.release.started.given.get(image)) {
            (Some(there), _) => contents(ports, account, &spec.repository, &there.digest).await?,
            (None, Some(reference)) => {
                let own = ports.registry.access(account, &spec.repository).await?;
                let (at, what) = resolve(ports, pipeline, image, reference, &own).await?;
                let there = ports.images.look(&at, &what).await?.ok_or_else(|| missing(reference))?;
                ports.images.contents(&at, &there.digest).await?.map(std::sync::Arc::new)
            }
            (None, None) => {
                return spec.platforms.iter().map(|p| Ok(Some(Platform::parse(p)?))).collect();
            }
        };
        Ok(found.and_then(|c| c.runnable.iter().map(|r| r.platform.clone()).collect()))
    }
}

/// Whether the image of a container that the file does not name has the platform of its task definition; likewise.
///
/// # Errors
/// As `OfferedPlatforms::check`.
pub async fn check_unnamed(
    ports: &Ports,
    stage: &StageName,
    workload: &Workload,
    definition: &Value,
    found: &Found<'_>,
) -> Result<(), Fault> {
    let Some(wanted) = runtime_platform::of(definition) else { return Ok(()) };
    let held = contents(ports, found.account, &found.repository, &found.there.digest).await?;
    match held.and_then(|c| c.runnable.iter().map(|r| r.platform.clone()).collect::<Option<Vec<_>>>()) {
        Some(offered) => fits(stage, workload, &wanted, OtherPlatformImage::Repository(found.name.clone()), &offered),
        None => Ok(()),
    }
}

fn fits(
    stage: &StageName,
    workload: &Workload,
    wanted: &Platform,
    image: OtherPlatformImage,
    offered: &[Platform],
) -> Result<(), Fault> {
    if offered.iter().any(|p| p.serves(wanted)) {
        return Ok(());
    }
    Err(TaskDefinitionProblem::OtherPlatform {
        stage: stage.clone(),
        workload: workload.clone(),
        wanted: wanted.clone(),
        image,
        offered: offered.to_vec(),
    }
    .into())
}
