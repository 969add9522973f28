//! `approvals`: what waits for a person.

use serde_json::json;

use super::args::Global;
use super::bench::Bench;
use super::failure::Failure;
use super::output::Output;
use super::releases::{self, Recorded};
use crate::model::approval::{ApprovalRequest, ApprovalWay};
use crate::model::pipeline::Stage;
use crate::model::stage_state::Approval;
use crate::report::paint::Paint;
use crate::report::{plan, story};

pub async fn run(global: &Global, output: &Output) -> Result<u8, Failure> {
    let bench = Bench::new(global, output)?;
    let recorded = releases::all(&bench, usize::MAX).await?;
    let waiting: Vec<_> = recorded.iter().flat_map(asked).collect();
    if waiting.is_empty() {
        output
            .tell(|| "nothing waits for approval".to_owned(), || json!({ "v": 1, "kind": "approvals", "waiting": [] }));
        return Ok(0);
    }
    output.tell(
        || waiting.iter().map(|(r, s, q)| human(r, s, q, output.out)).collect::<Vec<_>>().join("\n\n"),
        || {
            let waiting: Vec<_> = waiting
                .iter()
                .map(|(r, s, q)| {
                    json!({
                        "release": r.release.id,
                        "stage": s.name,
                        "request": q,
                        "requested_by": r.release.requested_by,
                        "plan": r.release.stage(&s.name).plan,
                        "gate": r.release.stage(&s.name).gate,
                    })
                })
                .collect();
            json!({ "v": 1, "kind": "approvals", "waiting": waiting })
        },
    );
    Ok(0)
}

/// The questions of a release that nobody has answered.
pub fn asked(recorded: &Recorded) -> Vec<(&Recorded, &Stage, &ApprovalRequest)> {
    let release = &recorded.release;
    if release.ending.as_ref().is_some_and(|e| !e.outcome.is_resumable()) {
        return Vec::new();
    }
    let stages = release.started.pipeline.stages.iter();
    stages
        .filter_map(|stage| match &release.stage(&stage.name).approval {
            Approval::Asked(request) => Some((recorded, stage, request)),
            Approval::NotAsked
            | Approval::Given(..)
            | Approval::Rejected(_)
            | Approval::Expired
            | Approval::Closed { .. } => None,
        })
        .collect()
}

/// What is asked, by whom, what would change, who may answer and until when.
pub fn human(recorded: &Recorded, stage: &Stage, request: &ApprovalRequest, paint: Paint) -> String {
    let release = &recorded.release;
    let state = release.stage(&stage.name);
    let mut lines = vec![format!(
        "{} {} → {}",
        release.started.pipeline.app,
        paint.strong(release.id.as_str()),
        paint.strong(stage.name.as_str())
    )];
    lines.push(format!("  asked by  {}", story::requester(&release.requested_by)));
    let source = &release.started.source;
    if let Some(commit) = &source.commit {
        let dirty = if source.dirty { " with uncommitted changes" } else { "" };
        let author = source.author.as_deref().map(|a| format!(" by {a}")).unwrap_or_default();
        lines.push(format!("  commit    {}{dirty}{author}", &commit[..commit.len().min(12)]));
    }
    for image in stage.images_used(&release.started.pipeline) {
        if let Some(pushed) = release.image_for(stage, image) {
            lines.push(format!("  image     {image} {}", pushed.digest));
        }
    }
    let passed: Vec<String> = release
        .started
        .pipeline
        .stages
        .iter()
        .filter(|s| release.stage(&s.name).left.is_some())
        .map(|s| s.name.to_string())
        .collect();
    if !passed.is_empty() {
        lines.push(format!("  passed    {}", passed.join(", ")));
    }
    if let Some(gate) = &state.gate {
        lines.push(format!("  gate      {}", story::gate(gate)));
    }
    lines.push(format!("  plan      {}", request.plan.short()));
    lines.push(format!("  until     {}", request.expires_at.strftime("%Y-%m-%d %H:%M UTC")));
    lines.push(format!("  who       {}", who(stage, request)));
    if let Some(plan) = &state.plan {
        lines.push(plan::of(stage, plan, paint).lines().map(|l| format!("  {l}")).collect::<Vec<_>>().join("\n"));
    }
    lines.push(format!("  kanmon approve {} --plan {}", release.id, request.plan.short()));
    lines.join("\n")
}

fn who(stage: &Stage, request: &ApprovalRequest) -> String {
    let Some(policy) = &stage.approval else { return String::new() };
    let not_asker = if policy.self_approval { "" } else { ", not the one who asked" };
    match &policy.way {
        ApprovalWay::Kanmon { approvers } if approvers.is_empty() => format!("anybody with AWS credentials{not_asker}"),
        ApprovalWay::Kanmon { approvers } => format!("{}{not_asker}", approvers.join(" or ")),
        ApprovalWay::CodePipeline { pipeline, action, .. } => {
            let execution = request.execution.as_deref().unwrap_or("not known");
            format!("CodePipeline {pipeline}, action {action}, execution {execution}{not_asker}")
        }
    }
}
