//! Effects in words, as they follow "could not".

use crate::model::effect::Effect;
use crate::model::step::part::Direction;

/// What an effect does.
pub fn text(effect: &Effect) -> String {
    match effect {
        Effect::Survey { .. } => "check the accounts".to_owned(),
        Effect::Build { image } => format!("build and push {image}"),
        Effect::Adopt { image } => format!("use the given image {image}"),
        Effect::Copy { image, account } => format!("copy {image} into {account}"),
        Effect::Plan { stage } => format!("plan {stage}"),
        Effect::RequestApproval { stage, .. } => format!("request approval of {stage}"),
        Effect::Baseline { at, service } => format!("read {}/{service}", at.stage),
        Effect::Register { at, workload } => format!("register the task definition of {}/{workload}", at.stage),
        Effect::RunTask { at, task } => format!("run {}/{task}", at.stage),
        Effect::Update { at, service, direction } => match direction {
            Direction::Forward => format!("update {}/{service}", at.stage),
            Direction::Back => format!("roll back {}/{service}", at.stage),
        },
        Effect::StopRollout { at, service } => format!("stop and roll back {}/{service}", at.stage),
        Effect::PrepareRollback { at, service } => format!("prepare the rollback of {}/{service}", at.stage),
        Effect::Check { at } => format!("check {} (step {})", at.stage, at.step + 1),
        Effect::Confirm { stage } => format!("check again what {stage} runs"),
    }
}
