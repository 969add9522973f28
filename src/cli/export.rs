//! `export`: a release's record as a file, for another store or for keeping.

use super::args::{ExportArgs, Global};
use super::context;
use super::failure::Failure;
use super::output::{Output, whole};
use super::records;
use crate::journal;
use crate::model::exit_code::ExitCode;
use crate::report::verb::export as words;

pub async fn run(global: &Global, output: &Output, args: ExportArgs) -> Result<ExitCode, Failure> {
    let context = context::open(global, output)?;
    let record = context.journal.export(&args.release).await?;
    let text = journal::to_file(&record)?;
    whole(&text, words::RECORD)?;
    let (_, release) = records::one(&context, &args.release).await?;
    if release.ended_for_good().is_none() {
        output.note(words::not_ended(&args.release));
    }
    Ok(ExitCode::Done)
}
