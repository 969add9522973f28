//! Checks the names that a fact uses. Each must be in the release's own pipeline: whoever can write the state can write any name, and all
//! code that reads a release relies on them.

use super::Release;
use crate::model::effect::{Effect, StepRef};
use crate::model::effect_properties::Subject;
use crate::model::event::{Fact, Started};
use crate::model::ids::StageName;
use crate::model::plan::StagePlan;
use crate::model::scan_subject::ScanSubject;
use crate::model::step::Step;
use crate::model::step::part::StepPart;
use crate::model::unresolved::Unresolved;

/// Checks that everything that a first fact names is in its own pipeline.
///
/// # Errors
/// What is not; likewise below.
pub(super) fn of_start(started: &Started) -> Result<(), Unresolved> {
    started.pipeline.check_references()?;
    if started.pipeline.stage(&started.until).is_none() {
        return Err(Unresolved::Stage(started.until.clone()));
    }
    started.given.keys().try_for_each(|image| started.pipeline.has_image(image))
}

impl Release {
    /// Checks that everything that a fact names is in this release's pipeline.
    pub(super) fn knows(&self, fact: &Fact) -> Result<(), Unresolved> {
        let pipeline = &self.started.pipeline;
        match fact {
            Fact::Intended { effect, .. }
            | Fact::EffectFailed { effect, .. }
            | Fact::EffectAbsent { effect }
            | Fact::EffectUnknown { effect, .. } => self.knows_effect(effect),
            Fact::Extended { until, .. } | Fact::Surveyed { until } => self.has_stage(until),
            Fact::ImageBuilt { image, .. } => pipeline.has_image(image),
            Fact::ImageCopied { image, account, .. } => {
                pipeline.has_image(image).and_then(|()| pipeline.has_account(account))
            }
            Fact::ScanObserved { image, account, .. } => match image {
                ScanSubject::Image(image) => pipeline.has_image(image).and_then(|()| pipeline.has_account(account)),
                ScanSubject::Unnamed { .. } => pipeline.has_account(account),
            },
            Fact::StagePlanned { stage, plan } => self.knows_plan(stage, plan),
            Fact::GateJudged { stage, .. }
            | Fact::ApprovalRequested { stage, .. }
            | Fact::ApprovalWithdrawn { stage, .. }
            | Fact::ApprovalExpired { stage, .. }
            | Fact::ApprovalVoided { stage, .. }
            | Fact::ApprovalCompared { stage, .. }
            | Fact::StageLocked { stage, .. }
            | Fact::Forced { stage, .. }
            | Fact::StageEntered { stage }
            | Fact::StageFailed { stage, .. }
            | Fact::StageFrozen { stage, .. } => self.has_stage(stage),
            Fact::ApprovalRefused { answer, .. }
            | Fact::ApprovalGiven { answer }
            | Fact::ApprovalRejected { answer, .. } => self.has_stage(&answer.stage),
            Fact::ImagesFailed { stage, images, .. } | Fact::StageLeft { stage, images } => {
                self.has_stage(stage)?;
                images.keys().try_for_each(|image| pipeline.has_image(image))
            }
            Fact::StageConfirmed { stage, moved } => {
                self.has_stage(stage)?;
                moved.iter().try_for_each(|moved| pipeline.has_image(&moved.image))
            }
            Fact::TaskDefinitionRegistered { at, workload, .. } => self.has_part(at, &workload.part()),
            Fact::Step { at, fact } => self.has_part(at, &fact.part()),
            Fact::Started(_)
            | Fact::Resumed { .. }
            | Fact::TakenUpToAbort { .. }
            | Fact::Warned { .. }
            | Fact::LockBroken { .. }
            | Fact::Absorbed { .. }
            | Fact::AbortRequested { .. }
            | Fact::Suspended { .. }
            | Fact::Finished { .. } => Ok(()),
        }
    }

    fn knows_effect(&self, effect: &Effect) -> Result<(), Unresolved> {
        let pipeline = &self.started.pipeline;
        match effect.row().subject {
            Subject::Accounts { from, until } => self.has_stage(from).and_then(|()| self.has_stage(until)),
            Subject::Image(image) => pipeline.has_image(image),
            Subject::Copy(image, account) => pipeline.has_image(image).and_then(|()| pipeline.has_account(account)),
            Subject::Plan(stage) | Subject::Approval(stage) | Subject::Confirm(stage) => self.has_stage(stage),
            Subject::Step(at, part) => self.has_part(at, &part),
        }
    }

    /// Checks that a plan has only services and tasks of its stage's steps.
    fn knows_plan(&self, stage: &StageName, plan: &StagePlan) -> Result<(), Unresolved> {
        let spec = self.started.pipeline.stage(stage).ok_or_else(|| Unresolved::Stage(stage.clone()))?;
        if let Some(service) = plan.services.keys().find(|name| !spec.services().any(|s| s == *name)) {
            return Err(Unresolved::ServiceOfStage { stage: stage.clone(), service: service.clone() });
        }
        match plan.tasks.keys().find(|name| !spec.tasks().any(|t| t == *name)) {
            Some(task) => Err(Unresolved::TaskOfStage { stage: stage.clone(), task: task.clone() }),
            None => Ok(()),
        }
    }

    fn has_stage(&self, name: &StageName) -> Result<(), Unresolved> {
        if self.stages.contains_key(name) { Ok(()) } else { Err(Unresolved::Stage(name.clone())) }
    }

    fn spec_of(&self, at: &StepRef) -> Result<&Step, Unresolved> {
        let stage = self.started.pipeline.stage(&at.stage).ok_or_else(|| Unresolved::Stage(at.stage.clone()))?;
        stage.steps.get(at.step).ok_or_else(|| Unresolved::Step(at.clone()))
    }

    fn has_part(&self, at: &StepRef, part: &StepPart) -> Result<(), Unresolved> {
        if self.spec_of(at)?.has(part) { Ok(()) } else { Err(Unresolved::Part(at.clone(), part.clone())) }
    }
}
