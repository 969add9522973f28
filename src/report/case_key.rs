//! The cases of a release, which facts belong to each, and its status.

use std::collections::BTreeSet;

use super::case_status::CaseStatus;
use super::{effect, step};
use crate::model::effect::{Effect, StepRef};
use crate::model::effect_properties::Subject;
use crate::model::event::Fact;
use crate::model::fault::{Fault, FaultKind};
use crate::model::ids::{AccountName, Digest, ImageName, StageName};
use crate::model::outcome::Outcome;
use crate::model::pipeline::Stage;
use crate::model::release::Release;
use crate::model::scan_subject::ScanSubject;
use crate::model::stage_state::Approval;
use crate::model::step::part::StepPart;

use CaseStatus::{Failed, NotReached, Passed, Unknown, Waiting};

/// A condition that a release has to meet.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum CaseKey {
    /// The release as a whole.
    Release,
    Accounts,
    Image(ImageName),
    Copy(ImageName, AccountName),
    Gate(StageName),
    Plan(StageName),
    Approval(StageName),
    Step(StepRef, StepPart),
    Confirm(StageName),
}

/// What a fact is about.
pub enum FactSubject {
    Case(CaseKey),
    /// The stage as a whole.
    Stage(StageName),
}

impl From<&Effect> for CaseKey {
    fn from(effect: &Effect) -> CaseKey {
        match effect.row().subject {
            Subject::Accounts { .. } => CaseKey::Accounts,
            Subject::Image(image) => CaseKey::Image(image.clone()),
            Subject::Copy(image, account) => CaseKey::Copy(image.clone(), account.clone()),
            Subject::Plan(stage) => CaseKey::Plan(stage.clone()),
            Subject::Approval(stage) => CaseKey::Approval(stage.clone()),
            Subject::Confirm(stage) => CaseKey::Confirm(stage.clone()),
            Subject::Step(at, part) => CaseKey::Step(at.clone(), part),
        }
    }
}

impl CaseKey {
    /// Its name, in the words of the story.
    pub fn name(&self, release: &Release) -> String {
        let effect = match self {
            CaseKey::Release => return format!("{} to {}", release.started.pipeline.app, release.until),
            CaseKey::Gate(_) => return "severity gate".to_owned(),
            CaseKey::Approval(_) => return "approval".to_owned(),
            CaseKey::Accounts => Effect::Survey { from: release.until.clone(), until: release.until.clone() },
            CaseKey::Image(image) => match release.started.given.contains_key(image) {
                true => Effect::Adopt { image: image.clone() },
                false => Effect::Build { image: image.clone() },
            },
            CaseKey::Copy(image, account) => Effect::Copy { image: image.clone(), account: account.clone() },
            CaseKey::Plan(stage) => Effect::Plan { stage: stage.clone() },
            CaseKey::Step(at, part) => {
                return release.step(at).map_or_else(|| step::part(at, part), |state| step::name(state, at, part));
            }
            CaseKey::Confirm(stage) => Effect::Confirm { stage: stage.clone() },
        };
        effect::text(&effect)
    }

    /// Its step, if it is about one.
    pub fn step(&self) -> Option<usize> {
        match self {
            CaseKey::Step(at, _) => Some(at.step),
            CaseKey::Release
            | CaseKey::Accounts
            | CaseKey::Image(_)
            | CaseKey::Copy(..)
            | CaseKey::Gate(_)
            | CaseKey::Plan(_)
            | CaseKey::Approval(_)
            | CaseKey::Confirm(_) => None,
        }
    }

    /// Its status now. `begun`: whether a fact is about it.
    pub fn status(&self, release: &Release, begun: bool) -> CaseStatus {
        let mine = |effect: &Effect| CaseKey::from(effect) == *self;
        if release.unknown.keys().any(mine) {
            return Unknown;
        }
        let failed = release.failed.iter().find(|(effect, _)| mine(effect));
        match (self.concluded(release, failed.is_some()), failed) {
            (Some(held), _) => held,
            (None, Some((_, failed))) => status_of_fault(&failed.fault, release),
            (None, None) if begun => Waiting,
            (None, None) => NotReached,
        }
    }

