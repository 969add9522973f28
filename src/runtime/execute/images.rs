//! Building, adopting and copying images.

use super::defect;
use super::platforms::missing;
use crate::model::event::Fact;
use crate::model::fault::Fault;
use crate::model::ids::{AccountName, ImageName};
use crate::model::release::Release;
use crate::ports::images::Say;
use crate::runtime::given::place;
use crate::runtime::ports::Ports;

pub async fn build(ports: &Ports, release: &Release, image: &ImageName, say: Say<'_>) -> Result<Fact, Fault> {
    let pipeline = &release.started.pipeline;
    let spec = pipeline.image(image);
    let to = ports.registry.access(pipeline.account(&spec.account), &spec.repository).await?;
    let built = ports.images.build(spec, &to, &release.tag(image), say).await?;
    Ok(Fact::ImageBuilt { image: image.clone(), pushed: built.pushed, by: built.by })
}

/// An image that exists already: taken where it is if that is the image's own repository, copied there else.
pub async fn adopt(ports: &Ports, release: &Release, image: &ImageName, say: Say<'_>) -> Result<Fact, Fault> {
    let pipeline = &release.started.pipeline;
    let spec = pipeline.image(image);
    let given = release.started.given.get(image).ok_or_else(|| defect("no reference was given"))?;
    let own = ports.registry.access(pipeline.account(&spec.account), &spec.repository).await?;
    let (from, reference) = place(ports, pipeline, image, given, &own)?;
    let found = ports.images.look(&from, &reference).await?.ok_or_else(|| missing(given))?;
    // Copying onto the same repository only sets the release's tag, so that no lifecycle rule takes the image.
    let pushed = ports.images.copy(&from, &found.digest, &own, &release.tag(image), say).await?;
    Ok(Fact::ImageBuilt { image: image.clone(), pushed, by: "given".to_owned() })
}

pub async fn copy(
    ports: &Ports,
    release: &Release,
    image: &ImageName,
    account: &AccountName,
    say: Say<'_>,
) -> Result<Fact, Fault> {
    let pipeline = &release.started.pipeline;
    let spec = pipeline.image(image);
    let source = release.images.get(image).ok_or_else(|| defect("the image is not built"))?;
    let from = ports.registry.access(pipeline.account(&spec.account), &spec.repository).await?;
    let to = ports.registry.access(pipeline.account(account), &spec.repository).await?;
    let pushed = ports.images.copy(&from, &source.digest, &to, &release.tag(image), say).await?;
    Ok(Fact::ImageCopied { image: image.clone(), account: account.clone(), pushed })
}
