//! One effect of each kind, for tests.

use std::collections::BTreeSet;

use super::{Effect, StepRef, Workload};
use crate::model::ids::{PlanHash, ServiceName, StageName};
use crate::model::release::samples::{id, step};
use crate::model::step::part::Direction;

/// Of the stage `prod`, whose second step rolls `web`.
pub(crate) fn effects() -> Vec<Effect> {
    let (at, service, stage): (StepRef, ServiceName, StageName) = (step("prod", 1), id("web"), id("prod"));
    vec![
        Effect::Survey { from: id("dev"), until: stage.clone() },
        Effect::Build { image: id("web") },
        Effect::Adopt { image: id("web") },
        Effect::Copy { image: id("web"), account: id("main") },
        Effect::Plan { stage: stage.clone() },
        Effect::RequestApproval { stage: stage.clone(), plan: PlanHash::of(b"plan") },
        Effect::Baseline { at: at.clone(), service: service.clone() },
        Effect::Register { at: at.clone(), workload: Workload::Service(service.clone()) },
        Effect::Register { at: at.clone(), workload: Workload::Task(id("migrate")) },
        Effect::RunTask { at: at.clone(), task: id("migrate") },
        Effect::Update { at: at.clone(), service: service.clone(), direction: Direction::Forward },
        Effect::StopRollout { at: at.clone(), service: service.clone() },
        Effect::PrepareRollback { at: at.clone(), service: service.clone() },
        Effect::Update { at: at.clone(), service, direction: Direction::Back },
        Effect::Check { at },
        Effect::Confirm { stage },
    ]
}

/// Names every effect in one match without a wildcard: one that is added does not compile until it is named here, and then fails without a
/// sample.
macro_rules! kinds {
    ($($variant:ident),+ $(,)?) => {
        fn kind(effect: &Effect) -> &'static str {
            match effect {
                $(Effect::$variant { .. } => stringify!($variant),)+
            }
        }
        const KINDS: &[&str] = &[$(stringify!($variant)),+];
    };
}

kinds! {
    Survey,
    Build,
    Adopt,
    Copy,
    Plan,
    RequestApproval,
    Baseline,
    Register,
    RunTask,
    Update,
    StopRollout,
    PrepareRollback,
    Check,
    Confirm,
}

#[test]
fn every_effect_has_a_sample() {
    let sampled: BTreeSet<&str> = effects().iter().map(kind).collect();
    assert_eq!(sampled, KINDS.iter().copied().collect());
}
