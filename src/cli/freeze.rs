//! `freeze`, `unfreeze`: no release enters a frozen stage.

use serde_json::json;

use super::args::{FreezeArgs, Global};
use super::context;
use super::failure::Failure;
use super::output::Output;
use crate::model::exit_code::ExitCode;
use crate::report::verb::freeze as words;
use crate::usecase::freeze::{self, FreezeResult};

pub async fn freeze(global: &Global, output: &Output, args: FreezeArgs) -> Result<ExitCode, Failure> {
    let context = context::open_or_make(global, output)?;
    let stage = args.stage;
    match freeze::freeze(&context, &stage, args.comment).await? {
        FreezeResult::Already(frozen) => output.result(
            || words::already(&stage, &frozen),
            || json!({ "v": 1, "kind": "frozen", "stage": stage, "frozen": frozen }),
        ),
        FreezeResult::Now { ledger, inside } => output.result(
            || words::now(&stage, inside.as_ref().map(|(release, holder)| (release, holder.who.as_str()))),
            || json!({ "v": 1, "kind": "frozen", "stage": stage, "frozen": ledger.frozen }),
        ),
    }
    Ok(ExitCode::Done)
}

pub async fn unfreeze(global: &Global, output: &Output, args: FreezeArgs) -> Result<ExitCode, Failure> {
    let context = context::open_or_make(global, output)?;
    let stage = args.stage;
    let was = freeze::unfreeze(&context, &stage, args.comment).await?;
    output.result(
        || words::unfrozen(&stage, was.as_ref()),
        || json!({ "v": 1, "kind": "unfrozen", "stage": stage, "was": was }),
    );
    Ok(ExitCode::Done)
}
