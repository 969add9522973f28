//! `plan`: what a release would do. Changes and records nothing.

use serde_json::json;

use super::args::{Global, PlanArgs};
use super::context;
use super::failure::Failure;
use super::output::Output;
use super::release::each_once;
use crate::model::exit_code::ExitCode;
use crate::report::text::Text;
use crate::report::verb::plan as words;
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
        output.warn(&words::refused(fault));
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
                .map(|l| l.replace(&placeholder, words::TO_BE_BUILT)),
        );
        text.line(words::gate(gate.as_ref()));
        if let Some(policy) = &stage.approval {
            text.line(words::approval(policy));
        }
    }
    text.wrapped(output.out_width(), 4)
}

fn machine(planned: &Planned) -> serde_json::Value {
    let stages: Vec<_> = planned
        .stages
        .iter()
        .map(|PlannedStage { stage, plan, gate }| json!({ "stage": stage.name, "plan": plan, "gate": gate, "approval": stage.approval }))
        .collect();
    json!({ "v": 1, "kind": "plan", "stages": stages })
}
