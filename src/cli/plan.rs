//! `plan`: what a release would do. Changes and records nothing.

use serde_json::json;

use super::args::{Global, PlanArgs};
use super::context;
use super::failure::Failure;
use super::output::Output;
use super::release::each_once;
use crate::model::approval::{ApprovalPolicy, ApprovalWay};
use crate::model::event::EVENT_VERSION;
use crate::model::exit_code::ExitCode;
use crate::report::fault::words;
use crate::report::text::Text;
use crate::report::{self, display_names};
use crate::usecase::plan::{Planned, PlannedStage, Subject, plan, to_be_built};

pub async fn run(global: &Global, output: &Output, args: PlanArgs) -> Result<ExitCode, Failure> {
    let context = context::open(global, output)?;
    let subject = match args.release {
        Some(id) => Subject::Recorded(id),
        None => Subject::New { images: each_once(args.image)? },
    };
    let planned = plan(&context, subject, args.until.as_ref()).await?;
    output.result(|| human(&planned, output), || machine(&planned));
    for fault in &planned.refused {
        let words = words(fault);
        let parts: Vec<String> = std::iter::once(words.sentence).chain(words.hints).collect();
        output.warn(&format!("a release from here would be refused: {}", parts.join("; ")));
    }
    Ok(ExitCode::Done)
}

fn human(planned: &Planned, output: &Output) -> Text {
    // How the plan shows an image's digest.
    let placeholder = format!("@{}", display_names::digest(&to_be_built()));
    let mut text = Text::new();
    for (at, PlannedStage { stage, plan, gate }) in planned.stages.iter().enumerate() {
        if at > 0 {
            text.line("");
        }
        text = text.and(
            report::plan::of(&planned.pipeline, stage, plan, output.out)
                .map(|l| l.replace(&placeholder, " (to be built)")),
        );
        let gate = match gate {
            Some(gate) => report::gate::judgement(gate),
            None => "judged once the image is built and scanned".to_owned(),
        };
        text.line(format!("  gate  {gate}"));
        if let Some(policy) = &stage.approval {
            text.line(format!("  approval  {}", approvers(policy)));
        }
    }
    text.wrapped(output.out_width(), 4)
}

/// Who has to approve.
fn approvers(policy: &ApprovalPolicy) -> String {
    let who = match policy.approvers.as_slice() {
        [] => "another person".to_owned(),
        patterns => patterns.join(" or "),
    };
    match &policy.way {
        ApprovalWay::Kanmon => format!("required: {who}"),
        ApprovalWay::CodePipeline { pipeline, action, .. } => {
            format!("required: {who}, in CodePipeline {pipeline}, action {action}")
        }
    }
}

fn machine(planned: &Planned) -> serde_json::Value {
    let stages: Vec<_> = planned
        .stages
        .iter()
        .map(|PlannedStage { stage, plan, gate }| json!({ "stage": stage.name, "plan": plan, "gate": gate, "approval": stage.approval }))
        .collect();
    json!({ "v": EVENT_VERSION, "kind": "plan", "stages": stages })
}
