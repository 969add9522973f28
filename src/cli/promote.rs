//! `promote`: a release that exists, through every stage it has not passed.

use super::args::{Global, PromoteArgs};
use super::bench::Bench;
use super::failure::Failure;
use super::output::Output;
use super::release::stage;
use super::work::{env_file, take, work};
use super::{identity, releases};
use crate::journal;
use crate::model::event::Fact;
use crate::model::outcome::Outcome;
use crate::model::release::Release;

pub async fn run(global: &Global, output: &Output, args: PromoteArgs) -> Result<u8, Failure> {
    env_file(global)?;
    let bench = Bench::new(global, output)?;
    let (mut events, release) = releases::one(&bench, &args.release).await?;
    let to = stage(&release.started.pipeline, &args.to)?;
    fit(&release)?;
    let asker = bench.ports(release.id.as_str(), None)?;
    let author = release.started.source.author.as_deref();
    let requested_by =
        identity::requester(&asker, &release.started.pipeline, args.execution.as_deref(), author).await?;
    let ports = bench.ports(release.id.as_str(), identity::of(&requested_by))?;
    let holder = journal::this_process();
    let now = bench.clock.now();
    let lease = take(&bench, output, &release.id, &holder).await?;
    let fact = Fact::Extended { until: to, requested_by, forced: args.forced.said() };
    events.extend(bench.journal.append(&lease, release.seq, &[fact], now).await?);
    work(ports, lease, &events, global, output).await
}

/// Whether a release may go further: not one that is being worked on, and not one that failed in a stage.
fn fit(release: &Release) -> Result<(), Failure> {
    let failed = release.started.pipeline.stages.iter().find(|s| release.stage(&s.name).failure.is_some());
    if let Some(stage) = failed {
        return Err(Failure::wrong(format!("{} failed in {} and goes no further", release.id, stage.name))
            .hint("mend what failed and make a new release"));
    }
    match &release.ending {
        None => Ok(()),
        Some(ending) => match ending.outcome {
            Outcome::BuildFailed => Err(Failure::wrong(format!("{} has no image", release.id))
                .cause(ending.sentence.clone())
                .hint("make a new release")),
            _ => Ok(()),
        },
    }
}
