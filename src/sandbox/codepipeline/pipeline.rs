//! A pipeline: its declaration as given, and what of it the model reads.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::Value;

use super::execution::{Execution, Status};
use super::mode::Mode;
use crate::model::ids::{AccountId, Region};
use crate::sandbox::members::{list, text};

/// How an action other than an approval behaves, from the seed.
#[derive(Debug, Clone, Default)]
pub struct ActionBehaviour {
    /// Nominal seconds, if not the category's own time.
    pub seconds: Option<i64>,
    /// Ends only when somebody outside, who does its work, reports the end.
    pub external: bool,
    pub end: ActionResult,
}

/// The result of an action other than an approval.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct ActionResult {
    pub fails: bool,
    pub summary: Option<String>,
    /// What a build exported, and the like.
    pub output_variables: BTreeMap<String, String>,
}

/// What the model reads of an `ActionDeclaration`.
#[derive(Debug, Clone)]
pub struct Action {
    pub name: String,
    pub category: String,
    pub run_order: i64,
    pub namespace: Option<String>,
    /// A manual approval's timeout; a date, not a latency: never shortened.
    pub timeout: SignedDuration,
    pub declared: Value,
    pub behaviour: ActionBehaviour,
}

#[derive(Debug, Clone)]
pub struct Stage {
    pub name: String,
    pub actions: Vec<Action>,
}

#[derive(Debug, Clone)]
pub struct Pipeline {
    pub account: AccountId,
    pub region: Region,
    pub name: String,
    /// The `PipelineDeclaration`, as GetPipeline answers it.
    pub declared: Value,
    pub mode: Mode,
    pub stages: Vec<Stage>,
    pub created: Timestamp,
    /// Oldest first.
    pub executions: Vec<Execution>,
    /// StartPipelineExecution's `clientRequestToken` to the execution that it started.
    pub tokens: BTreeMap<String, String>,
}

/// A manual approval waits a week by default, `timeoutInMinutes` (5 to 86,400) otherwise.
const APPROVAL_TIMEOUT: SignedDuration = SignedDuration::from_hours(7 * 24);

impl Pipeline {
    /// From its declaration; what is missing in it is said.
    pub fn declare(
        account: AccountId,
        region: Region,
        mut declared: Value,
        behaviours: &BTreeMap<String, ActionBehaviour>,
        now: Timestamp,
    ) -> Result<Pipeline, String> {
        let name = text(&declared, "name").ok_or("a pipeline without name")?.to_owned();
        let mode = match text(&declared, "executionMode").unwrap_or("SUPERSEDED") {
            "SUPERSEDED" => Mode::Superseded,
            "QUEUED" => Mode::Queued,
            "PARALLEL" => Mode::Parallel,
            other => return Err(format!("pipeline {name}: executionMode {other} is not valid")),
        };
        let mut stages = Vec::new();
        for stage in list(&declared, "stages") {
            let stage_name = text(stage, "name").ok_or_else(|| format!("pipeline {name}: a stage without name"))?;
            let actions = list(stage, "actions").iter().map(|a| action(&name, stage_name, a, behaviours));
            stages.push(Stage { name: stage_name.to_owned(), actions: actions.collect::<Result<_, _>>()? });
        }
        if stages.is_empty() || stages.iter().any(|s| s.actions.is_empty()) {
            return Err(format!("pipeline {name}: no stages, or a stage without actions"));
        }
        if let Some(unknown) = behaviours.keys().find(|k| !names_action(&stages, k)) {
            return Err(format!("pipeline {name}: there is no action {unknown}"));
        }
        let default_role = format!("arn:aws:iam::{account}:role/codepipeline");
        if let Some(members) = declared.as_object_mut() {
            members.entry("roleArn").or_insert_with(|| default_role.into());
            members.entry("version").or_insert_with(|| 1.into());
            members.entry("executionMode").or_insert_with(|| mode.name().into());
            members.entry("pipelineType").or_insert_with(|| "V2".into());
        }
        Ok(Pipeline {
            account,
            region,
            name,
            declared,
            mode,
            stages,
            created: now,
            executions: Vec::new(),
            tokens: BTreeMap::new(),
        })
    }

    pub fn arn(&self) -> String {
        format!("arn:aws:codepipeline:{}:{}:{}", self.region, self.account, self.name)
    }

    pub fn version(&self) -> i64 {
        self.declared.get("version").and_then(Value::as_i64).unwrap_or(1)
    }

    pub fn execution(&self, id: &str) -> Option<&Execution> {
        self.executions.iter().find(|e| e.id == id)
    }

    /// The execution that is in the stage, if one holds it.
    pub fn holder(&self, stage: usize) -> Option<usize> {
        self.executions.iter().position(|e| {
            matches!(e.status, Status::InProgress | Status::Stopping)
                && e.stages.get(stage).is_some_and(|s| s.status.is_open())
        })
    }

    /// When something next happens by itself.
    pub fn due(&self) -> Option<Timestamp> {
        let actions = self.executions.iter().flat_map(|e| &e.stages).flat_map(|s| &s.actions);
        actions.filter_map(|a| a.due).chain(self.executions.iter().filter_map(|e| e.stops_at)).min()
    }
}

fn names_action(stages: &[Stage], key: &str) -> bool {
    key.split_once('/')
        .is_some_and(|(s, a)| stages.iter().any(|stage| stage.name == s && stage.actions.iter().any(|x| x.name == a)))
}

fn action(
    pipeline: &str,
    stage: &str,
    declared: &Value,
    behaviours: &BTreeMap<String, ActionBehaviour>,
) -> Result<Action, String> {
    let wrong = |what: &str| format!("pipeline {pipeline}, stage {stage}: an action without {what}");
    let name = text(declared, "name").ok_or_else(|| wrong("name"))?.to_owned();
    let kind = declared.get("actionTypeId").ok_or_else(|| wrong("actionTypeId"))?;
    let category = text(kind, "category").ok_or_else(|| wrong("category"))?.to_owned();
    let minutes = declared.get("timeoutInMinutes").and_then(Value::as_i64);
    Ok(Action {
        behaviour: behaviours.get(&format!("{stage}/{name}")).cloned().unwrap_or_default(),
        run_order: declared.get("runOrder").and_then(Value::as_i64).unwrap_or(1),
        namespace: text(declared, "namespace").map(str::to_owned),
        timeout: minutes.map_or(APPROVAL_TIMEOUT, SignedDuration::from_mins),
        declared: declared.clone(),
        name,
        category,
    })
}

impl Action {
    pub fn is_approval(&self) -> bool {
        self.category == "Approval"
    }
}
