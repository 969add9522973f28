//! PutApprovalResult.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::error::{already_completed, no_action, no_stage, stale_token};
use super::execution::ActionStatus;
use super::flow;
use super::pipeline::Pipeline;
use crate::sandbox::latency::Latency;
use crate::sandbox::members::{epoch, text};
use crate::sandbox::service::{Answer, Call};

/// Decides a waiting approval.
///
/// # Errors
/// `StageNotFoundException`, `ActionNotFoundException`, `InvalidApprovalTokenException` for a token of
/// no approval, `ApprovalAlreadyCompletedException` for one that was decided or ended otherwise.
pub fn put(pipeline: &mut Pipeline, call: &Call, latency: Latency) -> Answer {
    let given = |member: &str| text(call.input, member).unwrap_or_default();
    let (stage_name, action_name, token) = (given("stageName"), given("actionName"), given("token"));
    let result = call.input.get("result").unwrap_or(&Value::Null);
    let approved = text(result, "status") == Some("Approved");
    let summary = text(result, "summary").unwrap_or_default();
    let stage = pipeline.stages.iter().position(|s| s.name == stage_name);
    let stage = stage.ok_or_else(|| no_stage(&pipeline.name, stage_name))?;
    let action = pipeline.stages[stage].actions.iter().position(|a| a.name == action_name && a.is_approval());
    let action = action.ok_or_else(|| no_action(stage_name, action_name))?;

    let found = pipeline.executions.iter_mut().enumerate().find_map(|(i, e)| {
        let runs = &mut e.stages.get_mut(stage)?.actions;
        let run = runs.iter_mut().find(|r| r.action == action && r.external_id == token)?;
        Some((i, run))
    });
    let (e, run) = found.ok_or_else(stale_token)?;
    if run.status != ActionStatus::InProgress {
        return Err(already_completed());
    }
    run.status = if approved { ActionStatus::Succeeded } else { ActionStatus::Failed };
    run.error = (!approved).then(|| ("Rejected".to_owned(), "The approval was rejected.".to_owned()));
    run.summary = Some(summary.to_owned());
    run.updated_by = Some(call.principal.to_owned());
    run.updated = call.now;
    run.due = None;
    after(pipeline, e, call.now, latency);
    Ok(json!({ "approvedAt": epoch(call.now) }))
}

fn after(pipeline: &mut Pipeline, e: usize, at: Timestamp, latency: Latency) {
    flow::proceed(pipeline, e, at, latency);
    flow::admit(pipeline, at, latency);
}
