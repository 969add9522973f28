//! `plan`: what a release would do; nothing is touched, nothing is recorded.

use jiff::Timestamp;
use serde_json::json;

use super::args::{Global, PlanArgs};
use super::bench::Bench;
use super::failure::Failure;
use super::output::Output;
use super::release::{asked, fresh, source_of};
use super::{identity, own_file, releases};
use crate::engine::gate::{self, Scanned};
use crate::engine::unnamed;
use crate::model::approval::{ApprovalPolicy, ApprovalWay};
use crate::model::event::{EVENT_VERSION, Event, Fact, PushedImage, Started};
use crate::model::exit_code::ExitCode;
use crate::model::finding::ScanState;
use crate::model::gate::GateJudgement;
use crate::model::ids::{Digest, ImageName, StageName};
use crate::model::pipeline::{Pipeline, Stage};
use crate::model::plan::{StagePlan, UnnamedGate};
use crate::model::release::Release;
use crate::model::scan_subject::ScanSubject;
use crate::ports::scanner::{Wanted, WhereNone};
use crate::report::text::Text;
use crate::report::{names, plan as told, story};
use crate::runtime::contents;
use crate::runtime::execute::{stage_plan, survey_to_look};
use crate::runtime::given::place;
use crate::runtime::ports::Ports;

/// Stands for an image that the release would build.
const TO_BE_BUILT: &[u8] = b"kanmon plan: an image that is not built yet";

pub async fn run(global: &Global, output: &Output, args: PlanArgs) -> Result<ExitCode, Failure> {
    let bench = Bench::new(global, output)?;
    let ports = bench.ports("kanmon-plan", None)?;
    let mut release = match &args.release {
        Some(id) => {
            let (_, release) = releases::one(&bench, id).await?;
            own_file::agrees(&bench, &release)?;
            release
        }
        None => imagined(&bench, &ports, output, &args).await?,
    };
    if let Some(until) = args.until {
        release.until = super::release::stage(&release.started.pipeline, &until)?;
    }
    let stages = until(&release);
    let first = stages.first().map(|s| s.name.clone()).ok_or_else(|| Failure::wrong("there is no stage to plan"))?;
    let outside = survey_to_look(&ports, &release, &first, &release.until).await?;
    fill(&ports, &mut release).await?;
    let mut plans = Vec::new();
    for stage in until(&release) {
        let plan = stage_plan(&ports, &release, stage).await?;
        let plan = with_unnamed_judged(&ports, &release, stage, plan).await?;
        let gate = judged(&ports, &release, stage).await?;
        plans.push((stage, plan, gate));
    }
    output.tell(|| human(&release.started.pipeline, &plans, output), || machine(&plans));
    for fault in outside {
        let hint = fault.told_hint().as_ref().map(|hint| format!("; {hint}")).unwrap_or_default();
        output.warn(&format!("a release from here would be refused: {}{hint}", fault.told_sentence()));
    }
    Ok(ExitCode::Done)
}

fn until(release: &Release) -> Vec<&Stage> {
    let stages = &release.started.pipeline.stages;
    let end = stages.iter().position(|s| s.name == release.until).map_or(stages.len(), |i| i + 1);
    stages[..end].iter().collect()
}

/// A release as it would be started now.
async fn imagined(bench: &Bench, ports: &Ports, output: &Output, args: &PlanArgs) -> Result<Release, Failure> {
    let pipeline = bench.pipeline();
    let last: Option<StageName> = args.until.clone();
    // What would be built need not exist for a plan; what is only ever given has to be.
    let (given, until) = asked(pipeline, args.image.clone(), last)?;
    let account = pipeline.account(&pipeline.stages[0].account);
    let identity = identity::caller(ports, account).await?;
    let id = fresh(bench.clock.as_ref());
    let started = Started {
        pipeline: pipeline.clone(),
        kanmon: env!("CARGO_PKG_VERSION").to_owned(),
        requested_by: crate::model::approval::Requester::Person { identity },
        source: source_of(bench, output, &given, &until),
        until,
        given,
        forced: None,
        again: None,
    };
    let fact = Fact::Started(Box::new(started));
    let event = Event { v: EVENT_VERSION, seq: 1, at: bench.clock.now(), release: id, fact };
    Release::begin(&event).map_err(|illegal| Failure::defect(illegal.to_string()))
}

