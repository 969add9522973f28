//! `export`: a release's record as a file, for another store or for keeping.

use super::args::{ExportArgs, Global};
use super::context;
use super::failure::Failure;
use super::output::{Output, whole};
use super::records;
use crate::journal;
use crate::model::exit_code::ExitCode;

pub async fn run(global: &Global, output: &Output, args: ExportArgs) -> Result<ExitCode, Failure> {
    let context = context::open(global, output)?;
    let record = context.journal.export(&args.release).await?;
    let text = journal::to_file(&record)?;
    whole(&text, "the record")?;
    let (_, release) = records::one(&context, &args.release).await?;
    if release.ended_for_good().is_none() {
        output.note(format!("{} has not ended: the record shows its current state", args.release));
    }
    Ok(ExitCode::Done)
}
