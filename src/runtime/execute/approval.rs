//! Putting the question.

use std::collections::BTreeMap;

use super::defect;
use crate::model::approval::{ApprovalPolicy, ApprovalRequest, ApprovalWay};
use crate::model::aws::codepipeline::ExecutionStatus;
use crate::model::effect::Effect;
use crate::model::ending::Ending;
use crate::model::event::Fact;
use crate::model::fault::Fault;
use crate::model::fault::approval::VARIABLES;
use crate::model::fault::own::Lack;
use crate::model::ids::{PlanHash, StageName};
use crate::model::release::Release;
use crate::model::warning::Warning;
use crate::ports::approvals::ActionState;
use crate::runtime::ports::Ports;

/// Asks: in kanmon's own inbox the question stands in the journal; through CodePipeline it is an execution's approval action.
pub async fn request(ports: &Ports, release: &Release, stage: &StageName, plan: &PlanHash) -> Result<Vec<Fact>, Fault> {
    let pipeline = &release.started.pipeline;
    let spec = pipeline.stage(stage).ok_or_else(|| defect(Lack::Stage))?;
    let policy = spec.approval.as_ref().ok_or_else(|| defect(Lack::ApprovalPolicy))?;
    let mut warning = None;
    let (execution, answered_at) = match &policy.way {
        ApprovalWay::Kanmon => (None, None),
        ApprovalWay::CodePipeline { pipeline: name, action, account } => {
            let own = release.requested_by.execution_of(name, account);
            warning = take_back(ports, release, stage, policy, own).await;
            let account = pipeline.account(account);
            match own {
                Some(own) => {
                    let action = ports.approvals.action(account, name, own, action).await?;
                    (Some(own.to_owned()), action.decisions().filter_map(|(_, decided)| decided.at).max())
                }
                None => {
                    // The token makes a second call after a lost reply the same execution, and asking again another one.
                    let token = format!("{}-{}", &plan.as_str()[..40], release.stage(stage).asks + 1);
                    let execution = ports.approvals.start(account, name, &variables(release, plan), &token).await?;
                    (Some(execution), None)
                }
            }
        }
    };
    let now = ports.clock.now();
    let effect = Effect::RequestApproval { stage: stage.clone(), plan: plan.clone() };
    let request = ApprovalRequest {
        plan: plan.clone(),
        execution,
        answered_at,
        // An execution that a process before this one has started may have been answered since.
        asked_at: release.open.get(&effect).map_or(now, |open| open.at),
        expires_at: now + policy.expires,
    };
    let asked = Fact::ApprovalRequested { stage: stage.clone(), request };
    Ok(warning.map(|warning| Fact::Warned { warning }).into_iter().chain([asked]).collect())
}

/// An execution whose question fell would hold up the one that asks again, or succeed with nothing deployed.
/// The release's `own` goes on.
async fn take_back(
    ports: &Ports,
    release: &Release,
    stage: &StageName,
    policy: &ApprovalPolicy,
    own: Option<&str>,
) -> Option<Warning> {
    if own.is_some() && release.stage(stage).carried_by.as_deref() == own {
        return None;
    }
    let why = format!("kanmon {}: void", release.id);
    stop(ports, release, stage, policy, &why).await.err()
}

/// Ends the executions that carry a question of this release, whether nobody answers it any more or an approval is not used: they must
/// not succeed with nothing deployed. What could not be ended is a warning.
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

/// Stops the execution that was started for a stage's last question: one that waits, and one that was approved and goes on without
/// what was approved.
///
/// # Errors
/// What it does all the same: it waits, goes on, or has succeeded.
async fn stop(
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

fn variables(release: &Release, plan: &PlanHash) -> BTreeMap<String, String> {
    let digests: Vec<String> = release.images.values().map(|i| i.digest.to_string()).collect();
    let values = [release.id.to_string(), digests.join(","), plan.to_string()];
    VARIABLES.map(str::to_owned).into_iter().zip(values).collect()
}
