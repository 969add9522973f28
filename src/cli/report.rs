//! `report`: a release's result, for other tools.

use super::args::{Global, ReportArgs, ReportFormat};
use super::context;
use super::failure::Failure;
use super::output::{Output, whole};
use super::records;
use crate::model::exit_code::ExitCode;
use crate::report::junit;
use crate::report::verb::export as words;

pub async fn run(global: &Global, output: &Output, args: ReportArgs) -> Result<ExitCode, Failure> {
    let context = context::open(global, output)?;
    let (events, release) = records::one(&context, &args.release).await?;
    let text = match args.format {
        ReportFormat::Junit => junit::of(&events, &release),
    };
    whole(&text, words::REPORT)?;
    Ok(ExitCode::Done)
}
