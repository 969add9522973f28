//! `import`: takes in what `export` wrote, to be read.

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
use crate::report::fault::state;

pub async fn run(global: &Global, output: &Output, args: ImportArgs) -> Result<ExitCode, Failure> {
    let file = args.file.display();
    let opened =
        File::open(&args.file).map_err(|e| Failure::wrong(format!("{file} cannot be read")).cause(e.to_string()))?;
    let record = journal::from_file(BufReader::new(opened)).map_err(|error| {
        let JournalError::Corrupt(damage) = error else { return error.into() };
        Failure::wrong(format!("{file} is not what `kanmon export` wrote"))
            .cause(state::damaged(&damage))
            .hint("nothing was imported; export it again")
    })?;
    let context = context::open_or_make(global, output)?;
    if record.app != context.pipeline.app {
        return Err(Failure::wrong(format!(
            "{} is a release of {}, and the pipeline file is about {}",
            record.release, record.app, context.pipeline.app
        ))
        .hint("name its own pipeline file with --pipeline"));
    }
    let mark = Imported { at: context.clock.now(), by: journal::this_process().who };
    let new = context.journal.import(&record, &mark).await?;
    let events = record.rows.len();
    output.result(
        || match new {
            true => format!("{} is imported with its {events} events: `kanmon history {0}` shows them", record.release),
            false => format!("{} was recorded here already", record.release),
        },
        || json!({ "v": 1, "kind": "imported", "release": record.release, "events": events, "new": new }),
    );
    Ok(ExitCode::Done)
}
