//! What has to hold on a release's way, one by one, and which facts speak of it.

use std::collections::BTreeSet;

use crate::model::effect::{Effect, StepRef, Workload};
use crate::model::event::Fact;
use crate::model::fault::{Fault, FaultKind};
use crate::model::ids::{AccountName, Digest, ImageName, ServiceName, StageName, TaskName};
use crate::model::outcome::Outcome;
use crate::model::pipeline::{Stage, Step};
use crate::model::release::Release;
use crate::model::rollout::RolloutEnd;
use crate::model::scan_subject::ScanSubject;
use crate::model::stage_state::{Approval, RollState, RunState, StepState};
use crate::model::verdict::Verdict;

use Held::{No, NotReached, Unknown, Waiting, Yes};

/// Whether something held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Held {
    Yes,
    No,
    /// It could not be told.
    Unknown,
    /// It has begun and is not decided.
    Waiting,
    NotReached,
}

/// Something that has to hold.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Matter {
    /// What was asked for as a whole.
    Release,
    Accounts,
    Image(ImageName),
    Copy(ImageName, AccountName),
    Gate(StageName),
    Plan(StageName),
    Approval(StageName),
    Run(StepRef, TaskName),
    Roll(StepRef, ServiceName),
    Restore(StepRef, ServiceName),
    Check(StepRef),
    Confirm(StageName),
}

/// Where a fact belongs.
pub enum Place {
    Matter(Matter),
    /// To the stage as such.
    Stage(StageName),
}

impl From<&Effect> for Matter {
    fn from(effect: &Effect) -> Matter {
        match effect {
            Effect::Survey { .. } => Matter::Accounts,
            Effect::Build { image } | Effect::Adopt { image } => Matter::Image(image.clone()),
            Effect::Copy { image, account } => Matter::Copy(image.clone(), account.clone()),
            Effect::Plan { stage } => Matter::Plan(stage.clone()),
            Effect::RequestApproval { stage, .. } => Matter::Approval(stage.clone()),
            Effect::Register { at, workload: Workload::Task(task) } | Effect::RunTask { at, task } => {
                Matter::Run(at.clone(), task.clone())
            }
            Effect::Register { at, workload: Workload::Service(service) }
            | Effect::Baseline { at, service }
            | Effect::Update { at, service }
            | Effect::StopRollout { at, service } => Matter::Roll(at.clone(), service.clone()),
            Effect::PrepareRestore { at, service } | Effect::Restore { at, service } => {
                Matter::Restore(at.clone(), service.clone())
            }
            Effect::Check { at } => Matter::Check(at.clone()),
            Effect::Confirm { stage } => Matter::Confirm(stage.clone()),
        }
    }
}

impl Matter {
    /// In the words by which the same is told while it is done.
    pub fn name(&self, release: &Release) -> String {
        let effect = match self {
            Matter::Release => return format!("{} to {}", release.started.pipeline.app, release.until),
            Matter::Gate(_) => return "severity gate".to_owned(),
            Matter::Approval(_) => return "approval".to_owned(),
            Matter::Accounts => Effect::Survey { from: release.until.clone(), until: release.until.clone() },
            Matter::Image(image) => match release.started.given.contains_key(image) {
                true => Effect::Adopt { image: image.clone() },
                false => Effect::Build { image: image.clone() },
            },
            Matter::Copy(image, account) => Effect::Copy { image: image.clone(), account: account.clone() },
            Matter::Plan(stage) => Effect::Plan { stage: stage.clone() },
            Matter::Run(at, task) => Effect::RunTask { at: at.clone(), task: task.clone() },
            Matter::Roll(at, service) => Effect::Update { at: at.clone(), service: service.clone() },
            Matter::Restore(at, service) => Effect::Restore { at: at.clone(), service: service.clone() },
            Matter::Check(at) => Effect::Check { at: at.clone() },
            Matter::Confirm(stage) => Effect::Confirm { stage: stage.clone() },
        };
        effect.to_string()
    }

