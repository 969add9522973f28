//! How pipelines and executions are shown.

use serde_json::{Value, json};

use super::execution::{ActionRun, ActionStatus, Execution};
use super::flow::{uuid, waits_for};
use super::mode::Mode;
use super::pipeline::{Action, Pipeline};
use crate::model::ids::sha256_hex;
use crate::sandbox::members::{epoch, list, only, present, text};

/// GetPipelineState's answer.
pub fn state(pipeline: &Pipeline) -> Value {
    json!({
        "pipelineName": pipeline.name,
        "pipelineVersion": pipeline.version(),
        "stageStates": (0..pipeline.stages.len()).map(|i| stage_state(pipeline, i)).collect::<Vec<_>>(),
        "created": epoch(pipeline.created),
        "updated": epoch(pipeline.created),
    })
}

fn stage_state(pipeline: &Pipeline, index: usize) -> Value {
    let stage = &pipeline.stages[index];
    let inbound: Vec<Value> = pipeline
        .executions
        .iter()
        .filter(|e| waits_for(e, index))
        .map(|e| json!({ "pipelineExecutionId": e.id, "status": "InProgress", "type": "STANDARD" }))
        .collect();
    // The newest to have entered: in QUEUED mode that is the one that started last among those that got here.
    let latest = pipeline.executions.iter().rev().find_map(|e| e.stages.get(index).map(|run| (e, run)));
    let actions: Vec<Value> = stage
        .actions
        .iter()
        .enumerate()
        .map(|(i, action)| {
            let run = pipeline
                .executions
                .iter()
                .rev()
                .filter_map(|e| e.stages.get(index))
                .find_map(|s| s.actions.iter().rev().find(|r| r.action == i));
            present(json!({
                "actionName": action.name,
                "entityUrl": action.declared.get("configuration").and_then(|c| text(c, "ExternalEntityLink")),
                "latestExecution": run.map(|r| action_state(pipeline, action, r)),
            }))
        })
        .collect();
    let latest =
        latest.map(|(e, run)| json!({ "pipelineExecutionId": e.id, "status": run.status.name(), "type": "STANDARD" }));
    present(json!({
        "stageName": stage.name,
        "inboundExecution": inbound.last(),
        "inboundExecutions": inbound,
        "inboundTransitionState": { "enabled": true },
        "actionStates": actions,
        "latestExecution": latest,
    }))
}

/// The token is there only while the approval waits, and never in PARALLEL mode.
fn action_state(pipeline: &Pipeline, action: &Action, run: &ActionRun) -> Value {
    let waits = action.is_approval() && run.status == ActionStatus::InProgress;
    let token = waits && pipeline.mode != Mode::Parallel;
    present(json!({
        "actionExecutionId": run.id,
        "status": run.status.name(),
        "summary": run.summary.as_deref().filter(|s| !s.is_empty()),
        "lastStatusChange": epoch(run.updated),
        "token": token.then_some(run.external_id.as_str()),
        "lastUpdatedBy": run.updated_by,
        "externalExecutionId": (!action.is_approval()).then_some(run.external_id.as_str()),
        "errorDetails": error(run),
    }))
}

fn error(run: &ActionRun) -> Option<Value> {
    run.error.as_ref().map(|(code, message)| json!({ "code": code, "message": message }))
}

/// The `PipelineExecution` structure.
pub fn execution(pipeline: &Pipeline, execution: &Execution) -> Value {
    let variables = execution.variables.iter().map(|(n, v)| json!({ "name": n, "resolvedValue": v }));
    let revisions: Vec<Value> = sources(pipeline, execution)
        .into_iter()
        .flat_map(|(action, revision)| {
            let created = epoch(execution.started);
            let artifacts = list(&action.declared, "outputArtifacts").to_vec();
            artifacts
                .into_iter()
                .map(move |a| json!({ "name": text(&a, "name"), "revisionId": revision, "created": created }))
        })
        .collect();
    present(json!({
        "pipelineName": pipeline.name,
        "pipelineVersion": execution.version,
        "pipelineExecutionId": execution.id,
        "status": execution.status.name(),
        "statusSummary": execution.status_summary,
        "artifactRevisions": revisions,
        "variables": variables.collect::<Vec<_>>(),
        "trigger": trigger(execution),
        "executionMode": execution.mode.name(),
        "executionType": "STANDARD",
    }))
}

