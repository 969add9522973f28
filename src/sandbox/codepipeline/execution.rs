//! One execution of a pipeline: where it is, and the results of its actions.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::mode::Mode;

/// `PipelineExecution.status`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    InProgress,
    Stopping,
    Stopped,
    Succeeded,
    Superseded,
    Failed,
}

impl Status {
    pub fn name(self) -> &'static str {
        match self {
            Status::InProgress => "InProgress",
            Status::Stopping => "Stopping",
            Status::Stopped => "Stopped",
            Status::Succeeded => "Succeeded",
            Status::Superseded => "Superseded",
            Status::Failed => "Failed",
        }
    }
}

/// `StageExecution.status`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StageStatus {
    InProgress,
    Stopping,
    Stopped,
    Succeeded,
    Failed,
}

impl StageStatus {
    pub fn name(self) -> &'static str {
        match self {
            StageStatus::InProgress => "InProgress",
            StageStatus::Stopping => "Stopping",
            StageStatus::Stopped => "Stopped",
            StageStatus::Succeeded => "Succeeded",
            StageStatus::Failed => "Failed",
        }
    }

    /// The execution is in the stage.
    pub fn is_open(self) -> bool {
        matches!(self, StageStatus::InProgress | StageStatus::Stopping)
    }
}

/// `ActionExecution.status`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActionStatus {
    InProgress,
    Abandoned,
    Succeeded,
    Failed,
}

impl ActionStatus {
    pub fn name(self) -> &'static str {
        match self {
            ActionStatus::InProgress => "InProgress",
            ActionStatus::Abandoned => "Abandoned",
            ActionStatus::Succeeded => "Succeeded",
            ActionStatus::Failed => "Failed",
        }
    }
}

/// One run of one action.
#[derive(Debug, Clone)]
pub struct ActionRun {
    /// `actionExecutionId`.
    pub id: String,
    /// The action's place in its stage's declaration.
    pub action: usize,
    pub status: ActionStatus,
    pub started: Timestamp,
    pub updated: Timestamp,
    /// The ARN of who decided an approval.
    pub updated_by: Option<String>,
    pub summary: Option<String>,
    pub error: Option<(String, String)>,
    /// An approval's token; a build's id and the like otherwise.
    pub external_id: String,
    /// `configuration` with its variables resolved.
    pub resolved: BTreeMap<String, String>,
    pub output_variables: BTreeMap<String, String>,
    /// When it ends by itself.
    pub due: Option<Timestamp>,
}

/// One stage that the execution entered.
#[derive(Debug, Clone)]
pub struct StageRun {
    pub status: StageStatus,
    pub actions: Vec<ActionRun>,
    /// The first run that counts: a stage of which all actions are retried begins again.
    pub from: usize,
}

impl StageRun {
    /// The latest run of each action: a stage that is retried runs its failed actions again.
    pub fn latest(&self) -> impl Iterator<Item = &ActionRun> {
        let counted = &self.actions[self.from..];
        let is_latest = move |(n, run): &(usize, &ActionRun)| counted[n + 1..].iter().all(|r| r.action != run.action);
        counted.iter().enumerate().filter(is_latest).map(|(_, run)| run)
    }
}

/// A StopPipelineExecution.
#[derive(Debug, Clone)]
pub struct StopRequest {
    pub abandon: bool,
    pub reason: Option<String>,
}

/// `ExecutionTrigger`.
#[derive(Debug, Clone)]
pub struct Trigger {
    pub kind: TriggerType,
    /// A principal's ARN, an event rule's, a webhook's.
    pub detail: String,
}

/// `TriggerType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum TriggerType {
    CreatePipeline,
    StartPipelineExecution,
    PollForSourceChanges,
    Webhook,
    CloudWatchEvent,
    PutActionRevision,
    WebhookV2,
    ManualRollback,
    AutomatedRollback,
}

impl TriggerType {
    pub fn name(self) -> &'static str {
        match self {
            TriggerType::CreatePipeline => "CreatePipeline",
            TriggerType::StartPipelineExecution => "StartPipelineExecution",
            TriggerType::PollForSourceChanges => "PollForSourceChanges",
            TriggerType::Webhook => "Webhook",
            TriggerType::CloudWatchEvent => "CloudWatchEvent",
            TriggerType::PutActionRevision => "PutActionRevision",
            TriggerType::WebhookV2 => "WebhookV2",
            TriggerType::ManualRollback => "ManualRollback",
            TriggerType::AutomatedRollback => "AutomatedRollback",
        }
    }
}

#[derive(Debug, Clone)]
pub struct Execution {
    pub id: String,
    pub mode: Mode,
    pub version: i64,
    pub status: Status,
    pub status_summary: Option<String>,
    /// Every declared variable, with what it resolved to.
    pub variables: Vec<(String, String)>,
    pub trigger: Trigger,
    /// Source actions to the revision that StartPipelineExecution asked for.
    pub source_revisions: BTreeMap<String, Value>,
    pub started: Timestamp,
    pub updated: Timestamp,
    /// Stages entered so far, in their order.
    pub stages: Vec<StageRun>,
    /// Waits before the next stage, which another execution holds, since then.
    pub waits_since: Option<Timestamp>,
    pub stop: Option<StopRequest>,
    /// When an abandoned execution has stopped.
    pub stops_at: Option<Timestamp>,
}

impl Execution {
    pub fn stage(&self) -> Option<&StageRun> {
        self.stages.last()
    }

    /// Its newest stage is done, and it is not yet in the next one.
    pub fn is_between_stages(&self) -> bool {
        self.status == Status::InProgress && self.stage().is_none_or(|s| s.status == StageStatus::Succeeded)
    }
}
