//! CodePipeline's states of executions and actions, and what starts an execution.

use super::words;

words! {
    /// `PipelineExecutionStatus`.
    ExecutionStatus {
        InProgress = "InProgress",
        Stopping = "Stopping",
        Stopped = "Stopped",
        Succeeded = "Succeeded",
        Superseded = "Superseded",
        Failed = "Failed",
        Cancelled = "Cancelled",
    }
}

impl ExecutionStatus {
    /// Whether the execution has ended. False for a status that is newer than this program.
    pub fn is_over(&self) -> bool {
        match self {
            ExecutionStatus::Stopped
            | ExecutionStatus::Succeeded
            | ExecutionStatus::Superseded
            | ExecutionStatus::Failed
            | ExecutionStatus::Cancelled => true,
            ExecutionStatus::InProgress | ExecutionStatus::Stopping | ExecutionStatus::Unknown(_) => false,
        }
    }
}

words! {
    /// `ActionExecutionStatus`.
    ActionStatus {
        InProgress = "InProgress",
        Abandoned = "Abandoned",
        Succeeded = "Succeeded",
        Failed = "Failed",
    }
}

words! {
    /// `TriggerType`: what started an execution.
    TriggerType {
        CreatePipeline = "CreatePipeline",
        StartPipelineExecution = "StartPipelineExecution",
        PollForSourceChanges = "PollForSourceChanges",
        Webhook = "Webhook",
        CloudWatchEvent = "CloudWatchEvent",
        PutActionRevision = "PutActionRevision",
        WebhookV2 = "WebhookV2",
        ManualRollback = "ManualRollback",
        AutomatedRollback = "AutomatedRollback",
    }
}
