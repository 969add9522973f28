//! `report`: what came of a release, for other tools.

use std::io::Write;

use super::args::{Global, ReportArgs, ReportFormat};
use super::bench::Bench;
use super::failure::Failure;
use super::output::Output;
use super::releases;
use crate::report::junit;

pub async fn run(global: &Global, output: &Output, args: ReportArgs) -> Result<u8, Failure> {
    let bench = Bench::new(global, output)?;
    let (events, release) = releases::one(&bench, &args.release).await?;
    let text = match args.format {
        ReportFormat::Junit => junit::of(&events, &release),
    };
    // The whole file is the data: half of it could not be read.
    std::io::stdout()
        .write_all(text.as_bytes())
        .map_err(|e| Failure::access("the report could not be written out").cause(e.to_string()))?;
    Ok(0)
}
