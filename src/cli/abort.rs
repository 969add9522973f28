//! `abort`: ends a release.

use jiff::SignedDuration;

use super::args::{AbortArgs, Global};
use super::bench::Bench;
use super::failure::Failure;
use super::output::Output;
use super::work::{WATCHED, env_file, work, written};
use super::{identity, own_file, releases};
use crate::journal;
use crate::model::approval::Requester;
use crate::model::event::Fact;
use crate::model::exit_code::ExitCode;
use crate::model::inbox::MessageBody;
use crate::model::release::Release;
use crate::ports::journal::JournalError;
use crate::runtime::hold;

/// Tells the process that works on the release; where none does, ends it here.
pub async fn run(global: &Global, output: &Output, args: AbortArgs) -> Result<ExitCode, Failure> {
    env_file(global)?;
    let bench = Bench::new(global, output)?;
    let id = args.release;
    let (_, release) = releases::own(&bench, &id).await?;
    fit(&release)?;
    own_file::agrees(&bench, &release)?;
    let pipeline = &release.started.pipeline;
    let asker = bench.ports(id.as_str(), None)?;
    let by = identity::caller(&asker, pipeline.account(&pipeline.stages[0].account)).await?;
    let message = MessageBody::Abort { by: by.clone(), reason: args.reason, roll_back: args.roll_back };
    let message = bench.journal.send(&id, message, bench.clock.now()).await?;
    let holder = journal::this_process();
    let watching = |who: &str, _| output.note(format!("checking whether {who} is still running"));
    let lease = match hold::take(bench.journal.as_ref(), bench.clock.as_ref(), &id, &holder, &watching).await {
        Ok(lease) => lease,
        Err(JournalError::Held { holder, .. }) => return follow(&bench, output, &release, message, &holder).await,
        Err(error) => return Err(error.into()),
    };
    let ports = bench.ports(id.as_str(), identity::of(&Requester::Person { identity: by.clone() }))?;
    // Whoever ends it asks for nothing, and may approve it if it is taken further.
    let fact = Fact::TakenUpToAbort { by, kanmon: env!("CARGO_PKG_VERSION").to_owned() };
    let events = written(&bench, &lease, vec![fact], fit, |_, _| false).await?;
    work(ports, lease, &events, global, output).await
}

/// Whether there is anything to be ended.
fn fit(release: &Release) -> Result<(), Failure> {
    match release.ended_for_good() {
        None => Ok(()),
        Some(ending) => Err(Failure::wrong(format!("{} has ended already: {}", release.id, ending.sentence))),
    }
}

/// Whether the process that works on the release ends it.
async fn follow(
    bench: &Bench,
    output: &Output,
    before: &Release,
    message: u64,
    holder: &str,
) -> Result<ExitCode, Failure> {
    let id = &before.id;
    let late = bench.clock.now() + WATCHED;
    loop {
        let heard = bench.journal.inbox(id).await?.iter().all(|waiting| waiting.id != message);
        let (_, release) = releases::one(bench, id).await?;
        if heard && release.abort.is_some() {
            output.say(format!("{id} is asked to end, and {holder} ends it; `kanmon history {id}` shows how"));
            return Ok(ExitCode::Done);
        }
        fit(&release)?;
        if heard {
            return Err(Failure::wrong(format!("{id} ended before {holder} read the request to abort it"))
                .hint(format!("nothing was undone; `kanmon history {id}` shows what it changed")));
        }
        if bench.clock.now() >= late {
            output.say(format!("{id} is asked to end; {holder} works on it and will hear of it"));
            return Ok(ExitCode::Done);
        }
        bench.clock.sleep(SignedDuration::from_millis(300)).await;
    }
}
