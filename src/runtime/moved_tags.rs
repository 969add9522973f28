//! Tags that somebody has moved to another image. Deployments use digests, so this is only reported.

use crate::model::event::MovedTag;
use crate::model::ids::{Digest, ImageName};
use crate::model::pipeline::Stage;
use crate::model::release::Release;
use crate::ports::images::Access;
use crate::runtime::image_reference::resolve;
use crate::runtime::ports::Ports;

/// The tags under which a stage's images were pushed or given that name another image now, and were not reported before. A registry that
/// cannot be read is skipped: no release waits for this.
pub async fn moved(ports: &Ports, release: &Release, stage: &Stage) -> Vec<MovedTag> {
    let pipeline = &release.started.pipeline;
    let mut moved = Vec::new();
    for image in stage.images_used(pipeline) {
        let Some(ours) = release.image_for(stage, image) else { continue };
        let spec = pipeline.image(image);
        let mut places = Vec::new();
        let home = ports.registry.access(pipeline.account(&spec.account), &spec.repository).await.ok();
        if let (Some(given), Some(home)) = (release.started.given.get(image), &home) {
            let tag = resolve(ports, pipeline, image, given, home).await.ok();
            // A digest cannot be moved.
            places.extend(tag.filter(|(_, reference)| !reference.contains(':')));
        }
        let account = pipeline.image_account(stage, image);
        if account.name != spec.account {
            let copy = ports.registry.access(account, &spec.repository).await.ok();
            places.extend(copy.map(|at| (at, release.tag(image))));
        }
        places.extend(home.map(|at| (at, release.tag(image))));
        for (at, tag) in places {
            moved.extend(other(ports, image, &ours.digest, &at, &tag).await);
        }
    }
    moved.retain(|found| !release.moved_tags.contains(found));
    moved
}

async fn other(ports: &Ports, image: &ImageName, ours: &Digest, at: &Access, tag: &str) -> Option<MovedTag> {
    let names = ports.images.look(at, tag).await.ok()?.map(|found| found.digest);
    (names.as_ref() != Some(ours)).then(|| MovedTag {
        image: image.clone(),
        tag: format!("{}:{tag}", at.repository),
        names,
    })
}
