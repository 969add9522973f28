//! Freezing a stage, so that no release enters it, and unfreezing it.

use super::context::Context;
use super::error::Error;
use super::{begin, identity};
use crate::model::approval::Identity;
use crate::model::freeze::Frozen;
use crate::model::ids::{ReleaseId, StageName};
use crate::model::ledger::{StageAction, StageCommand, StageLedger};
use crate::ports::journal::Holder;

/// The result of freezing a stage.
pub enum FreezeResult {
    /// It was frozen already, and nothing was changed.
    Already(Frozen),
    /// It is frozen now. `inside`: the release that is in the stage, and its process.
    Now { ledger: StageLedger, inside: Option<(ReleaseId, Holder)> },
}

/// Freezes a stage of the file.
///
/// # Errors
/// Where the file has no such stage, and where the caller is unknown.
pub async fn freeze(context: &Context, stage: &StageName, reason: String) -> Result<FreezeResult, Error> {
    let by = caller(context, stage).await?;
    let app = &context.pipeline.app;
    if let Some(frozen) = context.journal.ledger(app, stage).await?.frozen {
        return Ok(FreezeResult::Already(frozen));
    }
    let command = StageCommand { by, reason, action: StageAction::Freeze };
    let ledger = context.journal.intervene(app, stage, &command, context.clock.now()).await?;
    let inside = context.journal.holder(app, stage).await?.map(|(release, holder, _)| (release, holder));
    Ok(FreezeResult::Now { ledger, inside })
}

/// Unfreezes a stage. Returns how it was frozen, if it was.
///
/// # Errors
/// As `freeze`.
pub async fn unfreeze(context: &Context, stage: &StageName, reason: String) -> Result<Option<Frozen>, Error> {
    let by = caller(context, stage).await?;
    let app = &context.pipeline.app;
    let was = context.journal.ledger(app, stage).await?.frozen;
    if was.is_some() {
        let command = StageCommand { by, reason, action: StageAction::Unfreeze };
        context.journal.intervene(app, stage, &command, context.clock.now()).await?;
    }
    Ok(was)
}

/// The caller, in the account of a stage of the file.
async fn caller(context: &Context, stage: &StageName) -> Result<Identity, Error> {
    let file = &context.pipeline;
    let account = file.account(&begin::spec(file, stage)?.account);
    Ok(identity::caller(&context.ports("kanmon-freeze", None), account).await?)
}