    /// The step that it is, where it is one.
    pub fn step(&self) -> Option<usize> {
        match self {
            Matter::Run(at, _) | Matter::Roll(at, _) | Matter::Restore(at, _) | Matter::Check(at) => Some(at.step),
            Matter::Release
            | Matter::Accounts
            | Matter::Image(_)
            | Matter::Copy(..)
            | Matter::Gate(_)
            | Matter::Plan(_)
            | Matter::Approval(_)
            | Matter::Confirm(_) => None,
        }
    }

    /// As the release stands. `begun`: some fact spoke of it.
    pub fn held(&self, release: &Release, begun: bool) -> Held {
        let mine = |effect: &Effect| Matter::from(effect) == *self;
        if release.unknown.keys().any(mine) {
            return Unknown;
        }
        let failed = release.failed.iter().find(|(effect, _)| mine(effect));
        match (self.concluded(release, failed.is_some()), failed) {
            (Some(held), _) => held,
            (None, Some((_, failed))) => of_fault(&failed.fault, release),
            (None, None) if begun => Waiting,
            (None, None) => NotReached,
        }
    }

    /// What is known of it for good. `failed`: it was tried since, and that did not go well.
    fn concluded(&self, release: &Release, failed: bool) -> Option<Held> {
        let done = |is: bool| is.then_some(Yes);
        match self {
            Matter::Release => Some(release.ending.as_ref().map_or(Waiting, |e| of_outcome(e.outcome))),
            // Forgotten when the release is gone on with, and not always looked at again; no stage is entered without it.
            Matter::Accounts => done(release.surveyed.is_some() || (entered(release) && !failed)),
            Matter::Image(image) => done(release.images.contains_key(image)),
            Matter::Copy(image, account) => done(release.copies.contains_key(&(image.clone(), account.clone()))),
            Matter::Gate(stage) => release.stage(stage).gate.as_ref().map(|g| of_verdict(g.verdict)),
            Matter::Plan(stage) => done(release.stage(stage).plan.as_ref().is_some_and(|p| !p.awaits_scans())),
            Matter::Approval(stage) => match &release.stage(stage).approval {
                Approval::NotAsked => None,
                Approval::Asked(_) => Some(Waiting),
                Approval::Given(..) => Some(Yes),
                Approval::Rejected(_) | Approval::Expired(_) | Approval::Closed { .. } => Some(No),
            },
            Matter::Run(at, _) => match release.stage(&at.stage).steps.get(at.step)? {
                StepState::Run(run) => of_run(run),
                StepState::Roll(_) | StepState::Check(_) => None,
            },
            Matter::Roll(at, service) => roll(release, at, service)?.ended.as_ref().map(of_end),
            Matter::Restore(at, service) => roll(release, at, service)?.restored.as_ref().map(of_end),
            Matter::Check(at) => match release.stage(&at.stage).steps.get(at.step)? {
                StepState::Check(judged) => judged.as_ref().map(|(verdict, _)| of_verdict(*verdict)),
                StepState::Run(_) | StepState::Roll(_) => None,
            },
            // Forgotten when the release is gone on with; a stage is not left without it.
            Matter::Confirm(stage) => done(release.stage(stage).confirmed || release.stage(stage).left.is_some()),
        }
    }
}

fn entered(release: &Release) -> bool {
    release.stages.values().any(|s| s.entered.is_some())
}

fn roll<'r>(release: &'r Release, at: &StepRef, service: &ServiceName) -> Option<&'r RollState> {
    match release.stage(&at.stage).steps.get(at.step)? {
        StepState::Roll(services) => services.get(service),
        StepState::Run(_) | StepState::Check(_) => None,
    }
}

fn of_verdict(verdict: Verdict) -> Held {
    match verdict {
        Verdict::Pass | Verdict::Waived => Yes,
        Verdict::Unknown => Unknown,
        Verdict::Fail => No,
    }
}

fn of_run(run: &RunState) -> Option<Held> {
    match &run.ended {
        Some(end) => Some(if end.exit_code == Some(0) { Yes } else { No }),
        None => run.overdue.then_some(No),
    }
}

