//! Freezing a stage, so that no release enters it, and unfreezing it.

use super::context::Context;
use super::error::Error;
use super::{begin, identity};
use crate::model::approval::Identity;
use crate::model::freeze::Frozen;
use crate::model::ids::{ReleaseId, StageName};
use crate::model::ledger::{Said, StageLedger, Word};
use crate::ports::journal::Holder;

/// What freezing a stage came to.
pub enum Froze {
    /// It was frozen before, so that nothing was changed.
    Already(Frozen),
    /// `inside`: the release that is in it now, and its process.
    Now { ledger: StageLedger, inside: Option<(ReleaseId, Holder)> },
}

/// Freezes a stage of the file.
///
/// # Errors
/// Where the file has no such stage, and where it is unknown who asks.
pub async fn freeze(context: &Context, stage: &StageName, reason: String) -> Result<Froze, Error> {
    let by = caller(context, stage).await?;
    let app = &context.pipeline.app;
    if let Some(frozen) = context.journal.ledger(app, stage).await?.frozen {
        return Ok(Froze::Already(frozen));
    }
    let word = Word { by, reason, said: Said::Freeze };
    let ledger = context.journal.intervene(app, stage, &word, context.clock.now()).await?;
    let inside = context.journal.holder(app, stage).await?.map(|(release, holder, _)| (release, holder));
    Ok(Froze::Now { ledger, inside })
}

/// Lets releases into a stage again; what it was frozen by, if it was.
///
/// # Errors
/// As `freeze`.
pub async fn unfreeze(context: &Context, stage: &StageName, reason: String) -> Result<Option<Frozen>, Error> {
    let by = caller(context, stage).await?;
    let app = &context.pipeline.app;
    let was = context.journal.ledger(app, stage).await?.frozen;
    if was.is_some() {
        let word = Word { by, reason, said: Said::Unfreeze };
        context.journal.intervene(app, stage, &word, context.clock.now()).await?;
    }
    Ok(was)
}

/// Who asks, in the account of a stage of the file.
async fn caller(context: &Context, stage: &StageName) -> Result<Identity, Error> {
    let file = &context.pipeline;
    let account = file.account(&begin::spec(file, stage)?.account);
    Ok(identity::caller(&context.ports("kanmon-freeze", None), account).await?)
}
