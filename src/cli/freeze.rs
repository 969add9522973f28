//! `freeze`, `unfreeze`: no release enters a frozen stage.

use serde_json::json;

use super::args::{FreezeArgs, Global};
use super::context;
use super::failure::Failure;
use super::output::Output;
use crate::model::exit_code::ExitCode;
use crate::report::freeze::text;
use crate::usecase::freeze::{self, FreezeResult};

pub async fn freeze(global: &Global, output: &Output, args: FreezeArgs) -> Result<ExitCode, Failure> {
    let context = context::open_or_make(global, output)?;
    let stage = args.stage;
    match freeze::freeze(&context, &stage, args.reason).await? {
        FreezeResult::Already(frozen) => {
            let already = format!("{stage} is already frozen: {}", text(&frozen));
            output.result(|| already.clone(), || json!({ "v": 1, "kind": "frozen", "stage": stage, "frozen": frozen }));
        }
        FreezeResult::Now { ledger, inside } => {
            let inside = match inside {
                Some((release, holder)) => {
                    format!(
                        "; {release} ({}) is in it, and deploys nothing more: ECS finishes the rollouts that have begun",
                        holder.who
                    )
                }
                None => String::new(),
            };
            output.result(
                || {
                    format!(
                        "{stage} is frozen: no release enters it until `kanmon unfreeze {stage} --reason WHY`{inside}"
                    )
                },
                || json!({ "v": 1, "kind": "frozen", "stage": stage, "frozen": ledger.frozen }),
            );
        }
    }
    Ok(ExitCode::Done)
}

pub async fn unfreeze(global: &Global, output: &Output, args: FreezeArgs) -> Result<ExitCode, Failure> {
    let context = context::open_or_make(global, output)?;
    let stage = args.stage;
    let was = freeze::unfreeze(&context, &stage, args.reason).await?;
    output.result(
        || match &was {
            Some(frozen) => {
                format!("{stage} is no longer frozen; it was frozen: {}", text(frozen))
            }
            None => format!("{stage} is not frozen"),
        },
        || json!({ "v": 1, "kind": "unfrozen", "stage": stage, "was": was }),
    );
    Ok(ExitCode::Done)
}
