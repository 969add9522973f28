//! `unlock`: a person breaks a lock, on record.

use serde_json::json;

use super::args::{Global, UnlockArgs};
use super::bench::Bench;
use super::failure::Failure;
use super::identity;
use super::output::Output;
use crate::journal;
use crate::model::approval::Identity;
use crate::model::event::Fact;
use crate::model::exit_code::ExitCode;
use crate::model::ids::{ReleaseId, StageName};
use crate::model::ledger::{Said, Word};
use crate::ports::journal::JournalError;

pub async fn run(global: &Global, output: &Output, args: UnlockArgs) -> Result<ExitCode, Failure> {
    let bench = Bench::new(global, output)?;
    let pipeline = bench.pipeline();
    let account = pipeline.account(&pipeline.stages[0].account);
    let by = identity::caller(&bench.ports("kanmon-unlock", None)?, account).await?;
    let stage = args.what.parse::<StageName>().ok().filter(|name| pipeline.stage(name).is_some());
    let held_by = match &stage {
        Some(stage) => of_stage(&bench, stage, by, args.reason).await?,
        None => {
            let id = args.what.parse::<ReleaseId>().map_err(|_| {
                Failure::wrong(format!("`{}` is neither a release nor a stage of the file", args.what))
                    .hint("`kanmon status` shows who holds what")
            })?;
            of_release(&bench, &id, by, args.reason).await?
        }
    };
    let what = &args.what;
    output.tell(
        || match &held_by {
            Some(who) => format!("the lock of {what} is broken; {who} stops before it changes anything more"),
            None => format!("nobody holds {what}"),
        },
        || json!({ "v": 1, "kind": "unlocked", "what": what, "was_held_by": held_by }),
    );
    Ok(ExitCode::Done)
}

/// The release's record says who did it, and why.
async fn of_release(bench: &Bench, id: &ReleaseId, by: Identity, reason: String) -> Result<Option<String>, Failure> {
    let now = bench.clock.now();
    match bench.journal.take(id, &journal::this_process(), None, now).await {
        // Free, or left by a process that is known to be gone: there is nothing to be broken.
        Ok(lease) => {
            bench.journal.give_up(&lease).await?;
            Ok(None)
        }
        Err(JournalError::Held { holder, pulse, .. }) => {
            let fact = Fact::LockBroken { by, held_by: holder.clone(), reason };
            let broken = bench.journal.break_lease(id, pulse.fence, fact, now).await?;
            Ok(broken.map(|_| holder))
        }
        Err(error) => Err(error.into()),
    }
}

/// The stage's ledger remembers who did it, and why.
async fn of_stage(bench: &Bench, stage: &StageName, by: Identity, reason: String) -> Result<Option<String>, Failure> {
    let app = &bench.pipeline().app;
    let Some((release, holder, pulse)) = bench.journal.holder(app, stage).await? else { return Ok(None) };
    let said = Said::BreakLock { release: release.clone(), fence: pulse.fence };
    bench.journal.decree(app, stage, &Word { by, reason, said }, bench.clock.now()).await?;
    Ok(Some(format!("release {release} ({})", holder.who)))
}
