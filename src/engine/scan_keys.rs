//! Which scans a stage's gate looks at.

use super::unnamed;
use crate::model::ids::{AccountName, ImageName};
use crate::model::pipeline::Stage;
use crate::model::release::Release;
use crate::model::scan_subject::ScanSubject;

/// An image, and the account of its scan.
pub type Key = (ScanSubject, AccountName);

/// The images of the file that a stage runs, by the accounts they are built in.
pub fn own(release: &Release, stage: &Stage) -> Vec<Key> {
    let pipeline = &release.started.pipeline;
    let each = |image: &ImageName| (ScanSubject::Image(image.clone()), pipeline.image(image).account.clone());
    stage.images_used(pipeline).into_iter().map(each).collect()
}

/// The same for the copies in the stage's account.
pub fn copied(release: &Release, stage: &Stage) -> Vec<Key> {
    let pipeline = &release.started.pipeline;
    let copied = stage.images_used(pipeline).into_iter().filter_map(|image| {
        let target = &pipeline.image_account(stage, image).name;
        (*target != pipeline.image(image).account).then(|| (ScanSubject::Image(image.clone()), target.clone()))
    });
    copied.collect()
}

/// All of them, those of the planned containers that the file does not name included.
pub fn all(release: &Release, stage: &Stage) -> Vec<Key> {
    let mut keys = own(release, stage);
    keys.extend(copied(release, stage));
    let plan = release.stage(&stage.name).plan.as_ref();
    keys.extend(plan.map(|plan| unnamed::keys(release, stage, plan)).unwrap_or_default());
    keys
}
