//! Requesting approval: kanmon's own inbox needs nothing but the fact; in CodePipeline, an execution asks through its approval action.

use std::collections::BTreeMap;

use async_trait::async_trait;

use super::Execute;
use crate::model::approval::{ApprovalPolicy, ApprovalRequest, ApprovalWay};
use crate::model::effect::Effect;
use crate::model::event::Fact;
use crate::model::fault::Fault;
use crate::model::fault::approval::VARIABLES;
use crate::model::fault::own::Lack;
use crate::model::ids::{PlanHash, StageName};
use crate::model::release::Release;
use crate::model::warning::Warning;
use crate::ports::images::Say;
use crate::runtime::approval_execution::stop;
use crate::runtime::ports::Ports;
use crate::runtime::recorded::{self, defect};

pub(super) struct RequestApproval<'e> {
    pub stage: &'e StageName,
    pub plan: &'e PlanHash,
}

#[async_trait]
impl Execute for RequestApproval<'_> {
    async fn execute(&self, ports: &Ports, release: &Release, _: Say<'_>) -> Result<Vec<Fact>, Fault> {
        let RequestApproval { stage, plan } = *self;
        let pipeline = &release.started.pipeline;
        let spec = recorded::stage(release, stage)?;
        let policy = spec.approval.as_ref().ok_or_else(|| defect(Lack::ApprovalPolicy))?;
        let mut warning = None;
        let (execution, answered_at) = match &policy.way {
            ApprovalWay::Kanmon => (None, None),
            ApprovalWay::CodePipeline { pipeline: name, action, account } => {
                let own = release.requested_by.execution_of(name, account);
                warning = stop_last(ports, release, stage, policy, own).await;
                let account = pipeline.account(account);
                match own {
                    Some(own) => {
                        let action = ports.approvals.action(account, name, own, action).await?;
                        (Some(own.to_owned()), action.decisions().filter_map(|(_, decided)| decided.at).max())
                    }
                    None => {
                        // The token makes a second call after a lost reply the same execution, and asking again another one.
                        let token = format!("{}-{}", &plan.as_str()[..40], release.stage(stage).approval_requests + 1);
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
            requested_at: release.open.get(&effect).map_or(now, |open| open.at),
            expires_at: now + policy.expires,
        };
        let asked = Fact::ApprovalRequested { stage: stage.clone(), request };
        Ok(warning.map(|warning| Fact::Warned { warning }).into_iter().chain([asked]).collect())
    }
}

/// Stops the execution that asked before: it would hold up the one that asks now, or succeed with nothing deployed. The release's `own`
/// continues.
async fn stop_last(
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

fn variables(release: &Release, plan: &PlanHash) -> BTreeMap<String, String> {
    let digests: Vec<String> = release.images.values().map(|i| i.digest.to_string()).collect();
    let values = [release.id.to_string(), digests.join(","), plan.to_string()];
    VARIABLES.map(str::to_owned).into_iter().zip(values).collect()
}
