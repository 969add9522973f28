//! The operations.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::Pipelines;
use super::approval;
use super::error::{
    bad_page, no_execution, no_pipeline, no_stage, not_latest, not_retryable, not_stoppable, stop_repeated,
    unknown_operation, validation,
};
use super::execution::{Execution, StageStatus, Status, StopRequest, Trigger, TriggerType};
use super::flow::{self, uuid};
use super::mode::Mode;
use super::pipeline::Pipeline;
use super::variables;
use super::view;
use crate::sandbox::latency::Latency;
use crate::sandbox::members::{epoch, flag, list, text};
use crate::sandbox::operations::CodePipelineOperation;
use crate::sandbox::page::{self, BadPage, Sizes};
use crate::sandbox::service::{Answer, AwsError, Call};

/// Answers one call on the pipelines of its region.
pub fn answer(pipelines: &mut Pipelines, call: &Call, latency: Latency) -> Answer {
    let Some(op) = CodePipelineOperation::named(call.op) else { return Err(unknown_operation()) };
    match op {
        CodePipelineOperation::ListPipelines => list_pipelines(pipelines, call),
        CodePipelineOperation::GetPipeline => get(named(pipelines, call, "name")?, call.input),
        CodePipelineOperation::GetPipelineState => Ok(view::state(named(pipelines, call, "name")?)),
        CodePipelineOperation::StartPipelineExecution => start(named(pipelines, call, "name")?, call, latency),
        CodePipelineOperation::RetryStageExecution => retry(named(pipelines, call, "pipelineName")?, call, latency),
        CodePipelineOperation::StopPipelineExecution => stop(named(pipelines, call, "pipelineName")?, call, latency),
        CodePipelineOperation::GetPipelineExecution => {
            get_execution(named(pipelines, call, "pipelineName")?, call.input)
        }
        CodePipelineOperation::ListPipelineExecutions => {
            executions(named(pipelines, call, "pipelineName")?, call.input)
        }
        CodePipelineOperation::ListActionExecutions => actions(named(pipelines, call, "pipelineName")?, call.input),
        CodePipelineOperation::PutApprovalResult => {
            approval::put(named(pipelines, call, "pipelineName")?, call, latency)
        }
    }
}

/// The pipeline that a member names.
fn named<'a>(pipelines: &'a mut Pipelines, call: &Call, member: &str) -> Result<&'a mut Pipeline, AwsError> {
    let name = text(call.input, member).unwrap_or_default();
    pipelines.get_mut(name).ok_or_else(|| no_pipeline(call.account.as_str(), name))
}

/// A page of at most `most` items; the model's shapes rule out any other `maxResults`.
fn page(input: &Value, name: &str, items: Vec<Value>, most: usize) -> Answer {
    let page = page::page(items, input, Sizes { default: most, most, held: most }).map_err(|bad| match bad {
        BadPage::Token => bad_page(),
        BadPage::Size => validation(format!("maxResults must be between 1 and {most}")),
    })?;
    Ok(page.answer(name))
}

fn list_pipelines(pipelines: &mut Pipelines, call: &Call) -> Answer {
    let all = pipelines.values().map(|p| {
        json!({
            "name": p.name,
            "version": p.version(),
            "pipelineType": p.declared.get("pipelineType"),
            "executionMode": p.mode.name(),
            "created": epoch(p.created),
            "updated": epoch(p.created),
        })
    });
    page(call.input, "pipelines", all.collect(), 1000)
}

fn get(pipeline: &mut Pipeline, input: &Value) -> Answer {
    if let Some(version) = input.get("version").and_then(Value::as_i64).filter(|v| *v != pipeline.version()) {
        let message = format!("Pipeline '{}' does not have a version '{version}'", pipeline.name);
        return Err(AwsError::new("PipelineVersionNotFoundException", message));
    }
    Ok(json!({
        "pipeline": pipeline.declared,
        "metadata": {
            "pipelineArn": pipeline.arn(),
            "created": epoch(pipeline.created),
            "updated": epoch(pipeline.created),
        },
    }))
}

/// The same `clientRequestToken` answers the execution that it started before.
fn start(pipeline: &mut Pipeline, call: &Call, latency: Latency) -> Answer {
    let token = text(call.input, "clientRequestToken");
    if let Some(id) = token.and_then(|t| pipeline.tokens.get(t)) {
        return Ok(json!({ "pipelineExecutionId": id }));
    }
    let variables = variables::resolve(pipeline, call.input)?;
    let sources = source_revisions(pipeline, call.input)?;
    let trigger = Trigger { kind: TriggerType::StartPipelineExecution, detail: call.principal.to_owned() };
    let id = begin(pipeline, variables, sources, trigger, call.now);
    if let Some(token) = token {
        pipeline.tokens.insert(token.to_owned(), id.clone());
    }
    flow::admit(pipeline, call.now, latency);
    Ok(json!({ "pipelineExecutionId": id }))
}

/// A new execution, not yet in any stage; its id.
pub(super) fn begin(
    pipeline: &mut Pipeline,
    variables: Vec<(String, String)>,
    source_revisions: BTreeMap<String, Value>,
    trigger: Trigger,
    at: Timestamp,
) -> String {
    let nth = pipeline.executions.len().to_string();
    let id = uuid(&["execution", &pipeline.arn(), &nth, &at.to_string()]);
    pipeline.executions.push(Execution {
        id: id.clone(),
        mode: pipeline.mode,
        version: pipeline.version(),
        status: Status::InProgress,
        status_summary: None,
        variables,
        trigger,
        source_revisions,
        started: at,
        updated: at,
        stages: Vec::new(),
        waits_since: Some(at),
        stop: None,
        stops_at: None,
    });
    id
}

