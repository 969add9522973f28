//! `import`: a record that `export` wrote, as read-only history.

use std::fs::File;
use std::io::BufReader;

use serde_json::json;

use super::args::{Global, ImportArgs};
use super::context;
use super::failure::Failure;
use super::output::Output;
use crate::journal;
use crate::model::exit_code::ExitCode;
use crate::ports::journal::{Imported, JournalError};
use crate::report::verb::import as words;
use crate::report::verb::path::unreadable;

pub async fn run(global: &Global, output: &Output, args: ImportArgs) -> Result<ExitCode, Failure> {
    let opened = File::open(&args.file).map_err(|e| Failure::wrong(unreadable(&args.file, e)))?;
    let record = journal::from_file(BufReader::new(opened)).map_err(|error| {
        let JournalError::Corrupt(damage) = error else { return error.into() };
        Failure::wrong(words::not_a_record(&args.file, &damage))
    })?;
    let context = context::open_or_make(global, output)?;
    if record.app != context.pipeline.app {
        return Err(Failure::wrong(words::other_app(&record.release, &record.app, &context.pipeline.app)));
    }
    let mark = Imported { at: context.clock.now(), by: journal::this_process().who };
    let new = context.journal.import(&record, &mark).await?;
    let events = record.rows.len();
    output.result(
        || match new {
            true => words::done(&record.release, events),
            false => words::already(&record.release),
        },
        || json!({ "v": 1, "kind": "imported", "release": record.release, "events": events, "new": new }),
    );
    Ok(ExitCode::Done)
}
