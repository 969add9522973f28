//! Which fact concludes an effect.

use super::effect::{Effect, StepRef};
use super::event::Fact;
use super::step::StepFact;
use super::step::check::CheckFact;
use super::step::roll::RollFact;
use super::step::run::RunFact;

impl Effect {
    /// Whether this fact concludes it: its own does, and whatever is said of an effect that did not come to one.
    pub fn is_concluded_by(&self, fact: &Fact) -> bool {
        if let Fact::EffectFailed { effect, .. } | Fact::EffectAbsent { effect } | Fact::EffectUnknown { effect, .. } =
            fact
        {
            return effect == self;
        }
        match self {
            Effect::Survey { from: _, until } => matches!(fact, Fact::Surveyed { until: u } if u == until),
            Effect::Build { image } | Effect::Adopt { image } => {
                matches!(fact, Fact::ImageBuilt { image: i, .. } if i == image)
            }
            Effect::Copy { image, account } => {
                matches!(fact, Fact::ImageCopied { image: i, account: a, .. } if (i, a) == (image, account))
            }
            Effect::Plan { stage } => matches!(fact, Fact::StagePlanned { stage: s, .. } if s == stage),
            Effect::RequestApproval { stage, plan } => {
                matches!(fact, Fact::ApprovalRequested { stage: s, request } if (s, &request.plan) == (stage, plan))
            }
            Effect::Register { at, workload } => {
                matches!(fact, Fact::TaskDefinitionRegistered { at: a, workload: w, .. } if (a, w) == (at, workload))
            }
            Effect::RunTask { at, task } => {
                matches!(of(at, fact), Some(StepFact::Run(RunFact::TaskStarted { task: t, .. })) if t == task)
            }
            Effect::Baseline { at, service } => {
                matches!(rolled(at, fact), Some(RollFact::BaselineTaken { service: s, .. }) if s == service)
            }
            Effect::Update { at, service, direction } => matches!(
                rolled(at, fact),
                Some(RollFact::RolloutStarted { service: s, direction: d, .. }) if (s, d) == (service, direction)
            ),
            Effect::StopRollout { at, service } => {
                matches!(rolled(at, fact), Some(RollFact::RolloutStopRequested { service: s }) if s == service)
            }
            Effect::PrepareRollback { at, service } => {
                matches!(rolled(at, fact), Some(RollFact::RollbackPrepared { service: s, .. }) if s == service)
            }
            Effect::Check { at } => matches!(of(at, fact), Some(StepFact::Check(CheckFact::CheckJudged { .. }))),
            Effect::Confirm { stage } => matches!(fact, Fact::StageConfirmed { stage: s, .. } if s == stage),
        }
    }
}

/// What a fact says of this step.
fn of<'f>(at: &StepRef, fact: &'f Fact) -> Option<&'f StepFact> {
    let Fact::Step { at: place, fact } = fact else { return None };
    (place == at).then_some(fact)
}

fn rolled<'f>(at: &StepRef, fact: &'f Fact) -> Option<&'f RollFact> {
    let StepFact::Roll(fact) = of(at, fact)? else { return None };
    Some(fact)
}
