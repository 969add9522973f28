//! Facts of one record about the same thing must agree. In an honest record they do: a copy has the same digest, a plan has the release's
//! images, and what is registered is what was planned. Whoever can write the state could make them differ, and then parts of kanmon would
//! rely on different facts.

use std::collections::BTreeMap;

use super::Release;
use crate::model::effect::{StepRef, Workload};
use crate::model::event::Fact;
use crate::model::ids::{Digest, ImageName, StageName};
use crate::model::illegal::IllegalReason;
use crate::model::plan::{StagePlan, WorkloadPlan};
use crate::model::unresolved::Unresolved;

impl Release {
    /// Checks that a fact agrees with those before it.
    ///
    /// # Errors
    /// What differs.
    pub(super) fn agrees(&self, fact: &Fact) -> Result<(), IllegalReason> {
        match fact {
            Fact::ImageBuilt { image, pushed, .. } => match self.images.contains_key(image) {
                true => self.check_digest(image, &pushed.digest),
                false => Ok(()),
            },
            Fact::ImageCopied { image, pushed, .. } => self.check_digest(image, &pushed.digest),
            Fact::StagePlanned { stage, plan } => self.plans_its_images(stage, plan),
            Fact::TaskDefinitionRegistered { at, workload, content, .. } => match self.planned(at, workload) {
                Some(planned) if planned.content != *content => {
                    let (stage, workload) = (at.stage.clone(), workload.clone());
                    Err(IllegalReason::OtherDefinitionRegistered { stage, workload })
                }
                Some(_) | None => Ok(()),
            },
            Fact::Step { at, fact } => self.step(at).map_or(Ok(()), |state| state.agrees(fact, at)),
            Fact::ApprovalRejected { images, .. } | Fact::ImagesFailed { images, .. } => self.check_digests(images),
            Fact::StageLeft { stage, images } => {
                if self.stage(stage).entered.is_none() {
                    return Err(IllegalReason::NotEntered { stage: stage.clone() });
                }
                self.check_digests(images)
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

    /// Checks that a digest is the release's digest of an image.
    fn check_digest(&self, image: &ImageName, digest: &Digest) -> Result<(), IllegalReason> {
        match self.images.get(image) {
            Some(own) if own.digest == *digest => Ok(()),
            Some(own) => {
                let (own, found) = (own.digest.clone(), digest.clone());
                Err(IllegalReason::OtherImage { image: image.clone(), own, found })
            }
            None => Err(IllegalReason::NoImage { image: image.clone() }),
        }
    }

    fn check_digests(&self, images: &BTreeMap<ImageName, Digest>) -> Result<(), IllegalReason> {
        images.iter().try_for_each(|(image, digest)| self.check_digest(image, digest))
    }

    /// Checks that each named container of a plan has the image that the file names for it.
    fn plans_its_images(&self, stage: &StageName, plan: &StagePlan) -> Result<(), IllegalReason> {
        let pipeline = &self.started.pipeline;
        let services = plan.services.iter().map(|(name, planned)| (&pipeline.service(name).containers, planned));
        let tasks = plan.tasks.iter().map(|(name, planned)| (&pipeline.task(name).containers, planned));
        for (containers, planned) in services.chain(tasks) {
            for (container, reference) in &planned.images {
                let image = containers
                    .get(container)
                    .ok_or_else(|| Unresolved::Container { stage: stage.clone(), container: container.clone() })?;
                let own = self.images.get(image).ok_or_else(|| IllegalReason::NoImage { image: image.clone() })?;
                if !reference.ends_with(&format!("@{}", own.digest)) {
                    return Err(IllegalReason::OtherImagePlanned {
                        stage: stage.clone(),
                        container: container.clone(),
                        image: image.clone(),
                        own: own.digest.clone(),
                        planned: reference.clone(),
                    });
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