/// Gives every image a place: where it is, or where it would be.
async fn fill(ports: &Ports, release: &mut Release) -> Result<(), Failure> {
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
                    digest: Digest::of(TO_BE_BUILT),
                    pushed_at: ports.clock.now(),
                    left_behind: Vec::new(),
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

async fn given(ports: &Ports, pipeline: &Pipeline, name: &ImageName, reference: &str) -> Result<PushedImage, Failure> {
    let spec = pipeline.image(name);
    let own = ports.registry.access(pipeline.account(&spec.account), &spec.repository).await?;
    let (at, what) = place(ports, pipeline, name, reference, &own).await?;
    let found = ports.images.look(&at, &what).await?;
    let found = found.ok_or_else(|| Failure::access(format!("there is no image {reference}")))?;
    Ok(PushedImage { repository: own.repository, ..found })
}

/// The gate as it stands now; `None` where an image is not built or not scanned yet.
async fn judged(ports: &Ports, release: &Release, stage: &Stage) -> Result<Option<GateJudgement>, Failure> {
    let pipeline = &release.started.pipeline;
    let mut readings = Vec::new();
    for name in stage.images_used(pipeline) {
        let pushed = &release.images[name];
        if pushed.digest == Digest::of(TO_BE_BUILT) {
            return Ok(None);
        }
        let spec = pipeline.image(name);
        let account = pipeline.account(&spec.account);
        if contents::contents(ports, account, &spec.repository, &pushed.digest).await?.is_none() {
            // Given from elsewhere: it is scanned once it has been copied.
            return Ok(None);
        }
        let wanted = looking(ports, stage, Some(pushed.pushed_at));
        let reading = contents::scan(ports, account, &spec.repository, &pushed.digest, &wanted).await?;
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
) -> Result<StagePlan, Failure> {
    for found in plan.unnamed_mut().filter(|found| found.gate == UnnamedGate::Unjudged) {
        let Some((image, account)) = unnamed::key(release, stage, &found.image) else { continue };
        let ScanSubject::Unnamed { repository, digest } = &image else { continue };
        let at = release.started.pipeline.account(&account);
        let reading = contents::scan(ports, at, repository, digest, &looking(ports, stage, None)).await?;
        if !matches!(reading.state, ScanState::Waiting { .. }) {
            let scan = Scanned { image: &image, account: &account, reading: &reading };
            found.gate = UnnamedGate::Judged(gate::judge(&stage.gate, &[scan], ports.clock.now()));
        }
    }
    Ok(plan)
}

/// A plan starts no scan.
fn looking(ports: &Ports, stage: &Stage, pushed_at: Option<Timestamp>) -> Wanted {
    Wanted { pushed_at, now: ports.clock.now(), max_age: stage.gate.max_age, where_none: WhereNone::Look }
}

fn human(pipeline: &Pipeline, plans: &[(&Stage, StagePlan, Option<GateJudgement>)], output: &Output) -> Text {
    // As the plan shows an image that has a digest.
    let placeholder = format!("@{}", names::digest(&Digest::of(TO_BE_BUILT)));
    let mut text = Text::new();
    for (at, (stage, plan, gate)) in plans.iter().enumerate() {
        if at > 0 {
            text.line("");
        }
        text = text.and(told::of(pipeline, stage, plan, output.out).map(|l| l.replace(&placeholder, " (to be built)")));
        let gate = match gate {
            Some(gate) => story::gate(gate),
            None => "judged once the image is built and scanned".to_owned(),
        };
        text.line(format!("  gate  {gate}"));
        if let Some(policy) = &stage.approval {
            text.line(format!("  approval  {}", asked_of(policy)));
        }
    }
    text.wrapped(output.out_width(), 4)
}

/// Whom a stage asks.
fn asked_of(policy: &ApprovalPolicy) -> String {
    let who = match policy.approvers.as_slice() {
        [] => "another person".to_owned(),
        patterns => patterns.join(" or "),
    };
    match &policy.way {
        ApprovalWay::Kanmon => format!("asked first: {who}"),
        ApprovalWay::CodePipeline { pipeline, action, .. } => {
            format!("asked first: {who}, in CodePipeline {pipeline}, action {action}")
        }
    }
}

fn machine(plans: &[(&Stage, StagePlan, Option<GateJudgement>)]) -> serde_json::Value {
    let stages: Vec<_> = plans
        .iter()
        .map(|(stage, plan, gate)| json!({ "stage": stage.name, "plan": plan, "gate": gate, "approval": stage.approval }))
        .collect();
    json!({ "v": EVENT_VERSION, "kind": "plan", "stages": stages })
}
