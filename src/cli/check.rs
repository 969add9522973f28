//! `check`: reads the file offline.

use serde_json::json;

use super::args::{CheckArgs, Global};
use super::bench;
use super::failure::Failure;
use super::output::Output;
use crate::model::approvers;
use crate::model::pipeline::Pipeline;
use crate::report::text::Text;

pub fn run(global: &Global, output: &Output, args: CheckArgs) -> Result<u8, Failure> {
    let given = args.file.as_deref().or(global.pipeline.as_deref());
    let loaded = bench::load(given, output)?;
    for doubt in &loaded.warnings {
        output.note(&format!("warning: {doubt}\n"));
    }
    let mut warnings = warnings(&loaded.pipeline);
    for warning in &warnings {
        output.warn(warning);
    }
    warnings.extend(loaded.warnings.iter().map(|d| format!("{}:{}: {}", d.file, d.line, d.message)));
    output.tell(
        || Text::laid_out(loaded.summary().trim_end()).wrapped(output.out_width(), 20).and(Text::from("in order")),
        || {
            json!({
                "v": 1,
                "kind": "checked",
                "file": loaded.file,
                "sha256": loaded.sha256,
                "pipeline": loaded.pipeline,
                "warnings": warnings,
            })
        },
    );
    Ok(0)
}

/// What is valid and weaker than its author may think.
fn warnings(pipeline: &Pipeline) -> Vec<String> {
    let approvers = pipeline.stages.iter().flat_map(|stage| {
        let patterns = stage.approval.iter().flat_map(|policy| &policy.approvers);
        patterns.filter_map(|pattern| {
            let weak = approvers::weakness(pattern)?;
            Some(format!("{}: approver {pattern}: {weak}", stage.name))
        })
    });
    approvers.collect()
}
