//! `abort`: ends a release.

use serde_json::json;

use super::args::{AbortArgs, Global};
use super::context;
use super::env_file;
use super::failure::Failure;
use super::output::Output;
use super::run_release::run_release;
use crate::model::exit_code::ExitCode;
use crate::report::verb::abort as words;
use crate::usecase::abort::{Aborted, abort};

/// Asks the process that works on the release to end it; ends it here if there is none.
pub async fn run(global: &Global, output: &Output, args: AbortArgs) -> Result<ExitCode, Failure> {
    env_file::prepare(global)?;
    let context = context::open(global, output)?;
    let id = args.release;
    let (holder, read) = match abort(&context, &id, args.comment, args.roll_back).await? {
        Aborted::Here(release) => return run_release(release, global, output).await,
        Aborted::Read { holder } => (holder, true),
        Aborted::Sent { holder } => (holder, false),
    };
    output.result(
        || if read { words::read(&id, &holder) } else { words::sent(&id, &holder) },
        || json!({ "v": 1, "kind": "aborting", "release": id, "held_by": holder, "read": read }),
    );
    Ok(ExitCode::Done)
}
