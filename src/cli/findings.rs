//! `findings`: what was found in a release's images.

use serde_json::{Value, json};

use super::args::{FindingsArgs, Global};
use super::context;
use super::failure::Failure;
use super::output::Output;
use super::records;
use crate::engine::findings;
use crate::model::exit_code::ExitCode;
use crate::model::finding::{Finding, ImageFindings, worst_first};
use crate::model::ids::StageName;
use crate::model::refusal::Refusal;
use crate::report::text::Text;
use crate::report::verb::findings as words;

pub async fn run(global: &Global, output: &Output, args: FindingsArgs) -> Result<ExitCode, Failure> {
    let context = context::open(global, output)?;
    let (_, release) = records::one(&context, &args.release).await?;
    let stages = &release.started.pipeline.stages;
    let stage = args.stage.as_ref().map(|name| {
        let no_such = || Refusal::NoSuchStage {
            stage: name.clone(),
            stages: stages.iter().map(|stage| stage.name.clone()).collect(),
        };
        stages.iter().find(|stage| stage.name == *name).ok_or_else(no_such)
    });
    let found = findings::of(&release, stage.transpose()?);
    output.result(
        || match found.is_empty() {
            true => Text::from(words::none(&release.id, args.stage.as_ref())),
            false => sheets(&found, output.out_width()),
        },
        || {
            let stage: Option<&StageName> = args.stage.as_ref();
            json!({
                "v": 1, "kind": "findings", "release": release.id, "stage": stage,
                "images": found.iter().map(image).collect::<Vec<_>>(),
            })
        },
    );
    Ok(ExitCode::Done)
}

/// The images with a line between them.
fn sheets(found: &[ImageFindings<'_>], width: Option<usize>) -> Text {
    let gap = |at: usize| if at == 0 { Text::new() } else { Text::from("") };
    found.iter().enumerate().map(|(at, image)| gap(at).and(words::image(image, width))).collect()
}

fn image(found: &ImageFindings<'_>) -> Value {
    let ImageFindings { image, accounts, digest, reading } = found;
    let list = |list: &[Finding]| -> Vec<Value> {
        let each = |finding: &Finding| {
            let Finding { id, severity, package, installed, fixed_in } = finding;
            json!({
                "severity": severity, "id": id, "package": package, "installed": installed, "fixed_in": fixed_in,
                "title": reading.titles.get(id),
            })
        };
        worst_first(list).into_iter().map(each).collect()
    };
    json!({
        "image": image, "accounts": accounts, "digest": digest, "scan": reading.state,
        "findings": list(&reading.findings), "suppressed": list(&reading.suppressed),
    })
}
