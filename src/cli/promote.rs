//! `promote`: an existing release, through every stage that it has not passed.

use serde_json::json;

use super::args::{Global, PromoteArgs};
use super::context;
use super::env_file;
use super::failure::Failure;
use super::output::Output;
use super::run_release::run_release;
use crate::model::exit_code::ExitCode;
use crate::model::ids::StageName;
use crate::model::outcome::Outcome;
use crate::model::release::Release;
use crate::report::verb::promote as words;
use crate::usecase::promote::{PromoteRequest, Promoted, promote};

pub async fn run(global: &Global, output: &Output, args: PromoteArgs) -> Result<ExitCode, Failure> {
    env_file::prepare(global)?;
    let context = context::open(global, output)?;
    let reasons = args.forced.reasons();
    let wanted = PromoteRequest { to: args.to.clone(), execution: args.execution, reasons };
    match promote(&context, &args.release, wanted).await? {
        Promoted::UnderWay(release) => run_release(release, global, output).await,
        Promoted::Already(release) => done(global, output, &release, &args.to),
    }
}

/// Nothing is done, so nothing is recorded: the release has already ended.
fn done(global: &Global, output: &Output, release: &Release, to: &StageName) -> Result<ExitCode, Failure> {
    let outcome = Outcome::Unchanged;
    output.result(
        || words::already(&release.id, to),
        || json!({ "v": 1, "kind": "promoted", "release": release.id, "to": to, "outcome": outcome }),
    );
    if let Some(file) = &global.env_file {
        env_file::write(file, release, Some(outcome))?;
    }
    Ok(outcome.exit_code())
}
