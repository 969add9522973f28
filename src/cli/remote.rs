//! `release --remote`: the pipeline does it, so that no laptop holds production's role; this only starts it and looks on.

use std::collections::BTreeMap;

use serde_json::json;

use super::bench::Bench;
use super::failure::Failure;
use super::output::Output;
use crate::model::approval::ApprovalWay;
use crate::model::outcome::Outcome;
use crate::model::pipeline::{Account, Pipeline};
use crate::runtime::ports::Ports;

/// Starts the CodePipeline that the file names, and follows its execution to the end.
pub async fn run(bench: &Bench, ports: &Ports, output: &Output) -> Result<u8, Failure> {
    let (account, name) = pipeline(bench.pipeline())?;
    let token = ports.clock.token(32);
    let execution = ports.approvals.start(account, name, &BTreeMap::new(), &token).await?;
    output
        .note(format!("CodePipeline {name} runs as execution {execution}; Ctrl-C stops looking on, not the pipeline"));
    let mut last = String::new();
    loop {
        let found = ports.approvals.execution(account, name, &execution).await?;
        // What was just started may not be shown yet.
        let status = found.map_or_else(|| "InProgress".to_owned(), |e| e.status);
        if status != last {
            output.tell(
                || format!("{execution}: {status}"),
                || json!({ "v": 1, "kind": "execution", "pipeline": name, "execution": execution, "status": status }),
            );
            last.clone_from(&status);
        }
        if let Some(outcome) = outcome(&status) {
            return Ok(outcome.exit_code());
        }
        ports.clock.sleep(bench.pipeline().poll).await;
    }
}

/// The one pipeline whose approvals the file's stages wait for.
fn pipeline(file: &Pipeline) -> Result<(&Account, &str), Failure> {
    let ways = file.stages.iter().filter_map(|stage| stage.approval.as_ref()).map(|policy| &policy.way);
    let mut named = ways.filter_map(|way| match way {
        ApprovalWay::CodePipeline { pipeline, account, .. } => Some((file.account(account), pipeline.as_str())),
        ApprovalWay::Kanmon => None,
    });
    let first = named.next().ok_or_else(|| {
        Failure::wrong("no stage of the file names a CodePipeline")
            .hint("`--remote` starts the pipeline of an approval `by: codepipeline`")
    })?;
    match named.find(|other| *other != first) {
        None => Ok(first),
        Some((_, other)) => Err(Failure::wrong(format!("the file names two pipelines, {} and {other}", first.1))
            .hint("start the one that is meant in CodePipeline itself")),
    }
}

/// What an execution's status comes to; `None` while it goes on, or is of a kind that is newer than this.
fn outcome(status: &str) -> Option<Outcome> {
    match status {
        "Succeeded" => Some(Outcome::Succeeded),
        "Failed" => Some(Outcome::Failed),
        "Stopped" | "Cancelled" => Some(Outcome::Aborted),
        "Superseded" => Some(Outcome::Superseded),
        _ => None,
    }
}
