//! The properties of each effect, in one table. Code that treats effects differently uses it: to start, drop, record, look up, conclude
//! and report them.

use super::effect::{Effect, StepRef};
use super::effect_properties::{FailureScope, Lookup, Needs, Subject};
use super::event::Fact;
use super::ids::StageName;
use super::step::StepFact;
use super::step::check::CheckFact;
use super::step::part::{Direction, StepPart};
use super::step::roll::RollFact;
use super::step::run::RunFact;

/// A row of the table.
pub struct Row<'e> {
    pub subject: Subject<'e>,
    /// Whether it brings something new into a stage. A freeze never stops an effect that only restores, stops or reads.
    pub forward: bool,
    /// Whether a stopping process waits for it: it changes something in one call whose result must be known. An effect that takes long is
    /// dropped instead, and looked up later.
    pub atomic: bool,
    pub lease: Needs,
    pub lookup: Lookup,
    pub failure: FailureScope,
    /// Whether a fact is its result.
    pub concluded_by: Box<dyn Fn(&Fact) -> bool + 'e>,
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
                failure: FailureScope::Accounts,
                concluded_by: Box::new(move |fact| matches!(fact, Fact::Surveyed { until: u } if u == until)),
            },
            Effect::Build { image } => Row {
                subject: Subject::Image(image),
                forward: false,
                atomic: false,
                lease: Needs::Release,
                lookup: Lookup::Traced,
                failure: FailureScope::Image,
                concluded_by: Box::new(move |fact| matches!(fact, Fact::ImageBuilt { image: i, .. } if i == image)),
            },
            Effect::Adopt { image } => Row {
                subject: Subject::Image(image),
                forward: false,
                atomic: false,
                lease: Needs::Release,
                lookup: Lookup::Repeats,
                failure: FailureScope::Image,
                concluded_by: Box::new(move |fact| matches!(fact, Fact::ImageBuilt { image: i, .. } if i == image)),
            },
            Effect::Copy { image, account } => Row {
                subject: Subject::Copy(image, account),
                forward: false,
                atomic: false,
                lease: Needs::Release,
                lookup: Lookup::Repeats,
                failure: FailureScope::Image,
                concluded_by: Box::new(
                    move |fact| matches!(fact, Fact::ImageCopied { image: i, account: a, .. } if (i, a) == (image, account)),
                ),
            },
            Effect::Plan { stage } => Row {
                subject: Subject::Plan(stage),
                forward: false,
                atomic: false,
                lease: Needs::Release,
                lookup: Lookup::Reads,
                failure: FailureScope::SetUp,
                concluded_by: Box::new(move |fact| matches!(fact, Fact::StagePlanned { stage: s, .. } if s == stage)),
            },
            Effect::RequestApproval { stage, plan } => Row {
                subject: Subject::Approval(stage),
                forward: false,
                atomic: true,
                lease: Needs::Release,
                // StartPipelineExecution carries a token.
                lookup: Lookup::Repeats,
                failure: FailureScope::SetUp,
                concluded_by: Box::new(
                    move |fact| matches!(fact, Fact::ApprovalRequested { stage: s, request } if (s, &request.plan) == (stage, plan)),
                ),
            },
            Effect::Baseline { at, service } => Row {
                subject: Subject::Step(at, StepPart::Service(service.clone(), Direction::Forward)),
                forward: false,
                atomic: false,
                lease: Needs::Release,
                lookup: Lookup::Reads,
                failure: FailureScope::Stage,
                concluded_by: Box::new(
                    move |fact| matches!(roll_fact(at, fact), Some(RollFact::BaselineTaken { service: s, .. }) if s == service),
                ),
            },
            Effect::Register { at, workload } => Row {
                subject: Subject::Step(at, workload.part()),
                forward: true,
                atomic: true,
                lease: Needs::Stage,
                lookup: Lookup::RepeatsOnceRead,
                failure: FailureScope::Stage,
                concluded_by: Box::new(
                    move |fact| matches!(fact, Fact::TaskDefinitionRegistered { at: a, workload: w, .. } if (a, w) == (at, workload)),
                ),
            },
            Effect::RunTask { at, task } => Row {
                subject: Subject::Step(at, StepPart::Task(task.clone())),
                forward: true,
                atomic: true,
                lease: Needs::Stage,
                lookup: Lookup::RepeatsOnceRead,
                failure: FailureScope::Stage,
                concluded_by: Box::new(
                    move |fact| matches!(step_fact(at, fact), Some(StepFact::Run(RunFact::TaskStarted { task: t, .. })) if t == task),
                ),
            },
            Effect::Update { at, service, direction } => Row {
                subject: Subject::Step(at, StepPart::Service(service.clone(), *direction)),
                forward: *direction == Direction::Forward,
                atomic: true,
                lease: Needs::Stage,
                lookup: Lookup::Traced,
                failure: FailureScope::StageUnlessChanged,
                concluded_by: Box::new(
                    move |fact| matches!(roll_fact(at, fact), Some(RollFact::RolloutStarted { service: s, direction: d, .. }) if (s, d) == (service, direction)),
                ),
            },
            Effect::StopRollout { at, service } => Row {
                subject: Subject::Step(at, StepPart::Service(service.clone(), Direction::Forward)),
                forward: false,
                atomic: true,
                lease: Needs::Stage,
                // StopServiceDeployment is idempotent.
                lookup: Lookup::Repeats,
                failure: FailureScope::Stage,
                concluded_by: Box::new(
                    move |fact| matches!(roll_fact(at, fact), Some(RollFact::RolloutStopRequested { service: s }) if s == service),
                ),
            },
            Effect::PrepareRollback { at, service } => Row {
                subject: Subject::Step(at, StepPart::Service(service.clone(), Direction::Back)),
                forward: false,
                atomic: true,
                lease: Needs::Stage,
                lookup: Lookup::RepeatsOnceRead,
                failure: FailureScope::StageUnlessChanged,
                concluded_by: Box::new(
                    move |fact| matches!(roll_fact(at, fact), Some(RollFact::RollbackPrepared { service: s, .. }) if s == service),
                ),
            },
            Effect::Check { at } => Row {
                subject: Subject::Step(at, StepPart::Whole),
                forward: false,
                atomic: false,
                lease: Needs::Release,
                // It may be a command of the user, which must be safe to repeat.
                lookup: Lookup::Reads,
                failure: FailureScope::Stage,
                concluded_by: Box::new(move |fact| {
                    matches!(step_fact(at, fact), Some(StepFact::Check(CheckFact::CheckJudged { .. })))
                }),
            },
            Effect::Confirm { stage } => Row {
                subject: Subject::Confirm(stage),
                forward: false,
                atomic: false,
                lease: Needs::Release,
                lookup: Lookup::Reads,
                failure: FailureScope::StageUnlessChanged,
                concluded_by: Box::new(move |fact| matches!(fact, Fact::StageConfirmed { stage: s, .. } if s == stage)),
            },
        }
    }

    /// Whether this fact concludes it: its result, or that it failed, is absent or unknown.
    pub fn is_concluded_by(&self, fact: &Fact) -> bool {
        if let Fact::EffectFailed { effect, .. } | Fact::EffectAbsent { effect } | Fact::EffectUnknown { effect, .. } =
            fact
        {
            return effect == self;
        }
        (self.row().concluded_by)(fact)
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

/// The fact, where it is of this step.
fn step_fact<'f>(at: &StepRef, fact: &'f Fact) -> Option<&'f StepFact> {
    let Fact::Step { at: place, fact } = fact else { return None };
    (place == at).then_some(fact)
}

fn roll_fact<'f>(at: &StepRef, fact: &'f Fact) -> Option<&'f RollFact> {
    let StepFact::Roll(fact) = step_fact(at, fact)? else { return None };
    Some(fact)
}
