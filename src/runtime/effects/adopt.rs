//! Taking an image that exists: copied into the image's own repository where it is elsewhere, tagged where it is there.

use async_trait::async_trait;

use super::Execute;
use crate::model::event::{CommitSource, Event, Fact, ImageCommit, ImageOrigin, PushedImage};
use crate::model::fault::Fault;
use crate::model::fault::own::Lack;
use crate::model::ids::{Digest, ImageName};
use crate::model::release::Release;
use crate::model::warning::Warning;
use crate::ports::images::{Access, Say};
use crate::runtime::image_reference::{missing, resolve};
use crate::runtime::ports::Ports;
use crate::runtime::recorded::defect;

pub(super) struct Adopt<'e> {
    pub image: &'e ImageName,
}

#[async_trait]
impl Execute for Adopt<'_> {
    async fn execute(&self, ports: &Ports, release: &Release, say: Say<'_>) -> Result<Vec<Fact>, Fault> {
        let image = self.image;
        let pipeline = &release.started.pipeline;
        let spec = pipeline.image(image);
        let given = release.started.given.get(image).ok_or_else(|| defect(Lack::Given))?;
        let own = ports.registry.access(pipeline.account(&spec.account), &spec.repository).await?;
        let (from, reference) = resolve(ports, pipeline, image, given, &own).await?;
        let found = ports.images.look(&from, &reference).await?.ok_or_else(|| missing(given))?;
        // Copying onto the same repository only sets the release's tag, so that no lifecycle rule takes the image.
        let pushed = ports.images.copy(&from, &found.digest, &own, &release.tag(image), say).await?;
        let (commit, warning) = match commit_of(ports, release, &from, &found).await {
            Ok(commit) => (commit, None),
            // It is only shown: the release continues without it.
            Err(fault) => (None, Some(Warning::LabelUnread { image: image.clone(), fault })),
        };
        let built = Fact::ImageBuilt { image: image.clone(), pushed, origin: ImageOrigin::Given { commit } };
        Ok(warning.map(|warning| Fact::Warned { warning }).into_iter().chain([built]).collect())
    }
}

/// How many of the application's latest releases are looked through for the one that built an image. Each is a record to be read; an
/// image that is older than all of these says by its label what it is made of, or nothing does.
const LOOKED_THROUGH: usize = 50;

/// The commit of an image that was given: of the release that built exactly this digest, else by its own label. Never that of the
/// working tree, which says nothing of it.
///
/// # Errors
/// Where the label cannot be read.
async fn commit_of(
    ports: &Ports,
    release: &Release,
    at: &Access,
    image: &PushedImage,
) -> Result<Option<ImageCommit>, Fault> {
    let app = &release.started.pipeline.app;
    // A journal that cannot be read is met where it is written next.
    let listed = ports.journal.list(app).await.unwrap_or_default();
    for other in listed.iter().filter(|l| l.release != release.id && l.imported.is_none()).take(LOOKED_THROUGH) {
        let Ok(events) = ports.journal.read(&other.release).await else { continue };
        if let Some(commit) = built(&events, &image.digest) {
            return Ok(Some(ImageCommit { commit, source: CommitSource::Release(other.release.clone()) }));
        }
    }
    let label = ports.images.commit(at, &image.digest).await?;
    Ok(label.map(|commit| ImageCommit { commit, source: CommitSource::Label }))
}

/// The clean commit that a release built this digest from, if it did.
fn built(events: &[Event], digest: &Digest) -> Option<String> {
    let Fact::Started(started) = &events.first()?.fact else { return None };
    let built_it = events.iter().any(|event| {
        matches!(&event.fact, Fact::ImageBuilt { image, pushed, .. }
            if pushed.digest == *digest && !started.given.contains_key(image))
    });
    started.source.commit.clone().filter(|_| built_it && !started.source.dirty)
}
