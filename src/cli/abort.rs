//! `abort`: ends a release.

use super::args::{AbortArgs, Global};
use super::bench::Bench;
use super::failure::Failure;
use super::output::Output;
use super::work::{env_file, work};
use super::{identity, releases};
use crate::journal;
use crate::model::approval::Requester;
use crate::model::event::Fact;
use crate::model::inbox::MessageBody;
use crate::ports::journal::JournalError;
use crate::runtime::hold;

/// Tells the process that works on the release; where none does, ends it here.
pub async fn run(global: &Global, output: &Output, args: AbortArgs) -> Result<u8, Failure> {
    env_file(global)?;
    let bench = Bench::new(global, output)?;
    let id = args.release;
    let (mut events, release) = releases::one(&bench, &id).await?;
    if let Some(ending) = release.ending.as_ref().filter(|e| !e.outcome.is_resumable()) {
        return Err(Failure::wrong(format!("{id} has ended already: {}", ending.sentence)));
    }
    let pipeline = &release.started.pipeline;
    let asker = bench.ports(id.as_str(), None)?;
    let by = identity::caller(&asker, pipeline.account(&pipeline.stages[0].account)).await?;
    let requester = Requester::Person { identity: by.clone() };
    let message = MessageBody::Abort { by, reason: args.reason, roll_back: args.roll_back };
    let now = bench.clock.now();
    bench.journal.send(&id, message, now).await?;
    let holder = journal::this_process();
    let watching = |who: &str, _| output.note(&format!("looking whether {who} still lives"));
    let lease = match hold::take(bench.journal.as_ref(), bench.clock.as_ref(), &id, &holder, &watching).await {
        Ok(lease) => lease,
        Err(JournalError::Held { holder, .. }) => {
            output.say(&format!("{id} is asked to end; {holder} works on it and will"));
            return Ok(0);
        }
        Err(error) => return Err(error.into()),
    };
    let ports = bench.ports(id.as_str(), identity::of(&requester))?;
    let fact = Fact::Resumed { by: requester, kanmon: env!("CARGO_PKG_VERSION").to_owned() };
    events.extend(bench.journal.append(&lease, release.seq, &[fact], now).await?);
    work(ports, lease, &events, global, output).await
}
