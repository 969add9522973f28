//! What kanmon knows of each effect, in one table. Everybody who has to treat effects differently asks here: when they are started, dropped,
//! written down, looked up and reported. Which fact concludes one stands in `effect_conclusion`.

use super::effect::{Effect, StepRef, Workload};
use super::ids::{AccountName, ImageName, ServiceName, StageName, TaskName};
use super::step::part::{Direction, StepPart};

/// A row of the table.
pub struct Row<'e> {
    pub subject: Subject<'e>,
    /// Whether it brings something new into a stage. What only puts back, stops or looks is never held up by a freeze.
    pub forward: bool,
    /// Whether it is waited for when a process stops: it changes the world in one call that must not be left half known. What takes long
    /// is dropped instead, and picked up by reading.
    pub atomic: bool,
    pub lease: Needs,
    pub lookup: Lookup<'e>,
    pub refusal: Refusal,
}

/// What an effect is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject<'e> {
    /// All accounts of these stages.
    Accounts {
        from: &'e StageName,
        until: &'e StageName,
    },
    Image(&'e ImageName),
    Copy(&'e ImageName, &'e AccountName),
    /// What a stage would change.
    Plan(&'e StageName),
    Approval(&'e StageName),
    /// That a stage still is what it was brought to.
    Confirm(&'e StageName),
    Step(&'e StepRef, StepPart),
}

/// The lease that has to be held to announce it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// The release's: it is done before the stage is taken, or changes nothing in it.
    Release,
    /// The stage's as well.
    Stage,
}

/// How it is found out whether an effect took place that nobody heard of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lookup<'e> {
    /// It only reads, and leaves nothing behind: it is done again.
    Reads,
    /// It is done again: it carries a token, is idempotent, or finds what is there already.
    Repeats,
    /// It carries a token that AWS keeps for a while; later only a person can tell.
    WhileItsTokenLives { at: &'e StepRef, task: &'e TaskName },
    /// By the release's own tag in the registry.
    Tag(&'e ImageName),
    /// By a revision with the content.
    Revision { at: &'e StepRef, workload: &'e Workload },
    /// By a revision with the content of what ran before, where that had to be registered again.
    RevivedRevision { at: &'e StepRef, service: &'e ServiceName },
    /// By a deployment that was not there before.
    Deployment { at: &'e StepRef, service: &'e ServiceName, direction: Direction },
}

/// What a fault that will not pass by itself amounts to, where it is about what was asked for and not about access.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Something that has to be there before the release is missing; it begins from the start then.
    Accounts,
    /// The same, and the release goes on when it is there.
    SetUp,
    /// The image cannot be had.
    Image,
    /// The stage fails.
    Stage,
    /// The stage fails; where things have changed meanwhile, somebody else's doing stands.
    StageUnlessChanged,
}

impl Row<'_> {
    /// Whether it leaves nothing behind outside, so that an unconcluded one is simply done again.
    pub fn is_read_only(&self) -> bool {
        self.lookup == Lookup::Reads
    }
}

impl Effect {
    /// The effect's row.
    pub fn row(&self) -> Row<'_> {
        match self {
            Effect::Survey { from, until } => Row {
                subject: Subject::Accounts { from, until },
                forward: false,
                atomic: false,
                lease: Needs::Release,
                lookup: Lookup::Reads,
                refusal: Refusal::Accounts,
            },
            Effect::Build { image } => Row {
                subject: Subject::Image(image),
                forward: false,
                atomic: false,
                lease: Needs::Release,
                lookup: Lookup::Tag(image),
                refusal: Refusal::Image,
            },
            Effect::Adopt { image } => Row {
                subject: Subject::Image(image),
                forward: false,
                atomic: false,
                lease: Needs::Release,
                lookup: Lookup::Repeats,
                refusal: Refusal::Image,
            },
            Effect::Copy { image, account } => Row {
                subject: Subject::Copy(image, account),
                forward: false,
                atomic: false,
                lease: Needs::Release,
                lookup: Lookup::Repeats,
                refusal: Refusal::Image,
            },
            Effect::Plan { stage } => Row {
                subject: Subject::Plan(stage),
                forward: false,
                atomic: false,
                lease: Needs::Release,
                lookup: Lookup::Reads,
                refusal: Refusal::SetUp,
            },
            Effect::RequestApproval { stage, plan: _ } => Row {
                subject: Subject::Approval(stage),
                forward: false,
                atomic: true,
                lease: Needs::Release,
                // StartPipelineExecution carries a token.
                lookup: Lookup::Repeats,
                refusal: Refusal::SetUp,
            },
            Effect::Baseline { at, service } => Row {
                subject: Subject::Step(at, StepPart::Service(service.clone(), Direction::Forward)),
                forward: false,
                atomic: false,
                lease: Needs::Release,
                lookup: Lookup::Reads,
                refusal: Refusal::Stage,
            },
            Effect::Register { at, workload } => Row {
                subject: Subject::Step(at, workload.part()),
                forward: true,
                atomic: true,
                lease: Needs::Stage,
                lookup: Lookup::Revision { at, workload },
                refusal: Refusal::Stage,
            },
            Effect::RunTask { at, task } => Row {
                subject: Subject::Step(at, StepPart::Task(task.clone())),
                forward: true,
                atomic: true,
                lease: Needs::Stage,
                lookup: Lookup::WhileItsTokenLives { at, task },
                refusal: Refusal::Stage,
            },
            Effect::Update { at, service, direction } => Row {
                subject: Subject::Step(at, StepPart::Service(service.clone(), *direction)),
                forward: *direction == Direction::Forward,
                atomic: true,
                lease: Needs::Stage,
                lookup: Lookup::Deployment { at, service, direction: *direction },
                refusal: Refusal::StageUnlessChanged,
            },
            Effect::StopRollout { at, service } => Row {
                subject: Subject::Step(at, StepPart::Service(service.clone(), Direction::Forward)),
                forward: false,
                atomic: true,
                lease: Needs::Stage,
                // StopServiceDeployment is idempotent.
                lookup: Lookup::Repeats,
                refusal: Refusal::Stage,
            },
            Effect::PrepareRollback { at, service } => Row {
                subject: Subject::Step(at, StepPart::Service(service.clone(), Direction::Back)),
                forward: false,
                atomic: true,
                lease: Needs::Stage,
                lookup: Lookup::RevivedRevision { at, service },
                refusal: Refusal::StageUnlessChanged,
            },
            Effect::Check { at } => Row {
                subject: Subject::Step(at, StepPart::Whole),
                forward: false,
                atomic: false,
                lease: Needs::Release,
                // It may be a command of the user's, which is written to be run any number of times.
                lookup: Lookup::Reads,
                refusal: Refusal::Stage,
            },
            Effect::Confirm { stage } => Row {
                subject: Subject::Confirm(stage),
                forward: false,
                atomic: false,
                lease: Needs::Release,
                lookup: Lookup::Reads,
                refusal: Refusal::StageUnlessChanged,
            },
        }
    }

    /// The stage it belongs to, where it belongs to one.
    pub fn stage(&self) -> Option<&StageName> {
        match self.row().subject {
            Subject::Accounts { .. } | Subject::Image(_) | Subject::Copy(..) => None,
            Subject::Plan(stage) | Subject::Approval(stage) | Subject::Confirm(stage) => Some(stage),
            Subject::Step(at, _) => Some(&at.stage),
        }
    }

    /// The step it belongs to, where it belongs to one.
    pub fn step(&self) -> Option<&StepRef> {
        match self.row().subject {
            Subject::Accounts { .. }
            | Subject::Image(_)
            | Subject::Copy(..)
            | Subject::Plan(_)
            | Subject::Approval(_)
            | Subject::Confirm(_) => None,
            Subject::Step(at, _) => Some(at),
        }
    }
}
