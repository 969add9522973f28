//! Pipeline variables: checked when an execution starts, resolved in configurations as `#{namespace.name}`.

use std::collections::BTreeMap;

use serde_json::Value;

use super::error::validation;
use super::execution::{Execution, StageRun};
use super::pipeline::{Pipeline, Stage};
use crate::sandbox::members::{list, text};
use crate::sandbox::service::AwsError;

/// Every declared variable with its value for a new execution: what was given, else its default.
///
/// # Errors
/// `ValidationException` for a variable that is not declared, or one without a value.
pub fn resolve(pipeline: &Pipeline, input: &Value) -> Result<Vec<(String, String)>, AwsError> {
    let declared = list(&pipeline.declared, "variables");
    let given = list(input, "variables");
    if !given.is_empty() && text(&pipeline.declared, "pipelineType") != Some("V2") {
        return Err(validation("Pipeline variables are only supported for pipelines of type V2."));
    }
    let mut values: BTreeMap<&str, &str> = BTreeMap::new();
    for variable in given {
        let (name, value) = (text(variable, "name").unwrap_or_default(), text(variable, "value").unwrap_or_default());
        if !declared.iter().any(|d| text(d, "name") == Some(name)) {
            return Err(validation(format!("The variable '{name}' is not declared in pipeline '{}'.", pipeline.name)));
        }
        if values.insert(name, value).is_some() {
            return Err(validation(format!("The variable '{name}' is given more than once.")));
        }
    }
    declared
        .iter()
        .map(|d| {
            let name = text(d, "name").unwrap_or_default();
            let value = values.get(name).copied().or_else(|| text(d, "defaultValue"));
            let value = value.ok_or_else(|| {
                validation(format!("A value is required for the variable '{name}' of pipeline '{}'.", pipeline.name))
            })?;
            Ok((name.to_owned(), value.to_owned()))
        })
        .collect()
}

/// A configuration with its variables resolved; unknown names stay as they are.
pub fn in_configuration(execution: &Execution, stages: &[Stage], configuration: &Value) -> BTreeMap<String, String> {
    let Some(members) = configuration.as_object() else { return BTreeMap::new() };
    members.iter().filter_map(|(k, v)| v.as_str().map(|v| (k.clone(), in_text(execution, stages, v)))).collect()
}

fn in_text(execution: &Execution, stages: &[Stage], text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find("#{") {
        let Some(end) = rest[start..].find('}') else { break };
        let name = &rest[start + 2..start + end];
        out.push_str(&rest[..start]);
        match look_up(execution, stages, name.trim()) {
            Some(value) => out.push_str(&value),
            None => out.push_str(&rest[start..=start + end]),
        }
        rest = &rest[start + end + 1..];
    }
    out.push_str(rest);
    out
}

fn look_up(execution: &Execution, stages: &[Stage], name: &str) -> Option<String> {
    let (namespace, variable) = name.split_once('.')?;
    match namespace {
        "variables" => execution.variables.iter().find(|(n, _)| n == variable).map(|(_, v)| v.clone()),
        "codepipeline" if variable == "PipelineExecutionId" => Some(execution.id.clone()),
        _ => {
            let runs = |(stage, run): (&Stage, &StageRun)| {
                run.actions.iter().find_map(|r| {
                    let declared = &stage.actions[r.action];
                    let ours = declared.namespace.as_deref() == Some(namespace);
                    ours.then(|| r.output_variables.get(variable).cloned()).flatten()
                })
            };
            stages.iter().zip(&execution.stages).find_map(runs)
        }
    }
}
