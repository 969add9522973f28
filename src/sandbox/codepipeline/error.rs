//! CodePipeline's errors, in AWS's wording.

use crate::sandbox::service::AwsError;

pub fn validation(message: impl Into<String>) -> AwsError {
    AwsError::new("ValidationException", message)
}

pub fn no_pipeline(account: &str, name: &str) -> AwsError {
    AwsError::new(
        "PipelineNotFoundException",
        format!("Account '{account}' does not have a pipeline with name '{name}'"),
    )
}

pub fn no_execution(pipeline: &str, id: &str) -> AwsError {
    AwsError::new(
        "PipelineExecutionNotFoundException",
        format!("Pipeline '{pipeline}' does not have an execution with id '{id}'"),
    )
}

pub fn no_stage(pipeline: &str, stage: &str) -> AwsError {
    AwsError::new("StageNotFoundException", format!("Pipeline '{pipeline}' does not have a stage with name '{stage}'"))
}

pub fn no_action(stage: &str, action: &str) -> AwsError {
    AwsError::new("ActionNotFoundException", format!("Stage '{stage}' does not have an action with name '{action}'"))
}

pub fn stale_token() -> AwsError {
    AwsError::new("InvalidApprovalTokenException", "The approval token is invalid or no longer valid.")
}

pub fn already_completed() -> AwsError {
    AwsError::new("ApprovalAlreadyCompletedException", "The approval action has already been approved or rejected.")
}

pub fn bad_page() -> AwsError {
    AwsError::new("InvalidNextTokenException", "The next token is invalid.")
}

pub fn not_retryable(message: impl Into<String>) -> AwsError {
    AwsError::new("StageNotRetryableException", message)
}

pub fn not_latest(message: impl Into<String>) -> AwsError {
    AwsError::new("NotLatestPipelineExecutionException", message)
}

pub fn not_stoppable(message: impl Into<String>) -> AwsError {
    AwsError::new("PipelineExecutionNotStoppableException", message)
}

pub fn stop_repeated() -> AwsError {
    AwsError::new("DuplicatedStopRequestException", "The pipeline execution is already in a Stopping state.")
}

pub fn unknown_operation() -> AwsError {
    AwsError::new("UnknownOperationException", "")
}
