//! `resume`: goes on where a process stopped.

use super::args::{Global, ResumeArgs};
use super::bench::Bench;
use super::failure::Failure;
use super::output::Output;
use super::work::{env_file, take, work};
use super::{identity, releases};
use crate::journal;
use crate::model::approval::Requester;
use crate::model::event::Fact;
use crate::model::ids::ReleaseId;

pub async fn run(global: &Global, output: &Output, args: ResumeArgs) -> Result<u8, Failure> {
    env_file(global)?;
    let bench = Bench::new(global, output)?;
    let id = match args.release {
        Some(id) => id,
        None => only_one(&bench).await?,
    };
    let (mut events, release) = releases::one(&bench, &id).await?;
    if let Some(ending) = release.ending.as_ref().filter(|e| !e.outcome.is_resumable()) {
        return Err(Failure::wrong(format!("{id} has ended: {}", ending.sentence)).hint(format!(
            "`kanmon history {id}` tells its story; `kanmon promote {id} --to STAGE` takes it further"
        )));
    }
    let asker = bench.ports(id.as_str(), None)?;
    let pipeline = &release.started.pipeline;
    let account = pipeline.account(&pipeline.stages[0].account);
    let by = Requester::Person { identity: identity::caller(&asker, account).await? };
    let ports = bench.ports(id.as_str(), identity::of(&by))?;
    let holder = journal::this_process();
    let lease = take(&bench, output, &id, &holder).await?;
    let now = bench.clock.now();
    let fact = Fact::Resumed { by, kanmon: env!("CARGO_PKG_VERSION").to_owned() };
    // Read again under the lease: another process may have written until now.
    if bench.journal.read(&id).await?.len() != events.len() {
        events = bench.journal.read(&id).await?;
    }
    let last = events.last().map_or(0, |e| e.seq);
    events.extend(bench.journal.append(&lease, last, &[fact], now).await?);
    work(ports, lease, &events, global, output).await
}

/// The only release that waits to be gone on with.
async fn only_one(bench: &Bench) -> Result<ReleaseId, Failure> {
    let found: Vec<_> = releases::all(bench, usize::MAX)
        .await?
        .into_iter()
        .filter(|r| r.listed.held_by.is_none() && r.is_open())
        .map(|r| r.release.id)
        .collect();
    match found.as_slice() {
        [one] => Ok(one.clone()),
        [] => Err(Failure::wrong("there is nothing to resume").hint("`kanmon history` lists what was released")),
        many => {
            let names: Vec<&str> = many.iter().map(ReleaseId::as_str).collect();
            Err(Failure::wrong("more than one release can be resumed").hint(format!("name one: {}", names.join(", "))))
        }
    }
}