/// The `PipelineExecutionSummary` structure.
pub fn summary(pipeline: &Pipeline, execution: &Execution) -> Value {
    let revisions: Vec<Value> = sources(pipeline, execution)
        .into_iter()
        .map(|(action, revision)| json!({ "actionName": action.name, "revisionId": revision }))
        .collect();
    present(json!({
        "pipelineExecutionId": execution.id,
        "status": execution.status.name(),
        "statusSummary": execution.status_summary,
        "startTime": epoch(execution.started),
        "lastUpdateTime": epoch(execution.updated),
        "sourceRevisions": revisions,
        "trigger": trigger(execution),
        "stopTrigger": execution.stop.as_ref().map(|s| present(json!({ "reason": s.reason }))),
        "executionMode": execution.mode.name(),
        "executionType": "STANDARD",
    }))
}

fn trigger(execution: &Execution) -> Value {
    json!({ "triggerType": execution.trigger.kind.name(), "triggerDetail": execution.trigger.detail })
}

/// Source actions that succeeded, with the revision that they brought.
fn sources<'a>(pipeline: &'a Pipeline, execution: &Execution) -> Vec<(&'a Action, String)> {
    let runs = pipeline.stages.iter().zip(&execution.stages);
    runs.flat_map(|(stage, run)| run.actions.iter().map(move |r| (&stage.actions[r.action], r)))
        .filter(|(action, run)| action.category == "Source" && run.status == ActionStatus::Succeeded)
        .map(|(action, run)| {
            let asked = execution.source_revisions.get(&action.name).and_then(|r| text(r, "revisionValue"));
            (action, asked.map_or_else(|| sha256_hex(run.id.as_bytes())[..40].to_owned(), str::to_owned))
        })
        .collect()
}

/// The `ActionExecutionDetail` structures of an execution, newest first.
pub fn actions(pipeline: &Pipeline, execution: &Execution) -> Vec<Value> {
    let runs = pipeline.stages.iter().zip(&execution.stages);
    let mut shown: Vec<Value> = runs
        .flat_map(|(stage, run)| {
            run.actions.iter().map(|r| detail(pipeline, execution, &stage.name, &stage.actions[r.action], r))
        })
        .collect();
    shown.reverse();
    shown
}

fn detail(pipeline: &Pipeline, execution: &Execution, stage: &str, action: &Action, run: &ActionRun) -> Value {
    let declared = action.declared.as_object().cloned().unwrap_or_default();
    let mut input = only(&declared, &["actionTypeId", "configuration", "roleArn", "namespace"]);
    input.insert("resolvedConfiguration".into(), json!(run.resolved));
    input.insert("region".into(), json!(text(&action.declared, "region").unwrap_or(pipeline.region.as_str())));
    input.insert("inputArtifacts".into(), artifacts(pipeline, execution, action, "inputArtifacts"));
    let result = present(json!({
        "externalExecutionId": run.external_id,
        "externalExecutionSummary": run.summary,
        "errorDetails": error(run),
    }));
    let done = run.status == ActionStatus::Succeeded;
    let outputs = if done { artifacts(pipeline, execution, action, "outputArtifacts") } else { json!([]) };
    present(json!({
        "pipelineExecutionId": execution.id,
        "actionExecutionId": run.id,
        "pipelineVersion": execution.version,
        "stageName": stage,
        "actionName": action.name,
        "startTime": epoch(run.started),
        "lastUpdateTime": epoch(run.updated),
        "updatedBy": run.updated_by,
        "status": run.status.name(),
        "input": input,
        "output": {
            "outputArtifacts": outputs,
            "executionResult": result,
            "outputVariables": run.output_variables,
        },
    }))
}

fn artifacts(pipeline: &Pipeline, execution: &Execution, action: &Action, member: &str) -> Value {
    let bucket = pipeline.declared.get("artifactStore").and_then(|s| text(s, "location"));
    let bucket = bucket.map_or_else(|| format!("codepipeline-{}-{}", pipeline.region, pipeline.account), str::to_owned);
    let all = list(&action.declared, member).iter().map(|artifact| {
        let name = text(artifact, "name").unwrap_or_default();
        let key = format!("{}/{name}/{}", pipeline.name, &uuid(&[&execution.id, name])[..7]);
        json!({ "name": name, "s3location": { "bucket": bucket, "key": key } })
    });
    json!(all.collect::<Vec<_>>())
}
