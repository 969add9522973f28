//! What two facts of one record both say. An honest record always agrees with itself: a copy is made byte for byte, a plan is made of the
//! images that are there, and what is registered is what was planned. Whoever writes the state can let them differ, and each part of
//! kanmon would go by another of the two.

use std::collections::BTreeMap;

use super::Release;
use crate::model::effect::{StepRef, Workload};
use crate::model::event::Fact;
use crate::model::ids::{Digest, ImageName, StageName};
use crate::model::plan::{StagePlan, WorkloadPlan};

impl Release {
    /// Whether a fact says the same as those before it of what both speak of.
    ///
    /// # Errors
    /// What differs, as a sentence.
    pub(super) fn agrees(&self, fact: &Fact) -> Result<(), String> {
        match fact {
            Fact::ImageBuilt { image, pushed, .. } => match self.images.contains_key(image) {
                true => self.is_of(image, &pushed.digest),
                false => Ok(()),
            },
            Fact::ImageCopied { image, pushed, .. } => self.is_of(image, &pushed.digest),
            Fact::StagePlanned { stage, plan } => self.plans_its_images(stage, plan),
            Fact::TaskDefinitionRegistered { at, workload, content, .. } => match self.planned(at, workload) {
                Some(planned) if planned.content != *content => {
                    Err(format!("what is registered for {}/{workload} is not what was planned", at.stage))
                }
                Some(_) | None => Ok(()),
            },
            Fact::Step { at, fact } => self.step(at).map_or(Ok(()), |state| state.agrees(fact, at)),
            Fact::ApprovalRejected { images, .. } | Fact::ImagesFailed { images, .. } => self.are_of(images),
            Fact::StageLeft { stage, images } => {
                if self.stage(stage).entered.is_none() {
                    return Err(format!("{stage} was not entered"));
                }
                self.are_of(images)
            }
            Fact::Started(_)
            | Fact::Extended { .. }
            | Fact::Resumed { .. }
            | Fact::TakenUpToAbort { .. }
            | Fact::Warned { .. }
            | Fact::Intended { .. }
            | Fact::EffectFailed { .. }
            | Fact::EffectAbsent { .. }
            | Fact::EffectUnknown { .. }
            | Fact::Surveyed { .. }
            | Fact::ScanObserved { .. }
            | Fact::GateJudged { .. }
            | Fact::ApprovalRequested { .. }
            | Fact::ApprovalRefused { .. }
            | Fact::ApprovalGiven { .. }
            | Fact::ApprovalWithdrawn { .. }
            | Fact::ApprovalExpired { .. }
            | Fact::ApprovalVoided { .. }
            | Fact::ApprovalCompared { .. }
            | Fact::StageLocked { .. }
            | Fact::Forced { .. }
            | Fact::StageEntered { .. }
            | Fact::StageFailed { .. }
            | Fact::StageFrozen { .. }
            | Fact::StageConfirmed { .. }
            | Fact::LockBroken { .. }
            | Fact::Absorbed { .. }
            | Fact::AbortRequested { .. }
            | Fact::Suspended { .. }
            | Fact::Finished { .. } => Ok(()),
        }
    }

    /// Whether a digest is the one that the release has of an image.
    fn is_of(&self, image: &ImageName, digest: &Digest) -> Result<(), String> {
        match self.images.get(image) {
            Some(own) if own.digest == *digest => Ok(()),
            Some(own) => Err(format!("image {image} is {}, and this is {}", own.digest.short(), digest.short())),
            None => Err(format!("there is no image {image} yet")),
        }
    }

    fn are_of(&self, images: &BTreeMap<ImageName, Digest>) -> Result<(), String> {
        images.iter().try_for_each(|(image, digest)| self.is_of(image, digest))
    }

    /// Whether each named container of a plan runs the image that the file names for it.
    fn plans_its_images(&self, stage: &StageName, plan: &StagePlan) -> Result<(), String> {
        let pipeline = &self.started.pipeline;
        let services = plan.services.iter().map(|(name, planned)| (&pipeline.service(name).containers, planned));
        let tasks = plan.tasks.iter().map(|(name, planned)| (&pipeline.task(name).containers, planned));
        for (containers, planned) in services.chain(tasks) {
            for (container, reference) in &planned.images {
                let image =
                    containers.get(container).ok_or_else(|| format!("{stage} names no container {container}"))?;
                let own = self.images.get(image).ok_or_else(|| format!("there is no image {image} yet"))?;
                if !reference.ends_with(&format!("@{}", own.digest)) {
                    return Err(format!(
                        "image {image} is {}, and container {container} of {stage} is planned with {reference}",
                        own.digest.short()
                    ));
                }
            }
        }
        Ok(())
    }

    fn planned(&self, at: &StepRef, workload: &Workload) -> Option<&WorkloadPlan> {
        let plan = self.stages.get(&at.stage)?.plan.as_ref()?;
        match workload {
            Workload::Service(service) => plan.services.get(service),
            Workload::Task(task) => plan.tasks.get(task),
        }
    }
}
