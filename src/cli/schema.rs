//! `schema`: the JSON Schemas of what kanmon reads and writes.

use super::args::{SchemaArgs, SchemaOf};
use super::failure::Failure;
use super::output::whole;
use crate::model::exit_code::ExitCode;
use crate::pipeline;
use crate::report::{output, verb::schema as words};

pub fn run(args: SchemaArgs) -> Result<ExitCode, Failure> {
    let schema = match args.of {
        SchemaOf::Pipeline => pipeline::schema(),
        SchemaOf::Output => output::schema(),
    };
    // Alternate formatting is indented.
    whole(&format!("{schema:#}\n"), words::SCHEMA)?;
    Ok(ExitCode::Done)
}
