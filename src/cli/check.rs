//! `check`: reads the file offline.

use serde_json::json;

use super::args::{CheckArgs, Global};
use super::context;
use super::failure::Failure;
use super::output::Output;
use crate::model::approvers;
use crate::model::exit_code::ExitCode;
use crate::model::pipeline::Pipeline;
use crate::model::step::Step;
use crate::model::step::check::Check;
use crate::outside::program;
use crate::pipeline::Loaded;
use crate::report::text::Text;
use crate::report::verb::check as words;

pub fn run(global: &Global, output: &Output, args: CheckArgs) -> Result<ExitCode, Failure> {
    let given = args.file.as_deref().or(global.pipeline.as_deref());
    let loaded = context::load(given, output)?;
    programs(&loaded)?;
    context::print_warnings(&loaded, output);
    let mut warnings = warnings(&loaded.pipeline);
    for warning in &warnings {
        output.warn(warning);
    }
    warnings.extend(loaded.warnings.iter().map(|d| format!("{}:{}: {}", d.file, d.line, d.message)));
    output.result(
        || summary(&loaded, output.out_width()).and(Text::from(words::VALID)),
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
    Ok(ExitCode::Done)
}

/// The column of the summary's text.
const COLUMN: usize = 20;

/// The summary, in which a line that is broken continues in the column of its text.
fn summary(loaded: &Loaded, width: Option<usize>) -> Text {
    let below = " ".repeat(COLUMN);
    let line = |line: &str| Text::from(line).wrapped(width, if line.starts_with(&below) { 2 } else { COLUMN });
    loaded.summary().trim_end().lines().map(line).collect()
}

/// What is valid, but weaker than its author may expect.
fn warnings(pipeline: &Pipeline) -> Vec<String> {
    let approvers = pipeline.stages.iter().flat_map(|stage| {
        let patterns = stage.approval.iter().flat_map(|policy| &policy.approvers);
        patterns.filter_map(|pattern| Some(words::weak_approver(&stage.name, pattern, &approvers::weakness(pattern)?)))
    });
    approvers.collect()
}

/// The repository's own programs that checks run. Other programs have to exist only on the machine that runs the release.
fn programs(loaded: &Loaded) -> Result<(), Failure> {
    let path = std::env::var_os("PATH");
    let mut wrong = Vec::new();
    for stage in &loaded.pipeline.stages {
        for check in stage.steps.iter().filter_map(Step::check) {
            let Check::Command { argv, .. } = check else { continue };
            let Some(program) = argv.first().filter(|p| program::is_path(p) && !p.starts_with('/')) else { continue };
            if let Err(why) = program::find(&loaded.root, program, path.as_deref()) {
                wrong.push(words::program(&stage.name, program, &why));
            }
        }
    }
    match wrong.is_empty() {
        true => Ok(()),
        false => Err(Failure::wrong(words::programs(&wrong))),
    }
}
