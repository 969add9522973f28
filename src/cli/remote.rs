//! `release --remote`: starts the pipeline, which makes the release, and follows it, so that no laptop needs production's role.

use serde_json::json;

use super::failure::Failure;
use super::output::Output;
use crate::model::aws::codepipeline::ExecutionStatus;
use crate::model::exit_code::ExitCode;
use crate::report::verb::release as words;
use crate::usecase::context::Context;
use crate::usecase::remote::start;

/// Starts the CodePipeline that the file names, and follows its execution to the end.
pub async fn run(context: &Context, output: &Output) -> Result<ExitCode, Failure> {
    let remote = start(context).await?;
    let (name, execution) = (&remote.pipeline, &remote.execution);
    output.note(words::remote(name, execution));
    let report = |status: &ExecutionStatus| {
        output.result(
            || words::remote_status(execution, status),
            || json!({ "v": 1, "kind": "execution", "pipeline": name, "execution": execution, "status": status }),
        );
    };
    Ok(remote.follow(context.pipeline.poll, report).await?.exit_code())
}
