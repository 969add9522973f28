//! PutApprovalResult.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::error::{already_completed, constraint, no_action, no_stage, stale_token};
use super::execution::ActionStatus;
use super::flow;
use super::pipeline::Pipeline;
use crate::sandbox::latency::Latency;
use crate::sandbox::members::{epoch, text};
use crate::sandbox::service::{Answer, Call};

/// The longest `result.summary`.
const SUMMARY: usize = 512;

/// Decides a waiting approval.
///
/// # Errors
/// `StageNotFoundException`, `ActionNotFoundException`, `ValidationException`, `InvalidApprovalTokenException` for a token of
/// no approval, `ApprovalAlreadyCompletedException` for one that was decided or ended otherwise.
pub fn put(pipeline: &mut Pipeline, call: &Call, latency: Latency) -> Answer {
    let (stage_name, action_name) = (named(call.input, "stageName")?, named(call.input, "actionName")?);
    let result = call.input.get("result").unwrap_or(&Value::Null);
    let approved = match text(result, "status") {
        Some("Approved") => true,
        Some("Rejected") => false,
        _ => {
            let what = "Member must satisfy enum value set: [Approved, Rejected]";
            return Err(constraint("result.status", what));
        }
    };
    let Some(summary) = result.get("summary").and_then(Value::as_str) else {
        return Err(constraint("result.summary", "Member must not be null"));
    };
    if summary.chars().count() > SUMMARY {
        return Err(constraint("result.summary", "Member must have length less than or equal to 512"));
    }
    let token = named(call.input, "token")?;
    if !is_uuid(token) {
        let pattern = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}";
        return Err(constraint("token", &format!("Member must satisfy regular expression pattern: {pattern}")));
    }
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

fn named<'a>(input: &'a Value, member: &str) -> Result<&'a str, crate::sandbox::service::AwsError> {
    text(input, member).ok_or_else(|| constraint(member, "Member must not be null"))
}

/// Lower-case hex digits in groups of 8, 4, 4, 4 and 12.
pub fn is_uuid(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    let hex = |g: &&str| g.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    groups.iter().map(|g| g.len()).eq([8, 4, 4, 4, 12]) && groups.iter().all(hex)
}
