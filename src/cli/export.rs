//! `export`: a release's record as a file, for another store or for keeping.

use std::io::Write;

use super::args::{ExportArgs, Global};
use super::bench::Bench;
use super::failure::Failure;
use super::output::Output;
use super::releases;
use crate::journal;

pub async fn run(global: &Global, output: &Output, args: ExportArgs) -> Result<u8, Failure> {
    let bench = Bench::new(global, output)?;
    let record = bench.journal.export(&args.release).await?;
    let text = journal::to_file(&record)?;
    // The whole file is the data: half of it would be taken for damage.
    std::io::stdout()
        .write_all(text.as_bytes())
        .map_err(|e| Failure::access("the record could not be written out").cause(e.to_string()))?;
    let (_, release) = releases::one(&bench, &args.release).await?;
    if release.ending.is_none_or(|e| e.outcome.is_resumable()) {
        output.note(&format!("{} has not ended: go on with it in one store only", args.release));
    }
    Ok(0)
}
