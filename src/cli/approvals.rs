//! `approvals`: what waits for a person.

use jiff::Timestamp;
use serde_json::json;

use super::args::Global;
use super::bench::Bench;
use super::failure::Failure;
use super::output::Output;
use super::releases::{self, Recorded};
use crate::model::approval::ApprovalRequest;
use crate::model::pipeline::Stage;
use crate::model::stage_state::Approval;
use crate::model::words::{lasting, moment};
use crate::report::paint::Paint;
use crate::report::text::Text;
use crate::report::{names, plan, story};

pub async fn run(global: &Global, output: &Output) -> Result<u8, Failure> {
    let bench = Bench::new(global, output)?;
    let recorded = releases::all(&bench, usize::MAX).await?;
    let now = bench.clock.now();
    let waiting: Vec<_> = recorded.iter().flat_map(|r| asked(r, now)).collect();
    if waiting.is_empty() {
        output.tell(|| "nothing waits for approval", || json!({ "v": 1, "kind": "approvals", "waiting": [] }));
        return Ok(0);
    }
    let sheet = Sheet { paint: output.out, width: output.out_width() };
    output.tell(
        || {
            waiting
                .iter()
                .enumerate()
                .map(|(at, (r, s, q))| apart(at).and(human(&bench, r, s, q, sheet)))
                .collect::<Text>()
        },
        || {
            let waiting: Vec<_> = waiting
                .iter()
                .map(|(r, s, q)| {
                    json!({
                        "release": r.release.id,
                        "stage": s.name,
                        "request": q,
                        "requesters": r.release.requesters,
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

/// The questions of a release that nobody has answered, as far as the record knows. One that was put ahead waits in its execution
/// after the release has done its part, until it expires.
pub fn asked(recorded: &Recorded, now: Timestamp) -> Vec<(&Recorded, &Stage, &ApprovalRequest)> {
    let release = &recorded.release;
    let waits = |request: &ApprovalRequest| match &release.ending {
        None => true,
        Some(ending) if ending.outcome.is_resumable() => true,
        Some(ending) => ending.outcome.is_success() && request.execution.is_some() && now < request.expires_at,
    };
    let stages = release.started.pipeline.stages.iter();
    stages
        .filter_map(|stage| match &release.stage(&stage.name).approval {
            Approval::Asked(request) => waits(request).then_some((recorded, stage, request)),
            Approval::NotAsked
            | Approval::Given(..)
            | Approval::Rejected(_)
            | Approval::Expired(_)
            | Approval::Closed { .. } => None,
        })
        .collect()
}

/// What stands between a sheet and the one before it.
fn apart(at: usize) -> Text {
    if at == 0 { Text::new() } else { Text::from("") }
}

/// What is asked, by whom, what would change, who may answer and until when; for a terminal of so many cells.
pub fn human(bench: &Bench, recorded: &Recorded, stage: &Stage, request: &ApprovalRequest, on: Sheet) -> Text {
    let Sheet { paint, width } = on;
    let release = &recorded.release;
    let pipeline = &release.started.pipeline;
    let state = release.stage(&stage.name);
    let id = paint.strong(release.id.as_str());
    let mut sheet = Text::from(format!("{} {id} → {}", pipeline.app, paint.strong(stage.name.as_str())));
    let mut say = |name: &str, text: String| sheet.line(format!("  {name:<9} {text}"));
    say("asked by", names::requesters(&release.requesters));
    let source = &release.started.source;
    if let Some(commit) = &source.commit {
        let dirty = if source.dirty { " with uncommitted changes" } else { "" };
        let author = source.author.as_deref().map(|a| format!(" by {a}")).unwrap_or_default();
        say("commit", format!("{}{dirty}{author}", &commit[..commit.len().min(12)]));
    } else if let Some(why) = &source.unreadable {
        say("commit", format!("unknown: {why}"));
    }
    for image in stage.images_used(pipeline) {
        if let Some(pushed) = release.image_for(stage, image) {
            say("image", format!("{image} {}", names::digest(&pushed.digest)));
        }
    }
    let passed: Vec<&str> =
        pipeline.stages.iter().filter(|s| release.stage(&s.name).left.is_some()).map(|s| s.name.as_str()).collect();
    if !passed.is_empty() {
        say("passed", passed.join(", "));
    }
    if let Some(gate) = &state.gate {
        say("gate", story::gate(gate));
    }
    let left = lasting(request.expires_at.duration_since(bench.clock.now()));
    say("until", format!("{} ({left} left)", moment(request.expires_at)));
    if let Some(policy) = &stage.approval {
        say("who", story::who_may(policy));
    }
    say("plan", request.plan.short().to_owned());
    if let Some(plan) = &state.plan {
        sheet = sheet.and(plan::of(pipeline, stage, plan, paint).after("  "));
    }
    if let Some(policy) = &stage.approval {
        sheet.line(format!("  {}", paint.strong(&story::how_to_approve(release, policy, request))));
    }
    sheet.wrapped(width, 4)
}

/// What something is written on.
#[derive(Clone, Copy)]
pub struct Sheet {
    pub paint: Paint,
    pub width: Option<usize>,
}
