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
use crate::report::fault::state;

pub async fn run(global: &Global, output: &Output, args: ImportArgs) -> Result<ExitCode, Failure> {
    let file = args.file.display();
    let opened =
        File::open(&args.file).map_err(|e| Failure::wrong(format!("{file} cannot be read")).cause(e.to_string()))?;
    let record = journal::from_file(BufReader::new(opened)).map_err(|error| {
        let JournalError::Corrupt(damage) = error else { return error.into() };
        Failure::wrong(format!("{file} is not a record that `kanmon export` wrote"))
            .cause(state::damaged(&damage))
            .hint("nothing was imported; export the release again")
    })?;
    let context = context::open_or_make(global, output)?;
    if record.app != context.pipeline.app {
        return Err(Failure::wrong(format!(
            "{} is a release of {}, but the pipeline file is for {}",
            record.release, record.app, context.pipeline.app
        ))
        .hint("name the pipeline file of that application with `--pipeline FILE`"));
    }
    let mark = Imported { at: context.clock.now(), by: journal::this_process().who };
    let new = context.journal.import(&record, &mark).await?;
    let events = record.rows.len();
    output.result(
        || match new {
            true => format!("{} is imported with {events} events: `kanmon history {0}` shows them", record.release),
            false => format!("{} is already recorded here", record.release),
        },
        || json!({ "v": 1, "kind": "imported", "release": record.release, "events": events, "new": new }),
    );
    Ok(ExitCode::Done)
}
