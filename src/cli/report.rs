//! `report`: what came of a release, for other tools.

use super::args::{Global, ReportArgs, ReportFormat};
use super::bench::Bench;
use super::failure::Failure;
use super::output::{Output, whole};
use super::releases;
use crate::model::exit_code::ExitCode;
use crate::report::junit;

pub async fn run(global: &Global, output: &Output, args: ReportArgs) -> Result<ExitCode, Failure> {
    let bench = Bench::new(global, output)?;
    let (events, release) = releases::one(&bench, &args.release).await?;
    let text = match args.format {
        ReportFormat::Junit => junit::of(&events, &release),
    };
    whole(&text, "the report")?;
    Ok(ExitCode::Done)
}
