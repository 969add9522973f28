//! The executions of CodePipeline that ask for approvals of a release.

use super::ports::Ports;
use crate::model::approval::{ApprovalPolicy, ApprovalWay};
use crate::model::aws::codepipeline::ExecutionStatus;
use crate::model::ending::Ending;
use crate::model::event::Fact;
use crate::model::ids::StageName;
use crate::model::release::Release;
use crate::model::warning::Warning;
use crate::ports::approvals::ActionState;

/// Ends the executions that ask for approvals of this release which nobody answers any more, or whose approval is not used: they must not
/// succeed with nothing deployed. Each that could not be ended is a warning.
pub async fn end_questions(ports: &Ports, release: &Release, ending: &Ending) -> Vec<Fact> {
    let why = format!("kanmon {}: {}", release.id, ending.reason.code());
    let mut warnings = Vec::new();
    for stage in &release.started.pipeline.stages {
        let Some(policy) = stage.approval.as_ref().filter(|_| release.stage(&stage.name).entered.is_none()) else {
            continue;
        };
        if let Err(warning) = stop(ports, release, &stage.name, policy, &why).await {
            warnings.push(Fact::Warned { warning });
        }
    }
    warnings
}

/// Stops the execution that was started for a stage's last question: one that waits, and one that was approved and continues although
/// the approval is not used.
///
/// # Errors
/// What it still does: it waits, continues, or has succeeded.
pub async fn stop(
    ports: &Ports,
    release: &Release,
    stage: &StageName,
    policy: &ApprovalPolicy,
    why: &str,
) -> Result<(), Warning> {
    let ApprovalWay::CodePipeline { pipeline: name, action, account } = &policy.way else { return Ok(()) };
    let Some(execution) = &release.stage(stage).carried_by else { return Ok(()) };
    let account = release.started.pipeline.account(account);
    let approvals = &ports.approvals;
    let (execution_id, pipeline) = (execution.clone(), name.clone());
    let waits = |fault| Warning::ExecutionWaits { execution: execution_id.clone(), pipeline: pipeline.clone(), fault };
    match approvals.action(account, name, execution, action).await.map_err(waits)?.state {
        ActionState::NotReached | ActionState::Waiting { .. } => {
            approvals.abandon(account, name, execution, why).await.map_err(waits)
        }
        ActionState::Approved(_) => {
            let goes_on =
                |fault| Warning::ExecutionGoesOn { execution: execution_id.clone(), pipeline: pipeline.clone(), fault };
            approvals.abandon(account, name, execution, why).await.map_err(goes_on)?;
            // One that is over cannot be stopped, and that is no error.
            let found = approvals.execution(account, name, execution).await.map_err(goes_on)?;
            match found.is_some_and(|execution| execution.status == ExecutionStatus::Succeeded) {
                true => Err(Warning::ExecutionSucceeded {
                    execution: execution_id.clone(),
                    pipeline: pipeline.clone(),
                    stage: stage.clone(),
                }),
                false => Ok(()),
            }
        }
        ActionState::Rejected(_) | ActionState::Ended { .. } => Ok(()),
    }
}
