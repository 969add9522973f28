//! `release`: a new release, from its images to the last stage asked for.

use std::collections::BTreeMap;

use super::args::{Global, ReleaseArgs};
use super::bench::Bench;
use super::failure::Failure;
use super::freezes;
use super::identity;
use super::output::Output;
use super::work::{env_file, work};
use super::{remote, requester, unheard};
use crate::journal;
use crate::local::git;
use crate::model::event::{Fact, Source, Started};
use crate::model::exit_code::ExitCode;
use crate::model::ids::{ImageName, ReleaseId, StageName};
use crate::model::pipeline::{Build, Pipeline};
use crate::ports::clock::Clock;

pub async fn run(global: &Global, output: &Output, args: ReleaseArgs) -> Result<ExitCode, Failure> {
    env_file(global)?;
    with(&Bench::making(global, output)?, global, output, args).await
}

/// Releases what a bench's pipeline file says.
pub async fn with(bench: &Bench, global: &Global, output: &Output, args: ReleaseArgs) -> Result<ExitCode, Failure> {
    if args.remote {
        return remote::run(bench, &bench.ports("kanmon-remote", None)?, output).await;
    }
    let (given, until) = asked(bench.pipeline(), args.image, args.until)?;
    let id = fresh(bench.clock.as_ref());
    let source = source_of(bench, output, &given, &until);
    let asker = bench.ports(id.as_str(), None)?;
    let requested_by = requester::of(bench, &asker, bench.pipeline(), None, args.execution.as_deref()).await?;
    requester::approvable(bench.pipeline(), &until, std::slice::from_ref(&requested_by), |_| false)?;
    if let Some(text) = requester::never_further(bench.pipeline(), &until, std::slice::from_ref(&requested_by)) {
        output.note(text);
    }
    let ports = bench.ports(id.as_str(), identity::of(&requested_by))?;
    let started = Started {
        pipeline: bench.pipeline().clone(),
        kanmon: env!("CARGO_PKG_VERSION").to_owned(),
        requested_by,
        source,
        until,
        given,
        forced: args.forced.force(),
        again: args.forced.again(),
    };
    unheard::record(bench, &ports, output, &started.until, std::slice::from_ref(&started.requested_by)).await;
    let holder = journal::this_process();
    let first = Fact::Started(Box::new(started));
    let (lease, event) = bench.journal.begin(&bench.pipeline().app, &id, first, &holder, bench.clock.now()).await?;
    freezes::warn_on_the_road(bench.journal.as_ref(), std::slice::from_ref(&event), output).await;
    work(ports, lease, &[event], global, output).await
}

/// The commit that the working tree stands on. What git does not say of it is a warning.
pub fn source_of(bench: &Bench, output: &Output, given: &BTreeMap<ImageName, String>, until: &StageName) -> Source {
    // Images that are given are made of other commits.
    if bench.pipeline().images_until(until).into_iter().all(|image| given.contains_key(image)) {
        return Source::default();
    }
    let found = git::source(&bench.loaded.root);
    found.warnings.iter().for_each(|text| output.warn(text));
    found.source
}

/// A new release's id: its time, and chance against another at the same second.
pub fn fresh(clock: &dyn Clock) -> ReleaseId {
    let id = format!("r{}-{}", clock.now().strftime("%Y%m%d-%H%M%S"), clock.token(6));
    id.parse().expect("a time and hex digits make a release id")
}

/// What was asked for, held against the file.
pub fn asked(
    pipeline: &Pipeline,
    images: Vec<(ImageName, String)>,
    until: Option<StageName>,
) -> Result<(BTreeMap<ImageName, String>, StageName), Failure> {
    let until = match until {
        Some(name) => stage(pipeline, &name)?,
        None => pipeline.stages.last().map(|s| s.name.clone()).ok_or_else(|| Failure::wrong("there is no stage"))?,
    };
    let mut given = BTreeMap::new();
    for (name, reference) in images {
        if !pipeline.images.contains_key(&name) {
            let there: Vec<&str> = pipeline.images.keys().map(ImageName::as_str).collect();
            return Err(Failure::wrong(format!("the pipeline file has no image `{name}`"))
                .hint(format!("it has: {}", there.join(", "))));
        }
        if let Err(fault) = crate::model::given::read(&reference, &pipeline.image(&name).repository) {
            let wrong = Failure::wrong(format!("--image {name}: {}", fault.told_sentence()));
            return Err(wrong
                .cause(fault.told_cause().unwrap_or_default())
                .hint(fault.told_hint().unwrap_or_default()));
        }
        if given.insert(name.clone(), reference).is_some() {
            return Err(Failure::wrong(format!("`--image {name}=…` is given twice")));
        }
    }
    for name in pipeline.images_until(&until) {
        if pipeline.image(name).build == Build::None && !given.contains_key(name) {
            return Err(Failure::wrong(format!("nothing says how image `{name}` is built"))
                .hint(format!("give it with `--image {name}=REFERENCE`, or say `context:` or `layers:` in the file")));
        }
    }
    Ok((given, until))
}

/// A stage of the file by name.
pub fn stage(pipeline: &Pipeline, name: &StageName) -> Result<StageName, Failure> {
    if pipeline.stage(name).is_some() {
        return Ok(name.clone());
    }
    let there: Vec<&str> = pipeline.stages.iter().map(|s| s.name.as_str()).collect();
    Err(Failure::wrong(format!("there is no stage `{name}`")).hint(format!("there are: {}", there.join(", "))))
}