fn of_end(end: &RolloutEnd) -> Held {
    match end {
        RolloutEnd::Succeeded | RolloutEnd::Unchanged | RolloutEnd::Unverified => Yes,
        RolloutEnd::RolledBack { .. }
        | RolloutEnd::Failed { .. }
        | RolloutEnd::Superseded { .. }
        | RolloutEnd::Stopped { .. }
        | RolloutEnd::Stuck { .. } => No,
        RolloutEnd::StillRunning | RolloutEnd::Unknown { .. } => Unknown,
    }
}

fn of_outcome(outcome: Outcome) -> Held {
    match outcome {
        Outcome::Succeeded | Outcome::Unchanged => Yes,
        Outcome::Suspended => Waiting,
        Outcome::BuildFailed
        | Outcome::Blocked
        | Outcome::Rejected
        | Outcome::Expired
        | Outcome::RolledBack
        | Outcome::Superseded
        | Outcome::Stuck
        | Outcome::Aborted
        | Outcome::Failed => No,
        Outcome::StillRunning | Outcome::Unknown | Outcome::Access | Outcome::Locked => Unknown,
    }
}

/// A thing that failed is bad; one that could not be tried has not been judged.
fn of_fault(fault: &Fault, release: &Release) -> Held {
    let stopped = release.ending.as_ref().is_none_or(|e| e.outcome == Outcome::Suspended);
    match fault.kind() {
        FaultKind::BuildFailed | FaultKind::Invalid | FaultKind::Changed => No,
        // Tried again, unless it was given up.
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

/// The matters of a stage, in the order in which it comes to them.
pub fn of_stage(release: &Release, stage: &Stage) -> Vec<Matter> {
    let pipeline = &release.started.pipeline;
    let name = &stage.name;
    let used = stage.images_used(pipeline).into_iter();
    let copied = used.map(|image| (image, &pipeline.image_account(stage, image).name));
    let mut matters: Vec<Matter> = copied
        .filter(|(image, account)| pipeline.image(image).account != **account)
        .map(|(image, account)| Matter::Copy(image.clone(), account.clone()))
        .collect();
    matters.extend([Matter::Gate(name.clone()), Matter::Plan(name.clone())]);
    if stage.approval.is_some() {
        matters.push(Matter::Approval(name.clone()));
    }
    for (step, what) in stage.steps.iter().enumerate() {
        let at = StepRef { stage: name.clone(), step };
        match what {
            Step::Run { task } => matters.push(Matter::Run(at, task.clone())),
            Step::Roll { services } => {
                for service in services {
                    matters.push(Matter::Roll(at.clone(), service.clone()));
                    matters.push(Matter::Restore(at.clone(), service.clone()));
                }
            }
            Step::Check(_) => matters.push(Matter::Check(at)),
        }
    }
    matters.push(Matter::Confirm(name.clone()));
    matters
}

/// Where a fact belongs; `entered` are the stages that were entered before it.
pub fn place(fact: &Fact, release: &Release, entered: &BTreeSet<StageName>) -> Place {
    let matter = match fact {
        Fact::Started(_)
        | Fact::Extended { .. }
        | Fact::Resumed { .. }
        | Fact::TakenUpToAbort { .. }
        | Fact::Absorbed { .. }
        | Fact::Warned { .. }
        | Fact::LockBroken { .. }
        | Fact::AbortRequested { .. }
        | Fact::Suspended { .. }
        | Fact::Finished { .. } => Matter::Release,
        Fact::Intended { effect, .. }
        | Fact::EffectFailed { effect, .. }
        | Fact::EffectAbsent { effect }
        | Fact::EffectUnknown { effect, .. } => Matter::from(effect),
        Fact::Surveyed { .. } => Matter::Accounts,
        Fact::ImageBuilt { image, .. } => Matter::Image(image.clone()),
        Fact::ImageCopied { image, account, .. } => Matter::Copy(image.clone(), account.clone()),
        Fact::ScanObserved { image: ScanSubject::Image(image), account, .. } => {
            match judged_next(release, image, account, entered) {
                Some(stage) => Matter::Gate(stage.clone()),
                None => Matter::Image(image.clone()),
            }
        }
        Fact::ScanObserved { image: ScanSubject::Unnamed { digest, .. }, .. } => match planned_with(release, digest) {
            Some(stage) => Matter::Plan(stage.clone()),
            None => Matter::Release,
        },
        Fact::GateJudged { stage, .. } => Matter::Gate(stage.clone()),
        Fact::StagePlanned { stage, .. } => Matter::Plan(stage.clone()),
        Fact::ApprovalRequested { stage, .. }
        | Fact::ApprovalWithdrawn { stage, .. }
        | Fact::ApprovalExpired { stage, .. }
        | Fact::ApprovalCompared { stage, .. }
        | Fact::ApprovalVoided { stage, .. } => Matter::Approval(stage.clone()),
        Fact::ApprovalRefused { answer, .. }
        | Fact::ApprovalGiven { answer }
        | Fact::ApprovalRejected { answer, .. } => Matter::Approval(answer.stage.clone()),
        Fact::StageLocked { stage, .. }
        | Fact::Forced { stage, .. }
        | Fact::StageEntered { stage }
        | Fact::StageFailed { stage, .. }
        | Fact::ImagesFailed { stage, .. }
        | Fact::StageFrozen { stage, .. }
        | Fact::StageLeft { stage, .. } => return Place::Stage(stage.clone()),
        Fact::TaskDefinitionRegistered { at, workload: Workload::Task(task), .. }
        | Fact::TaskStarted { at, task, .. }
        | Fact::TaskOverdue { at, task }
        | Fact::TaskRan { at, task, .. } => Matter::Run(at.clone(), task.clone()),
        Fact::TaskDefinitionRegistered { at, workload: Workload::Service(service), .. }
        | Fact::BaselineTaken { at, service, .. }
        | Fact::RolloutStarted { at, service, .. }
        | Fact::RolloutObserved { at, service, .. }
        | Fact::RolloutOverdue { at, service }
        | Fact::RolloutStopRequested { at, service }
        | Fact::RolloutEnded { at, service, .. } => Matter::Roll(at.clone(), service.clone()),
        Fact::RestorePrepared { at, service, .. }
        | Fact::RestoreStarted { at, service, .. }
        | Fact::RestoreObserved { at, service, .. }
        | Fact::RestoreOverdue { at, service }
        | Fact::RestoreEnded { at, service, .. } => Matter::Restore(at.clone(), service.clone()),
        Fact::CheckJudged { at, .. } => Matter::Check(at.clone()),
        Fact::StageConfirmed { stage, .. } => Matter::Confirm(stage.clone()),
    };
    Place::Matter(matter)
}

/// The stage whose gate a scan is read for: the first one not yet entered that judges the image by this account's word.
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

/// Whether nothing goes on about a matter after this fact, until it is begun anew.
pub fn closes(fact: &Fact) -> bool {
    match fact {
        Fact::StagePlanned { plan, .. } => !plan.awaits_scans(),
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
        | Fact::TaskRan { .. }
        | Fact::RolloutEnded { .. }
        | Fact::RestoreEnded { .. }
        | Fact::CheckJudged { .. }
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
        | Fact::TaskStarted { .. }
        | Fact::TaskOverdue { .. }
        | Fact::BaselineTaken { .. }
        | Fact::RolloutStarted { .. }
        | Fact::RolloutObserved { .. }
        | Fact::RolloutOverdue { .. }
        | Fact::RolloutStopRequested { .. }
        | Fact::RestorePrepared { .. }
        | Fact::RestoreStarted { .. }
        | Fact::RestoreObserved { .. }
        | Fact::RestoreOverdue { .. }
        | Fact::StageFailed { .. }
        | Fact::ImagesFailed { .. }
        | Fact::StageFrozen { .. }
        | Fact::StageLeft { .. }
        | Fact::LockBroken { .. }
        | Fact::AbortRequested { .. } => false,
    }
}