    /// Its final status, if it has one. `failed`: whether a later attempt failed.
    fn concluded(&self, release: &Release, failed: bool) -> Option<CaseStatus> {
        let done = |is: bool| is.then_some(Passed);
        match self {
            CaseKey::Release => Some(release.ending.as_ref().map_or(Waiting, |e| status_of_outcome(e.outcome()))),
            // Cleared when the release continues, and not always read again; no stage is entered without it.
            CaseKey::Accounts => done(release.surveyed.is_some() || (entered(release) && !failed)),
            CaseKey::Image(image) => done(release.images.contains_key(image)),
            CaseKey::Copy(image, account) => done(release.copies.contains_key(&(image.clone(), account.clone()))),
            CaseKey::Gate(stage) => release.stage(stage).gate.as_ref().map(|g| CaseStatus::from(g.verdict)),
            CaseKey::Plan(stage) => done(release.stage(stage).plan.as_ref().is_some_and(|p| !p.awaits_scans())),
            CaseKey::Approval(stage) => match &release.stage(stage).approval {
                Approval::NotRequested => None,
                Approval::Requested(_) => Some(Waiting),
                Approval::Given(..) => Some(Passed),
                Approval::Rejected(_) | Approval::Expired(_) | Approval::Closed { .. } => Some(Failed),
            },
            CaseKey::Step(at, part) => step::status(release.step(at)?, part),
            // Cleared when the release continues; no stage is left without it.
            CaseKey::Confirm(stage) => done(release.stage(stage).confirmed || release.stage(stage).left.is_some()),
        }
    }
}

fn entered(release: &Release) -> bool {
    release.stages.values().any(|s| s.entered.is_some())
}

fn status_of_outcome(outcome: Outcome) -> CaseStatus {
    match outcome {
        Outcome::Succeeded | Outcome::Unchanged => Passed,
        Outcome::Suspended => Waiting,
        Outcome::BuildFailed
        | Outcome::Blocked
        | Outcome::Rejected
        | Outcome::Expired
        | Outcome::RolledBack
        | Outcome::Superseded
        | Outcome::Stuck
        | Outcome::Aborted
        | Outcome::Failed => Failed,
        Outcome::StillRunning | Outcome::Unknown | Outcome::Access | Outcome::Locked => Unknown,
    }
}

/// What was tried and failed has failed; what could not be tried is unknown.
fn status_of_fault(fault: &Fault, release: &Release) -> CaseStatus {
    let stopped = release.ending.as_ref().is_none_or(|e| e.outcome() == Outcome::Suspended);
    match fault.kind() {
        FaultKind::BuildFailed | FaultKind::Invalid | FaultKind::Changed => Failed,
        // It is retried, unless the release has ended.
        FaultKind::Throttled | FaultKind::Unreachable | FaultKind::Ambiguous if stopped => Waiting,
        FaultKind::Throttled | FaultKind::Unreachable | FaultKind::Ambiguous => Unknown,
        FaultKind::AccessDenied
        | FaultKind::CredentialsRefused
        | FaultKind::WrongAccount
        | FaultKind::NotFound
        | FaultKind::ToolMissing
        | FaultKind::Defect => Unknown,
    }
}

/// The cases of a stage, in the order in which the release reaches them.
pub fn of_stage(release: &Release, stage: &Stage) -> Vec<CaseKey> {
    let pipeline = &release.started.pipeline;
    let name = &stage.name;
    let used = stage.images_used(pipeline).into_iter();
    let copied = used.map(|image| (image, &pipeline.image_account(stage, image).name));
    let mut keys: Vec<CaseKey> = copied
        .filter(|(image, account)| pipeline.image(image).account != **account)
        .map(|(image, account)| CaseKey::Copy(image.clone(), account.clone()))
        .collect();
    keys.extend([CaseKey::Gate(name.clone()), CaseKey::Plan(name.clone())]);
    if stage.approval.is_some() {
        keys.push(CaseKey::Approval(name.clone()));
    }
    for (step, what) in stage.steps.iter().enumerate() {
        let at = StepRef { stage: name.clone(), step };
        keys.extend(what.parts().into_iter().map(|part| CaseKey::Step(at.clone(), part)));
    }
    keys.push(CaseKey::Confirm(name.clone()));
    keys
}

