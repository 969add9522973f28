//! Planning a release: what it would do. Nothing is changed or recorded.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::begin::{check_request, new_id, source, stage};
use super::context::Context;
use super::error::Error;
use super::records::VERSION;
use super::{file_identity, identity, records};
use crate::engine::gate::{self, Scanned};
use crate::engine::unnamed;
use crate::model::approval::Requester;
use crate::model::event::{EVENT_VERSION, Event, Fact, PushedImage, Started};
use crate::model::fault::Fault;
use crate::model::finding::ScanState;
use crate::model::gate::GateJudgement;
use crate::model::ids::{Digest, ImageName, ReleaseId, StageName};
use crate::model::pipeline::{Pipeline, Stage};
use crate::model::plan::{StagePlan, UnnamedGate};
use crate::model::refusal::Refusal;
use crate::model::release::Release;
use crate::model::scan_subject::ScanSubject;
use crate::ports::scanner::{Wanted, WhereNone};
use crate::runtime::image_contents;
use crate::runtime::image_reference::resolve;
use crate::runtime::ports::Ports;
use crate::runtime::stage_plan::stage_plan;
use crate::runtime::survey;

/// In place of the content of an image that the release would build.
const TO_BE_BUILT: &[u8] = b"kanmon plan: an image that is not built yet";

/// The digest in a plan of an image that is not built yet.
pub fn to_be_built() -> Digest {
    Digest::of(TO_BE_BUILT)
}

/// Which release is planned.
#[derive(Debug, Clone)]
pub enum Subject {
    /// One that is recorded.
    Recorded(ReleaseId),
    /// A new one, of these images where they are given.
    New { images: BTreeMap<ImageName, String> },
}

/// What a release would do.
pub struct Planned {
    pub pipeline: Pipeline,
    pub stages: Vec<PlannedStage>,
    /// Why such a release would nevertheless be refused.
    pub refused: Vec<Fault>,
}

/// What it would do in one stage.
pub struct PlannedStage {
    pub stage: Stage,
    pub plan: StagePlan,
    /// The gate's judgement now; `None` where an image is not built or not scanned yet.
    pub gate: Option<GateJudgement>,
}

/// Plans a release up to a stage; else up to its last.
///
/// # Errors
/// Where the request does not fit the file, and where AWS cannot be read.
pub async fn plan(context: &Context, subject: Subject, until: Option<&StageName>) -> Result<Planned, Error> {
    let ports = context.ports("kanmon-plan", None);
    let mut release = match subject {
        Subject::Recorded(id) => {
            let (_, release) = records::one(context, &id).await?;
            file_identity::agrees(context, &release)?;
            release
        }
        Subject::New { images } => imagined(context, &ports, images, until).await?,
    };
    if let Some(until) = until {
        release.until = stage(&release.started.pipeline, until)?;
    }
    let first = release.stages_requested().first().map(|s| s.name.clone()).ok_or(Refusal::NoStage)?;
    let refused = survey::preview(&ports, &release, &first, &release.until).await?;
    fill(&ports, &mut release).await?;
    let mut stages = Vec::new();
    for stage in release.stages_requested() {
        let plan = stage_plan(&ports, &release, stage).await?;
        let plan = with_unnamed_judged(&ports, &release, stage, plan).await?;
        let gate = judged(&ports, &release, stage).await?;
        stages.push(PlannedStage { stage: stage.clone(), plan, gate });
    }
    Ok(Planned { pipeline: release.started.pipeline, stages, refused })
}

/// A release as it would be started now.
async fn imagined(
    context: &Context,
    ports: &Ports,
    images: BTreeMap<ImageName, String>,
    until: Option<&StageName>,
) -> Result<Release, Error> {
    let pipeline = &context.pipeline;
    let until = check_request(pipeline, &images, until)?;
    let identity = identity::caller(ports, pipeline.account(&pipeline.stages[0].account)).await?;
    let started = Started {
        pipeline: pipeline.clone(),
        kanmon: VERSION.to_owned(),
        requested_by: Requester::Person { identity },
        source: source(context, ports, &images, &until),
        until,
        given: images,
        forced: None,
        again: None,
    };
    let (release, fact) = (new_id(context.clock.as_ref()), Fact::Started(Box::new(started)));
    let event = Event { v: EVENT_VERSION, seq: 1, at: context.clock.now(), release, fact };
    Release::begin(&event).map_err(Error::Illegal)
}