fn source_revisions(pipeline: &Pipeline, input: &Value) -> Result<BTreeMap<String, Value>, AwsError> {
    let known =
        |name: &str| pipeline.stages.iter().flat_map(|s| &s.actions).any(|a| a.name == name && a.category == "Source");
    list(input, "sourceRevisions")
        .iter()
        .map(|revision| {
            let name = text(revision, "actionName").unwrap_or_default();
            if !known(name) {
                return Err(validation(format!("Pipeline '{}' has no source action '{name}'.", pipeline.name)));
            }
            Ok((name.to_owned(), revision.clone()))
        })
        .collect()
}

fn stop(pipeline: &mut Pipeline, call: &Call, latency: Latency) -> Answer {
    let id = text(call.input, "pipelineExecutionId").unwrap_or_default();
    let reason = text(call.input, "reason");
    let abandon = flag(call.input, "abandon");
    let found = pipeline.executions.iter().position(|e| e.id == id);
    let e = found.ok_or_else(|| not_stoppable(format!("Pipeline execution '{id}' cannot be stopped.")))?;
    let before = pipeline.executions[e].stop.as_ref().map(|s| s.abandon);
    match (pipeline.executions[e].status, before) {
        (Status::InProgress, _) => {}
        // A stop that waits for the actions can still become one that abandons them.
        (Status::Stopping, Some(false)) if abandon => {}
        (Status::Stopping, _) => return Err(stop_repeated()),
        (Status::Stopped | Status::Succeeded | Status::Superseded | Status::Failed, _) => {
            return Err(not_stoppable(format!("Pipeline execution '{id}' is not in progress.")));
        }
    }
    pipeline.executions[e].stop = Some(StopRequest { abandon, reason: reason.map(str::to_owned) });
    flow::stop(pipeline, e, abandon, call.now, latency);
    settle(pipeline, e, call.now, latency);
    Ok(json!({ "pipelineExecutionId": id }))
}

/// Runs the failed actions of an execution's last stage again, or all of them, in the same execution.
fn retry(pipeline: &mut Pipeline, call: &Call, latency: Latency) -> Answer {
    let given = |member: &str| text(call.input, member).unwrap_or_default();
    let (id, stage_name) = (given("pipelineExecutionId"), given("stageName"));
    let stage = pipeline.stages.iter().position(|s| s.name == stage_name);
    let stage = stage.ok_or_else(|| no_stage(&pipeline.name, stage_name))?;
    let found = pipeline.executions.iter().position(|e| e.id == id);
    let e = found.ok_or_else(|| not_retryable(format!("Pipeline execution '{id}' has no stage '{stage_name}'.")))?;
    // In PARALLEL mode each execution has stages of its own.
    let newer = pipeline.executions[e + 1..].iter().any(|e| e.stages.len() > stage);
    if newer && pipeline.mode != Mode::Parallel {
        return Err(not_latest(format!("Pipeline execution '{id}' is not the latest in stage '{stage_name}'.")));
    }
    let run = pipeline.executions[e].stages.get(stage);
    if !run.is_some_and(|s| s.status == StageStatus::Failed) {
        return Err(not_retryable(format!("Stage '{stage_name}' of pipeline execution '{id}' has not failed.")));
    }
    flow::retry(pipeline, e, given("retryMode") == "ALL_ACTIONS", call.now, latency);
    Ok(json!({ "pipelineExecutionId": id }))
}

fn settle(pipeline: &mut Pipeline, e: usize, at: Timestamp, latency: Latency) {
    flow::proceed(pipeline, e, at, latency);
    flow::admit(pipeline, at, latency);
}

fn get_execution(pipeline: &mut Pipeline, input: &Value) -> Answer {
    let id = text(input, "pipelineExecutionId").unwrap_or_default();
    let found = pipeline.execution(id).ok_or_else(|| no_execution(&pipeline.name, id))?;
    Ok(json!({ "pipelineExecution": view::execution(pipeline, found) }))
}

/// Newest first.
fn executions(pipeline: &mut Pipeline, input: &Value) -> Answer {
    let stage = input.get("filter").and_then(|f| f.get("succeededInStage")).and_then(|s| text(s, "stageName"));
    let index = match stage {
        None => None,
        Some(name) => {
            let found = pipeline.stages.iter().position(|s| s.name == name);
            Some(found.ok_or_else(|| no_stage(&pipeline.name, name))?)
        }
    };
    let passed = |e: &Execution, i: usize| e.stages.get(i).is_some_and(|s| s.status == StageStatus::Succeeded);
    let shown = pipeline
        .executions
        .iter()
        .rev()
        .filter(|e| index.is_none_or(|i| passed(e, i)))
        .map(|e| view::summary(pipeline, e))
        .collect();
    page(input, "pipelineExecutionSummaries", shown, 100)
}

/// Newest first; of one execution with `filter`.
fn actions(pipeline: &mut Pipeline, input: &Value) -> Answer {
    let filter = input.get("filter").unwrap_or(&Value::Null);
    let latest = filter.get("latestInPipelineExecution").unwrap_or(&Value::Null);
    let id = text(filter, "pipelineExecutionId").or_else(|| text(latest, "pipelineExecutionId"));
    let shown: Vec<Value> = match id {
        Some(id) => {
            let found = pipeline.execution(id).ok_or_else(|| no_execution(&pipeline.name, id))?;
            view::actions(pipeline, found)
        }
        None => pipeline.executions.iter().rev().flat_map(|e| view::actions(pipeline, e)).collect(),
    };
    page(input, "actionExecutionDetails", shown, 100)
}
