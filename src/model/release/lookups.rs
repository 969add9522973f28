//! Lookups in a release's state.

use std::collections::BTreeMap;

use super::Release;
use crate::model::effect::StepRef;
use crate::model::ending::Ending;
use crate::model::event::PushedImage;
use crate::model::ids::{Digest, ImageName, ServiceName, StageName};
use crate::model::pipeline::Stage;
use crate::model::stage_state::StageState;
use crate::model::step::StepState;
use crate::model::step::roll_state::RollState;

impl Release {
    /// The ending, where the release cannot be resumed.
    pub fn ended_for_good(&self) -> Option<&Ending> {
        self.ending.as_ref().filter(|ending| !ending.outcome().is_resumable())
    }

    /// The stages up to the last requested one, in their order.
    pub fn stages_requested(&self) -> &[Stage] {
        self.started.pipeline.stages_until(&self.until)
    }

    /// Those that it has not passed.
    pub fn stages_to_go(&self) -> impl Iterator<Item = &Stage> {
        self.stages_requested().iter().filter(|s| self.stage(&s.name).left.is_none())
    }

    /// Whether every requested stage is passed.
    pub fn is_through(&self) -> bool {
        self.stages_to_go().next().is_none()
    }

    /// The tag that an image of this release carries in a repository.
    pub fn tag(&self, image: &ImageName) -> String {
        let images = &self.started.pipeline.images;
        let own = images.get(image).map(|i| &i.repository);
        let shared = images.values().filter(|i| Some(&i.repository) == own).count() > 1;
        if shared { format!("kanmon-{}-{image}", self.id) } else { format!("kanmon-{}", self.id) }
    }

    /// The commit that an image was built from, where it is known: its own for a given image, the release's for a built one.
    pub fn commit_of(&self, image: &ImageName) -> Option<&str> {
        match self.started.given.contains_key(image) {
            true => self.image_commits.get(image).map(|c| c.commit.as_str()),
            false => self.started.source.commit.as_deref(),
        }
    }

    /// The image as a stage's tasks pull it: the copy in the stage's account, or the image's own.
    pub fn image_for(&self, stage: &Stage, image: &ImageName) -> Option<&PushedImage> {
        let pipeline = &self.started.pipeline;
        let account = &pipeline.image_account(stage, image).name;
        if *account == pipeline.image(image).account {
            self.images.get(image)
        } else {
            self.copies.get(&(image.clone(), account.clone()))
        }
    }

    /// The digests that a stage's services and tasks would run, where they are known.
    pub fn digests(&self, stage: &Stage) -> BTreeMap<ImageName, Digest> {
        let used = stage.images_used(&self.started.pipeline).into_iter();
        used.filter_map(|image| Some((image.clone(), self.images.get(image)?.digest.clone()))).collect()
    }

    /// A service's roll in one step.
    pub fn roll(&self, at: &StepRef, service: &ServiceName) -> Option<&RollState> {
        self.stages.get(&at.stage)?.roll(at.step, service)
    }

    /// The state of a step.
    pub fn step(&self, at: &StepRef) -> Option<&StepState> {
        self.stages.get(&at.stage)?.steps.get(at.step)
    }

    pub fn stage(&self, name: &StageName) -> &StageState {
        self.stages.get(name).expect("no fact that names another stage is taken in")
    }
}
