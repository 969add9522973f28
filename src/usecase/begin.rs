//! Starting a release: from the request to its first recorded fact.

use std::collections::BTreeMap;

use super::context::Context;
use super::error::Error;
use super::records::VERSION;
use super::work::UnderWay;
use super::{freeze_warnings, identity, requester, unread_rejections};
use crate::model::event::{Fact, Source, Started};
use crate::model::given;
use crate::model::ids::{ImageName, ReleaseId, StageName};
use crate::model::notice::Notice;
use crate::model::pipeline::{Build, Pipeline, Stage};
use crate::model::refusal::Refusal;
use crate::ports::clock::Clock;
use crate::runtime::ports::Ports;

/// A request for a new release.
#[derive(Debug, Clone, Default)]
pub struct NewRelease {
    /// Existing images, by reference.
    pub images: BTreeMap<ImageName, String>,
    /// The last stage to reach; `None`: the last of the file.
    pub until: Option<StageName>,
    /// The CodePipeline execution that this runs in.
    pub execution: Option<String>,
    pub reasons: Reasons,
}

/// Why failed or rejected images are tried again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reasons {
    /// Why it may enter a stage where the same images failed.
    pub force: Option<String>,
    /// Why approval is requested again after a rejection.
    pub again: Option<String>,
}

/// Starts a release: it is recorded, and this process has its lease.
///
/// # Errors
/// Where the request does not fit the file, and where nobody could approve one of the stages.
pub async fn begin(context: &Context, wanted: NewRelease) -> Result<UnderWay, Error> {
    begin_as(context, new_id(context.clock.as_ref()), wanted).await
}

/// The same with this id.
///
/// # Errors
/// As `begin`.
pub async fn begin_as(context: &Context, id: ReleaseId, wanted: NewRelease) -> Result<UnderWay, Error> {
    let file = &context.pipeline;
    let until = check_request(file, &wanted.images, wanted.until.as_ref())?;
    let own_ports = context.ports(id.as_str(), None);
    let source = source(context, &own_ports, &wanted.images, &until);
    let requested_by = requester::of(context, &own_ports, file, None, wanted.execution.as_deref()).await?;
    let requesters = std::slice::from_ref(&requested_by);
    requester::approvable(file, &until, requesters, |_| false)?;
    requester::report_not_requested(context, file, &until, requesters);
    let ports = context.ports(id.as_str(), identity::of(&requested_by));
    unread_rejections::record(context, &ports, &until, requesters).await;
    let started = Started {
        pipeline: file.clone(),
        kanmon: VERSION.to_owned(),
        requested_by,
        source,
        until,
        given: wanted.images,
        forced: wanted.reasons.force,
        again: wanted.reasons.again,
    };
    let first = Fact::Started(Box::new(started));
    let (lease, event) = context.journal.begin(&file.app, &id, first, &context.holder, context.clock.now()).await?;
    let started = UnderWay::new(ports, lease, vec![event])?;
    freeze_warnings::of_all_stages(context, started.release()).await;
    Ok(started)
}

/// The working tree's commit. What git cannot report becomes a notice.
pub fn source(context: &Context, ports: &Ports, images: &BTreeMap<ImageName, String>, until: &StageName) -> Source {
    // Given images are of other commits.
    if context.pipeline.images_until(until).into_iter().all(|image| images.contains_key(image)) {
        return Source::default();
    }
    let read = ports.checkout.read();
    read.notices.into_iter().for_each(|notice| context.notice(Notice::Checkout(notice)));
    read.source
}

/// A new release's id: its time, and random digits, because another may start in the same second.
pub fn new_id(clock: &dyn Clock) -> ReleaseId {
    let id = format!("r{}-{}", clock.now().strftime("%Y%m%d-%H%M%S"), clock.token(6));
    id.parse().expect("a time and hex digits make a release id")
}

/// Checks a request against the file; the last stage to reach.
///
/// # Errors
/// A stage or an image that the file does not have, a reference that is not valid, and an image that is neither built nor given.
pub fn check_request(
    file: &Pipeline,
    images: &BTreeMap<ImageName, String>,
    until: Option<&StageName>,
) -> Result<StageName, Refusal> {
    let until = match until {
        Some(name) => stage(file, name)?,
        None => file.stages.last().map(|s| s.name.clone()).ok_or(Refusal::NoStage)?,
    };
    for (name, reference) in images {
        if !file.images.contains_key(name) {
            return Err(Refusal::NoSuchImage { image: name.clone(), images: file.images.keys().cloned().collect() });
        }
        if let Err(fault) = given::read(reference, &file.image(name).repository) {
            return Err(Refusal::BadReference { image: name.clone(), fault });
        }
    }
    let missing = |name: &&&ImageName| file.image(name).build == Build::None && !images.contains_key(**name);
    match file.images_until(&until).iter().find(missing) {
        Some(name) => Err(Refusal::NotBuilt { image: (**name).clone() }),
        None => Ok(until),
    }
}

/// A stage of the file by name.
///
/// # Errors
/// Where there is none.
pub fn spec<'f>(file: &'f Pipeline, name: &StageName) -> Result<&'f Stage, Refusal> {
    file.stage(name).ok_or_else(|| Refusal::NoSuchStage {
        stage: name.clone(),
        stages: file.stages.iter().map(|s| s.name.clone()).collect(),
    })
}

/// The same, by its name.
///
/// # Errors
/// As `spec`.
pub fn stage(file: &Pipeline, name: &StageName) -> Result<StageName, Refusal> {
    spec(file, name).map(|stage| stage.name.clone())
}
