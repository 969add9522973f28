//! Breaking a lock, which is recorded.

use super::context::Context;
use super::error::Error;
use super::identity;
use crate::model::approval::Identity;
use crate::model::event::Fact;
use crate::model::ids::{ReleaseId, StageName};
use crate::model::ledger::{StageAction, StageCommand};
use crate::model::refusal::Refusal;
use crate::ports::journal::JournalError;

/// Breaks the lock of a release or of a stage of the file. Returns who had it, if anybody did.
///
/// # Errors
/// Where the name is neither, and where the caller is unknown.
pub async fn break_lock(context: &Context, what: &str, reason: String) -> Result<Option<String>, Error> {
    let file = &context.pipeline;
    let account = file.account(&file.stages[0].account);
    let by = identity::caller(&context.ports("kanmon-unlock", None), account).await?;
    match what.parse::<StageName>().ok().filter(|name| file.stage(name).is_some()) {
        Some(stage) => of_stage(context, &stage, by, reason).await,
        None => {
            let neither = |_| Refusal::NeitherReleaseNorStage { text: what.to_owned() };
            of_release(context, &what.parse::<ReleaseId>().map_err(neither)?, by, reason).await
        }
    }
}

/// Breaks a release's lock. The release's record shows who did it, and why.
async fn of_release(context: &Context, id: &ReleaseId, by: Identity, reason: String) -> Result<Option<String>, Error> {
    let now = context.clock.now();
    match context.journal.take(id, &context.holder, None, now).await {
        // Free, or of a process that is certainly gone: there is nothing to break.
        Ok(lease) => {
            context.journal.give_up(&lease).await?;
            Ok(None)
        }
        Err(JournalError::Held { holder, heartbeat, .. }) => {
            let fact = Fact::LockBroken { by, held_by: holder.clone(), reason };
            let broken = context.journal.break_lease(id, heartbeat.fence, fact, now).await?;
            Ok(broken.map(|_| holder))
        }
        Err(error) => Err(error.into()),
    }
}

/// Breaks a stage's lock. The stage's ledger shows who did it, and why.
async fn of_stage(context: &Context, stage: &StageName, by: Identity, reason: String) -> Result<Option<String>, Error> {
    let app = &context.pipeline.app;
    let Some((release, holder, heartbeat)) = context.journal.holder(app, stage).await? else { return Ok(None) };
    let action = StageAction::BreakLock { release: release.clone(), fence: heartbeat.fence };
    context.journal.intervene(app, stage, &StageCommand { by, reason, action }, context.clock.now()).await?;
    Ok(Some(format!("release {release} ({})", holder.who)))
}
