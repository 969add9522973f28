//! `resume`: goes on where a process stopped.

use super::args::{Global, ResumeArgs};
use super::bench::Bench;
use super::failure::Failure;
use super::freezes;
use super::output::Output;
use super::work::{env_file, take_up, work};
use super::{identity, own_file, releases, requester};
use crate::model::event::Fact;
use crate::model::exit_code::ExitCode;
use crate::model::ids::ReleaseId;
use crate::model::release::Release;

pub async fn run(global: &Global, output: &Output, args: ResumeArgs) -> Result<ExitCode, Failure> {
    env_file(global)?;
    let bench = Bench::new(global, output)?;
    let id = match args.release {
        Some(id) => id,
        None => only_one(&bench, output).await?,
    };
    let (_, release) = releases::own(&bench, &id).await?;
    fit(&release)?;
    own_file::agrees(&bench, &release)?;
    let asker = bench.ports(id.as_str(), None)?;
    let by =
        requester::of(&bench, &asker, &release.started.pipeline, Some(&release), args.execution.as_deref()).await?;
    requester::goes_on(&bench, &asker, output, &release, &release.until, &by).await?;
    let ports = bench.ports(id.as_str(), identity::of(&by))?;
    let fact = Fact::Resumed { by, kanmon: env!("CARGO_PKG_VERSION").to_owned() };
    let (lease, events) = take_up(&bench, output, &id, vec![fact], fit, |_, _| false).await?;
    freezes::warn_on_the_road(bench.journal.as_ref(), &events, output).await;
    work(ports, lease, &events, global, output).await
}

/// Whether there is anything to go on with.
fn fit(release: &Release) -> Result<(), Failure> {
    let id = &release.id;
    match release.ended_for_good() {
        None => Ok(()),
        Some(ending) => Err(Failure::wrong(format!("{id} has ended: {}", ending.sentence))
            .hint(format!("`kanmon history {id}` shows its story; `kanmon promote {id} --to STAGE` takes it further"))),
    }
}

/// The only release that waits to be gone on with.
async fn only_one(bench: &Bench, output: &Output) -> Result<ReleaseId, Failure> {
    let all = releases::all(bench, usize::MAX).await?;
    all.warn(output);
    let found: Vec<_> =
        all.recorded.into_iter().filter(|r| r.listed.held_by.is_none() && r.is_open()).map(|r| r.release.id).collect();
    match found.as_slice() {
        [one] => Ok(one.clone()),
        [] => Err(Failure::wrong("there is nothing to resume").hint("`kanmon history` lists what was released")),
        many => {
            let names: Vec<&str> = many.iter().map(ReleaseId::as_str).collect();
            Err(Failure::wrong("more than one release can be resumed").hint(format!("name one: {}", names.join(", "))))
        }
    }
}