/// What a fact is about; `entered`: the stages that were entered before it.
pub fn subject_of(fact: &Fact, release: &Release, entered: &BTreeSet<StageName>) -> FactSubject {
    let key = match fact {
        Fact::Started(_)
        | Fact::Extended { .. }
        | Fact::Resumed { .. }
        | Fact::TakenUpToAbort { .. }
        | Fact::Absorbed { .. }
        | Fact::Warned { .. }
        | Fact::LockBroken { .. }
        | Fact::AbortRequested { .. }
        | Fact::Suspended { .. }
        | Fact::Finished { .. } => CaseKey::Release,
        Fact::Intended { effect, .. }
        | Fact::EffectFailed { effect, .. }
        | Fact::EffectAbsent { effect }
        | Fact::EffectUnknown { effect, .. } => CaseKey::from(effect),
        Fact::Surveyed { .. } => CaseKey::Accounts,
        Fact::ImageBuilt { image, .. } => CaseKey::Image(image.clone()),
        Fact::ImageCopied { image, account, .. } => CaseKey::Copy(image.clone(), account.clone()),
        Fact::ScanObserved { image: ScanSubject::Image(image), account, .. } => {
            match judged_next(release, image, account, entered) {
                Some(stage) => CaseKey::Gate(stage.clone()),
                None => CaseKey::Image(image.clone()),
            }
        }
        Fact::ScanObserved { image: ScanSubject::Unnamed { digest, .. }, .. } => match planned_with(release, digest) {
            Some(stage) => CaseKey::Plan(stage.clone()),
            None => CaseKey::Release,
        },
        Fact::GateJudged { stage, .. } => CaseKey::Gate(stage.clone()),
        Fact::StagePlanned { stage, .. } => CaseKey::Plan(stage.clone()),
        Fact::ApprovalRequested { stage, .. }
        | Fact::ApprovalWithdrawn { stage, .. }
        | Fact::ApprovalExpired { stage, .. }
        | Fact::ApprovalCompared { stage, .. }
        | Fact::ApprovalVoided { stage, .. } => CaseKey::Approval(stage.clone()),
        Fact::ApprovalRefused { answer, .. }
        | Fact::ApprovalGiven { answer }
        | Fact::ApprovalRejected { answer, .. } => CaseKey::Approval(answer.stage.clone()),
        Fact::StageLocked { stage, .. }
        | Fact::Forced { stage, .. }
        | Fact::StageEntered { stage }
        | Fact::StageFailed { stage, .. }
        | Fact::ImagesFailed { stage, .. }
        | Fact::StageFrozen { stage, .. }
        | Fact::StageLeft { stage, .. } => return FactSubject::Stage(stage.clone()),
        Fact::TaskDefinitionRegistered { at, workload, .. } => CaseKey::Step(at.clone(), workload.part()),
        Fact::Step { at, fact } => CaseKey::Step(at.clone(), fact.part()),
        Fact::StageConfirmed { stage, .. } => CaseKey::Confirm(stage.clone()),
    };
    FactSubject::Case(key)
}

/// The stage for whose gate a scan is read: the first one not yet entered whose gate judges the image by this account's scan.
fn judged_next<'r>(
    release: &'r Release,
    image: &ImageName,
    account: &AccountName,
    entered: &BTreeSet<StageName>,
) -> Option<&'r StageName> {
    let pipeline = &release.started.pipeline;
    let judges = |stage: &&Stage| {
        stage.images_used(pipeline).contains(image)
            && [&pipeline.image(image).account, &pipeline.image_account(stage, image).name].contains(&account)
    };
    pipeline.stages.iter().filter(|s| !entered.contains(&s.name)).find(judges).map(|s| &s.name)
}

/// The last stage whose plan has a container with this image that the file does not name.
fn planned_with<'r>(release: &'r Release, digest: &Digest) -> Option<&'r StageName> {
    let has = |stage: &&Stage| {
        let plan = release.stage(&stage.name).plan.as_ref();
        plan.is_some_and(|plan| plan.unnamed().any(|(_, _, unnamed)| unnamed.image.ends_with(digest.as_str())))
    };
    release.started.pipeline.stages.iter().rev().find(has).map(|s| &s.name)
}

/// Whether no work on the case is in progress after this fact.
pub fn closes(fact: &Fact) -> bool {
    match fact {
        Fact::StagePlanned { plan, .. } => !plan.awaits_scans(),
        Fact::Step { fact, .. } => step::closes(fact),
        Fact::EffectFailed { .. }
        | Fact::EffectAbsent { .. }
        | Fact::EffectUnknown { .. }
        | Fact::Surveyed { .. }
        | Fact::ImageBuilt { .. }
        | Fact::ImageCopied { .. }
        | Fact::GateJudged { .. }
        | Fact::ApprovalRefused { closes: true, .. }
        | Fact::ApprovalGiven { .. }
        | Fact::ApprovalRejected { .. }
        | Fact::ApprovalExpired { .. }
        | Fact::ApprovalVoided { .. }
        | Fact::ApprovalCompared { .. }
        | Fact::StageConfirmed { .. }
        | Fact::Suspended { .. }
        | Fact::Finished { .. } => true,
        Fact::Started(_)
        | Fact::Extended { .. }
        | Fact::Resumed { .. }
        | Fact::TakenUpToAbort { .. }
        | Fact::Absorbed { .. }
        | Fact::Warned { .. }
        | Fact::Intended { .. }
        | Fact::ScanObserved { .. }
        | Fact::ApprovalRequested { .. }
        | Fact::ApprovalRefused { closes: false, .. }
        | Fact::ApprovalWithdrawn { .. }
        | Fact::StageLocked { .. }
        | Fact::Forced { .. }
        | Fact::StageEntered { .. }
        | Fact::TaskDefinitionRegistered { .. }
        | Fact::StageFailed { .. }
        | Fact::ImagesFailed { .. }
        | Fact::StageFrozen { .. }
        | Fact::StageLeft { .. }
        | Fact::LockBroken { .. }
        | Fact::AbortRequested { .. } => false,
    }
}
