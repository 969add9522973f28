//! Endings in words: the reason, and the state of the services of a stage that failed.

use super::words::Words;
use super::{fault, reason, rollout};
use crate::model::ending::{Ending, ManualStep, Rollback, Stuck};
use crate::model::pipeline::Stage;
use crate::model::release::Release;
use crate::model::rollout::RolloutEnd;

/// What people read about an ending of this release.
pub fn words(ending: &Ending, release: &Release) -> Words {
    let mut words = reason::words(&ending.reason, &release.id);
    let Some(rollback) = &ending.rollback else { return words };
    if !rollback.stuck.is_empty() {
        let stuck: Vec<String> = rollback.stuck.iter().map(stuck).collect();
        // The hints about the failure itself come later.
        words.hints = vec![format!("a person must act: {}", stuck.join("; "))];
    } else if !rollback.restored.is_empty() {
        let restored: Vec<&str> = rollback.restored.iter().map(|service| service.as_str()).collect();
        words.hints.push(format!("these services run their previous revision again: {}", restored.join(", ")));
    }
    words.hints.extend(manual_steps(rollback, release));
    words
}

fn stuck(stuck: &Stuck) -> String {
    let Stuck { service, end, restoring } = stuck;
    let why = match (restoring, end) {
        (_, RolloutEnd::Superseded { by }) => format!("{} replaced it", rollout::superseder(by)),
        (_, RolloutEnd::StillRunning) => "it is still changing".to_owned(),
        (_, RolloutEnd::Stuck { why }) => rollout::stuck(why),
        (_, RolloutEnd::Unknown { why }) => rollout::unknown(why),
        (_, RolloutEnd::Failed { why }) => rollout::failure(why),
        (true, RolloutEnd::RolledBack { said }) => {
            format!("the previous revision failed during the rollback ({})", rollout::said(said.as_deref()))
        }
        (true, RolloutEnd::Stopped { said }) => {
            format!("the rollback was stopped ({})", rollout::said(said.as_deref()))
        }
        (false, RolloutEnd::RolledBack { said } | RolloutEnd::Stopped { said }) => {
            rollout::said(said.as_deref()).to_owned()
        }
        (_, RolloutEnd::Succeeded | RolloutEnd::Unchanged | RolloutEnd::Unverified) => rollout::ended(end),
    };
    format!("{service}: {why}")
}

/// The commands that a person needs where the stage froze.
fn manual_steps(rollback: &Rollback, release: &Release) -> Vec<String> {
    let Some(steps) = &rollback.frozen else { return Vec::new() };
    let Some(stage) = frozen_stage(release) else { return Vec::new() };
    let mut hints = Vec::new();
    for step in steps {
        match step {
            ManualStep::Refused { fault, .. } => hints.extend(fault::words(fault).hints),
            ManualStep::Restore { service, task_definition } => hints.push(format!(
                "`aws ecs update-service --cluster {} --service {} --task-definition {task_definition}` rolls it back manually",
                stage.cluster,
                stage.service_name(service),
            )),
        }
    }
    hints
        .push(format!("{0} is frozen; when the service is fixed, run `kanmon unfreeze {0} --comment WHY`", stage.name));
    hints
}

/// The stage that was frozen because of this release.
fn frozen_stage(release: &Release) -> Option<&Stage> {
    release.started.pipeline.stages.iter().find(|stage| release.stage(&stage.name).failure.is_some())
}
