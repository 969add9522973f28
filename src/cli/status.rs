//! `status`: what runs where, and which release deployed it.

use serde_json::json;

use super::args::{Global, StatusArgs};
use super::context;
use super::deployed_by::{StageService, deployed_by};
use super::failure::Failure;
use super::live_services::{Live, LiveServices, Unreadable};
use super::output::Output;
use super::records::{self, Recorded};
use crate::model::arn;
use crate::model::exit_code::ExitCode;
use crate::model::freeze::Frozen;
use crate::model::ids::{ReleaseId, StageName};
use crate::ports::journal::Holder;
use crate::report::text::Text;
use crate::report::verb::status as words;
use crate::usecase::question;

type Freeze = (StageName, Frozen);
/// A stage, the release that has it, and the process.
type Held = (StageName, ReleaseId, Holder);

/// One service of one stage.
struct Row {
    stage: String,
    service: String,
    /// `None`: not read, or not readable.
    live: Option<Live>,
    /// The release that deployed the running revision; `None`: none that is recorded here.
    release: Option<String>,
    last_good: Option<String>,
    /// Whether the last good release's images run, whoever registered the revision.
    good_runs: bool,
}

pub async fn run(global: &Global, output: &Output, args: StatusArgs) -> Result<ExitCode, Failure> {
    let context = context::open(global, output)?;
    let all = records::all(&context, usize::MAX).await?;
    records::warn(&all, output);
    let recorded = &all.recorded;
    let releases: Vec<&Recorded> = recorded.iter().collect();
    let ports = context.ports("kanmon-status", None);
    let mut services = LiveServices::new(&context, &ports);
    let (mut rows, mut freezes, mut held) = (Vec::new(), Vec::new(), Vec::new());
    for stage in &context.pipeline.stages {
        let ledger = context.journal.ledger(&context.pipeline.app, &stage.name).await?;
        let holder = context.journal.holder(&context.pipeline.app, &stage.name).await?;
        held.extend(holder.map(|(release, holder, _)| (stage.name.clone(), release, holder)));
        if let Some(frozen) = &ledger.frozen {
            freezes.push((stage.name.clone(), frozen.clone()));
        }
        let last_good = ledger.last_good.map(|l| l.release.to_string());
        for service in stage.services() {
            let live = match args.offline {
                true => None,
                false => services.read(stage, service).await,
            };
            let good = recorded.iter().find(|r| Some(r.release.id.as_str()) == last_good.as_deref());
            let good_runs = live.as_ref().zip(good).is_some_and(|(l, r)| l.runs_all_of(&r.release, stage, service));
            let at = StageService { stage: &stage.name, service };
            let release = live
                .as_ref()
                .and_then(|l| deployed_by(&releases, at, &l.task_definition, l.deployment.as_deref()))
                .map(ToString::to_string);
            let (stage, service) = (stage.name.to_string(), service.to_string());
            rows.push(Row { stage, service, live, release, last_good: last_good.clone(), good_runs });
        }
    }
    let open: Vec<&Recorded> = recorded.iter().filter(|r| r.is_open()).collect();
    let mut unread = services.unreadable;
    // Where nothing at all can be read, the status is unknown.
    if !unread.is_empty() && rows.iter().all(|row| row.live.is_none()) {
        return Err(unread.swap_remove(0).why.into());
    }
    output.result(
        || human(&rows, &freezes, &held, &open, &unread, output, context.clock.now()),
        || {
            let mut status = machine(&rows, &freezes, &held, &open, &unread);
            status["unreadable"] = records::unreadable(&all).into();
            status
        },
    );
    Ok(ExitCode::Done)
}

fn human(
    rows: &[Row],
    freezes: &[Freeze],
    held: &[Held],
    open: &[&Recorded],
    unread: &[Unreadable],
    output: &Output,
    now: jiff::Timestamp,
) -> Text {
    let shown = rows.iter().map(|row| words::ServiceRow {
        stage: &row.stage,
        service: &row.service,
        live: match &row.live {
            None if unread.is_empty() => words::Live::NotAsked,
            None => words::Live::Unreadable,
            Some(live) => words::Live::Runs {
                running: live.running,
                desired: live.desired,
                images: &live.shown,
                task_definition: &live.task_definition,
            },
        },
        release: row.release.as_deref(),
        last_good: row.last_good.as_deref(),
        good_runs: row.good_runs,
    });
    let width = output.out_width();
    let unreadable = unread.iter().map(|Unreadable { what, why }| words::unread(what, why));
    let frozen = freezes.iter().map(|(stage, frozen)| words::frozen(stage, frozen));
    let locked = held.iter().map(|(stage, release, holder)| words::locked(stage, release, &holder.who));
    let open = open.iter().map(|recorded| {
        let who = recorded.listed.held_by.as_ref().map(|holder| holder.who.as_str());
        let asked = question::open_requests(recorded, now);
        let waits: Vec<_> = asked.iter().map(|(_, stage, _)| stage.name.as_str()).collect();
        words::open(&recorded.release, who, &waits)
    });
    unreadable.chain(frozen).chain(locked).chain(open).fold(words::services(shown, width), |text, line| {
        text.and(Text::from("")).and(Text::from(line).wrapped(width, 2))
    })
}

fn machine(
    rows: &[Row],
    freezes: &[Freeze],
    held: &[Held],
    open: &[&Recorded],
    unread: &[Unreadable],
) -> serde_json::Value {
    let services: Vec<_> = rows
        .iter()
        .map(|row| {
            let live = row.live.as_ref().map(|l| {
                json!({
                    "running": l.running,
                    "desired": l.desired,
                    "task_definition": arn::last(&l.task_definition),
                    "images": l.images,
                    "release": row.release,
                })
            });
            json!({ "stage": row.stage, "service": row.service, "live": live, "last_good": row.last_good })
        })
        .collect();
    let releases: Vec<_> = open
        .iter()
        .map(|r| json!({ "release": r.release.id, "held_by": r.listed.held_by, "ending": r.release.ending }))
        .collect();
    let frozen: Vec<_> = freezes.iter().map(|(stage, frozen)| json!({ "stage": stage, "frozen": frozen })).collect();
    let held: Vec<_> =
        held.iter().map(|(stage, release, by)| json!({ "stage": stage, "release": release, "held_by": by })).collect();
    let unread: Vec<_> = unread.iter().map(|u| json!({ "what": u.what, "fault": u.why })).collect();
    json!({
        "v": 1,
        "kind": "status",
        "services": services,
        "frozen": frozen,
        "stages": held,
        "open": releases,
        "unread": unread,
    })
}