/// Fills in every image's repository and digest: the existing or the expected ones.
async fn fill(ports: &Ports, release: &mut Release) -> Result<(), Error> {
    let pipeline = release.started.pipeline.clone();
    let names: Vec<ImageName> = pipeline.images_until(&release.until).into_iter().cloned().collect();
    for name in names {
        let spec = pipeline.image(&name);
        let own = ports.registry.repository(pipeline.account(&spec.account), &spec.repository).await?;
        if !release.images.contains_key(&name) {
            let pushed = match release.started.given.get(&name) {
                Some(reference) => given(ports, &pipeline, &name, reference).await?,
                None => PushedImage {
                    repository: own.uri.clone(),
                    digest: to_be_built(),
                    pushed_at: ports.clock.now(),
                    not_copied: Vec::new(),
                },
            };
            release.images.insert(name.clone(), pushed);
        }
        for stage in &pipeline.stages {
            let account = pipeline.image_account(stage, &name);
            let key = (name.clone(), account.name.clone());
            if account.name != spec.account && !release.copies.contains_key(&key) {
                let target = ports.registry.repository(account, &spec.repository).await?;
                let source = &release.images[&name];
                let copy = PushedImage { repository: target.uri, ..source.clone() };
                release.copies.insert(key, copy);
            }
        }
    }
    Ok(())
}

/// An image that is given by reference.
async fn given(ports: &Ports, pipeline: &Pipeline, name: &ImageName, reference: &str) -> Result<PushedImage, Error> {
    let spec = pipeline.image(name);
    let own = ports.registry.access(pipeline.account(&spec.account), &spec.repository).await?;
    let (at, what) = resolve(ports, pipeline, name, reference, &own).await?;
    let found = ports.images.look(&at, &what).await?;
    let found = found.ok_or_else(|| Refusal::NoImageAt { reference: reference.to_owned() })?;
    Ok(PushedImage { repository: own.repository, ..found })
}

/// The gate's judgement now; `None` where an image is not built or not scanned yet.
async fn judged(ports: &Ports, release: &Release, stage: &Stage) -> Result<Option<GateJudgement>, Error> {
    let pipeline = &release.started.pipeline;
    let mut readings = Vec::new();
    for name in stage.images_used(pipeline) {
        let pushed = &release.images[name];
        if pushed.digest == to_be_built() {
            return Ok(None);
        }
        let spec = pipeline.image(name);
        let account = pipeline.account(&spec.account);
        if image_contents::contents(ports, account, &spec.repository, &pushed.digest).await?.is_none() {
            // An image of another registry is scanned after it is copied.
            return Ok(None);
        }
        let wanted = read_only(ports, stage, Some(pushed.pushed_at));
        let reading = image_contents::scan(ports, account, &spec.repository, &pushed.digest, &wanted).await?;
        if matches!(reading.state, ScanState::Waiting { .. }) {
            return Ok(None);
        }
        readings.push((ScanSubject::Image(name.clone()), &spec.account, reading));
    }
    let scans: Vec<Scanned<'_>> =
        readings.iter().map(|(image, account, reading)| Scanned { image, account, reading }).collect();
    Ok(Some(gate::judge(&stage.gate, &scans, ports.clock.now())))
}

/// The plan with the containers that the file does not name judged, as far as they are scanned.
async fn with_unnamed_judged(
    ports: &Ports,
    release: &Release,
    stage: &Stage,
    mut plan: StagePlan,
) -> Result<StagePlan, Error> {
    for found in plan.unnamed_mut().filter(|found| found.gate == UnnamedGate::Unjudged) {
        let Some((image, account)) = unnamed::key(release, stage, &found.image) else { continue };
        let ScanSubject::Unnamed { repository, digest } = &image else { continue };
        let at = release.started.pipeline.account(&account);
        let reading = image_contents::scan(ports, at, repository, digest, &read_only(ports, stage, None)).await?;
        if !matches!(reading.state, ScanState::Waiting { .. }) {
            let scan = Scanned { image: &image, account: &account, reading: &reading };
            found.gate = UnnamedGate::Judged(gate::judge(&stage.gate, &[scan], ports.clock.now()));
        }
    }
    Ok(plan)
}

/// Reads a scan without starting one: a plan changes nothing.
fn read_only(ports: &Ports, stage: &Stage, pushed_at: Option<Timestamp>) -> Wanted {
    Wanted { pushed_at, now: ports.clock.now(), max_age: stage.gate.max_age, where_none: WhereNone::Look }
}
