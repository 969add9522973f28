//! Building an image and pushing it under the release's tag.

use async_trait::async_trait;
use jiff::Timestamp;

use super::{Execute, Found, LookUp};
use crate::model::event::{Fact, ImageOrigin, PushedImage, Source};
use crate::model::fault::Fault;
use crate::model::fault::build::{BuildProblem, Tree};
use crate::model::ids::ImageName;
use crate::model::release::Release;
use crate::model::warning::Warning;
use crate::ports::images::Say;
use crate::runtime::ports::Ports;

pub(super) struct Build<'e> {
    pub image: &'e ImageName,
}

#[async_trait]
impl Execute for Build<'_> {
    async fn execute(&self, ports: &Ports, release: &Release, say: Say<'_>) -> Result<Vec<Fact>, Fault> {
        let image = self.image;
        let pipeline = &release.started.pipeline;
        let spec = pipeline.image(image);
        let to = ports.registry.access(pipeline.account(&spec.account), &spec.repository).await?;
        source_is_unchanged(ports, release, image)?;
        let built = ports.images.build(spec, &to, &release.tag(image), say).await?;
        let changed = changed_meanwhile(ports, release, image)?;
        let done = Fact::ImageBuilt {
            image: image.clone(),
            pushed: built.pushed,
            origin: ImageOrigin::Built { by: built.by },
        };
        let build = |noticed| Warning::Build { image: image.clone(), noticed };
        let warnings = built.notices.into_iter().map(build).chain(changed);
        let warnings = warnings.map(|warning| Fact::Warned { warning });
        Ok(warnings.chain([done]).collect())
    }
}

#[async_trait]
impl LookUp for Build<'_> {
    /// The release's own tag names what a build of it pushed.
    async fn look_up(&self, ports: &Ports, release: &Release, _: Timestamp) -> Result<Found, Fault> {
        let image = self.image;
        let pipeline = &release.started.pipeline;
        let spec = pipeline.image(image);
        let access = ports.registry.access(pipeline.account(&spec.account), &spec.repository).await?;
        Ok(match ports.images.look(&access, &release.tag(image)).await? {
            Some(pushed) => Found::Landed(Box::new(Fact::ImageBuilt {
                image: image.clone(),
                pushed,
                origin: ImageOrigin::FoundByTag,
            })),
            None => Found::Absent,
        })
    }
}

/// Whether the working tree is what the release says that its images are built from, which is what an approver reads.
///
/// # Errors
/// `NotFound`, with the commit to check out: the release can go on where its source is.
fn source_is_unchanged(ports: &Ports, release: &Release, image: &ImageName) -> Result<(), Fault> {
    let pipeline = &release.started.pipeline;
    let (was, is) = (&release.started.source, ports.checkout.read().source);
    if was.commit == is.commit && was.dirty == is.dirty && was.named_by == is.named_by {
        return Ok(());
    }
    let all_given = |until| pipeline.images_until(until).into_iter().all(|i| release.started.given.contains_key(i));
    if *was == Source::default() && all_given(&release.started.until) {
        return Err(without_source(release, image));
    }
    let tree = |source: &Source| Tree { commit: source.commit.as_ref().map(ToString::to_string), dirty: source.dirty };
    let (image, release) = (image.clone(), release.id.clone());
    Err(BuildProblem::OtherSource { image, release, was: tree(was), is: tree(&is) }.into())
}

/// What happened to the working tree during a build. Somebody who goes on with their work changes files, of which few are the image's;
/// another commit is another source.
///
/// # Errors
/// As `source_is_unchanged`, where another commit was checked out.
fn changed_meanwhile(ports: &Ports, release: &Release, image: &ImageName) -> Result<Option<Warning>, Fault> {
    let (was, is) = (&release.started.source, ports.checkout.read().source);
    match (&was.commit, was.commit == is.commit && !was.dirty && is.dirty) {
        (Some(commit), true) => Ok(Some(Warning::SourceChanged { image: image.clone(), commit: commit.clone() })),
        (Some(_), false) | (None, _) => source_is_unchanged(ports, release, image).map(|()| None),
    }
}

/// A release that was started with images that were given alone has no source that another one could be built from.
fn without_source(release: &Release, image: &ImageName) -> Fault {
    let given = |(name, pushed): (&ImageName, &PushedImage)| format!("{name}={}@{}", pushed.repository, pushed.digest);
    BuildProblem::NoSource {
        image: image.clone(),
        release: release.id.clone(),
        started_until: release.started.until.clone(),
        until: release.until.clone(),
        given: release.images.iter().map(given).collect(),
    }
    .into()
}
