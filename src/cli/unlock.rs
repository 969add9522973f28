//! `unlock`: a person breaks a lock, which is recorded.

use serde_json::json;

use super::args::{Global, UnlockArgs};
use super::context;
use super::failure::Failure;
use super::output::Output;
use crate::model::exit_code::ExitCode;
use crate::report::verb::unlock as words;
use crate::usecase::break_lock::break_lock;

pub async fn run(global: &Global, output: &Output, args: UnlockArgs) -> Result<ExitCode, Failure> {
    let context = context::open(global, output)?;
    let what = &args.what;
    let held_by = break_lock(&context, what, args.comment).await?;
    output.result(
        || match &held_by {
            Some(who) => words::broken(what, who),
            None => words::not_locked(what),
        },
        || json!({ "v": 1, "kind": "unlocked", "what": what, "was_held_by": held_by }),
    );
    Ok(ExitCode::Done)
}
