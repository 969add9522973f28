//! `freeze`, `unfreeze`: the line is stopped in front of a stage, and let go again.

use serde_json::json;

use super::args::{FreezeArgs, Global};
use super::bench::Bench;
use super::failure::Failure;
use super::output::Output;
use super::{identity, release};
use crate::model::approval::Identity;
use crate::model::exit_code::ExitCode;
use crate::model::ids::StageName;
use crate::model::ledger::{Said, Word};
use crate::model::words;

pub async fn freeze(global: &Global, output: &Output, args: FreezeArgs) -> Result<ExitCode, Failure> {
    let bench = Bench::making(global, output)?;
    let (stage, by) = asked(&bench, &args).await?;
    let app = &bench.pipeline().app;
    if let Some(frozen) = bench.journal.ledger(app, &stage).await?.frozen {
        let text = format!("{stage} is frozen already, {}: {}", words::frozen(&frozen), frozen.reason);
        output.tell(|| text.clone(), || json!({ "v": 1, "kind": "frozen", "stage": stage, "frozen": frozen }));
        return Ok(ExitCode::Done);
    }
    let word = Word { by, reason: args.reason, said: Said::Freeze };
    let ledger = bench.journal.decree(app, &stage, &word, bench.clock.now()).await?;
    let inside = match bench.journal.holder(app, &stage).await? {
        Some((release, holder, _)) => {
            format!("; {release} ({}) is in it, and goes no further than what ECS has begun", holder.who)
        }
        None => String::new(),
    };
    output.tell(
        || format!("{stage} is frozen: nothing new enters it until `kanmon unfreeze {stage} --reason WHY`{inside}"),
        || json!({ "v": 1, "kind": "frozen", "stage": stage, "frozen": ledger.frozen }),
    );
    Ok(ExitCode::Done)
}

pub async fn unfreeze(global: &Global, output: &Output, args: FreezeArgs) -> Result<ExitCode, Failure> {
    let bench = Bench::making(global, output)?;
    let (stage, by) = asked(&bench, &args).await?;
    let app = &bench.pipeline().app;
    let was = bench.journal.ledger(app, &stage).await?.frozen;
    if was.is_some() {
        let word = Word { by, reason: args.reason, said: Said::Unfreeze };
        bench.journal.decree(app, &stage, &word, bench.clock.now()).await?;
    }
    output.tell(
        || match &was {
            Some(frozen) => {
                format!("{stage} is open again; it was frozen {}: {}", words::frozen(frozen), frozen.reason)
            }
            None => format!("{stage} is not frozen"),
        },
        || json!({ "v": 1, "kind": "unfrozen", "stage": stage, "was": was }),
    );
    Ok(ExitCode::Done)
}

/// The stage of the file, and who asks.
async fn asked(bench: &Bench, args: &FreezeArgs) -> Result<(StageName, Identity), Failure> {
    let pipeline = bench.pipeline();
    let stage = release::stage(pipeline, &args.stage)?;
    let account = pipeline.stage(&stage).map(|s| pipeline.account(&s.account));
    let account = account.ok_or_else(|| Failure::defect("the stage was found a moment ago"))?;
    let by = identity::caller(&bench.ports("kanmon-freeze", None)?, account).await?;
    Ok((stage, by))
}
