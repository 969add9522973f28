//! `abort`: ends a release.

use super::args::{AbortArgs, Global};
use super::context;
use super::failure::Failure;
use super::output::Output;
use super::work::{env_file, work};
use crate::model::exit_code::ExitCode;
use crate::usecase::abort::{Aborted, abort};

/// Asks the process that works on the release to end it; where none does, ends it here.
pub async fn run(global: &Global, output: &Output, args: AbortArgs) -> Result<ExitCode, Failure> {
    env_file(global)?;
    let context = context::open(global, output)?;
    let id = args.release;
    match abort(&context, &id, args.reason, args.roll_back).await? {
        Aborted::Here(release) => return work(release, global, output).await,
        Aborted::Read { holder } => {
            output.print(format!("{id} is asked to end, and {holder} ends it; `kanmon history {id}` shows how"));
        }
        Aborted::Sent { holder } => {
            output.print(format!("{id} is asked to end; {holder} works on it and will read the request"));
        }
    }
    Ok(ExitCode::Done)
}
