//! `history`: past releases, or all events of one release.

use serde_json::json;

use super::args::{Global, HistoryArgs};
use super::context;
use super::failure::Failure;
use super::output::Output;
use super::records::{self, Recorded};
use crate::model::exit_code::ExitCode;
use crate::model::format::{commit as commit_name, moment};
use crate::model::ids::StageName;
use crate::model::ledger::{RecordedCommand, StageAction};
use crate::model::release::Release;
use crate::ports::journal::{Imported, Listed};
use crate::report::text::Text;
use crate::report::{display_names, outcome, story, summary, table};
use crate::usecase::context::Context;
use crate::usecase::question;

pub async fn run(global: &Global, output: &Output, args: HistoryArgs) -> Result<ExitCode, Failure> {
    let context = context::open(global, output)?;
    let Some(id) = args.release else { return list(&context, output, args.limit).await };
    let (events, release) = records::one(&context, &id).await?;
    let imported = records::imported(&context, &release).await?;
    match output.form {
        super::args::Form::Json => {
            if let Some(Imported { at, by }) = &imported {
                output.value(&json!({ "v": 1, "kind": "imported", "release": id, "at": at, "by": by }));
            }
            for event in &events {
                let _ = crate::report::json::line(&mut std::io::stdout(), event);
            }
        }
        super::args::Form::Human => {
            if let Some(Imported { at, by }) = &imported {
                output.print(format!(
                    "{id} was imported at {} by {by}: this is the record of another store",
                    moment(*at)
                ));
            }
            // Each fact is shown with what was known when it was written.
            let mut then: Option<Release> = None;
            for event in &events {
                let known = match then.as_mut() {
                    None => Release::begin(event).map(|begun| &*then.insert(begun)),
                    Some(release) => release.apply(event).map(|()| &*release),
                };
                let known = known.map_err(Failure::from)?;
                if let Some(line) = story::line(event, known) {
                    output.print(line.dated(event.at, output.out, output.out_width()));
                }
            }
            match &release.ending {
                Some(ending) => output.print(summary::of(&release, ending, true, output.out, output.out_width())),
                None => output.print(summary::NOT_ENDED),
            }
        }
    }
    Ok(ExitCode::Done)
}

async fn list(context: &Context, output: &Output, limit: usize) -> Result<ExitCode, Failure> {
    let all = records::all(context, limit).await?;
    records::warn(&all, output);
    let recorded = &all.recorded;
    let mut commands = Vec::new();
    for stage in &context.pipeline.stages {
        let ledger = context.journal.ledger(&context.pipeline.app, &stage.name).await?;
        commands.extend(ledger.commands.into_iter().map(|command| (stage.name.clone(), command)));
    }
    commands.sort_by_key(|(_, recorded)| std::cmp::Reverse(recorded.at));
    commands.truncate(limit);
    let now = context.clock.now();
    output.result(
        || {
            let unread = all.unreadable.iter().map(|one| {
                let Listed { release, started_at, .. } = &one.listed;
                let none = || "-".to_owned();
                let row = vec![release.to_string(), moment(*started_at), "unreadable".to_owned(), none(), none(), none()];
                (*started_at, row)
            });
            let mut rows: Vec<_> = recorded
                .iter()
                .map(|r| {
                    let release = &r.release;
                    let came_to = match (&release.ending, &r.listed.held_by) {
                        _ if r.listed.imported.is_some() => "imported",
                        (_, Some(_)) => "in progress",
                        (Some(ending), None) => outcome::word(ending.outcome()),
                        (None, None) => "interrupted",
                    };
                    let came_to = match waits(r, now).as_slice() {
                        [] => came_to.to_owned(),
                        stages if r.listed.held_by.is_some() => format!("waits for approval of {}", stages.join(", ")),
                        stages => format!("{came_to}, waits for approval of {}", stages.join(", ")),
                    };
                    let mut stages = release.started.pipeline.stages.iter();
                    let reached = stages.rfind(|s| release.stage(&s.name).left.is_some());
                    let source = &release.started.source;
                    let none = if source.unreadable.is_some() { "unknown" } else { "-" };
                    let commit = commit(release).map_or_else(|| none.to_owned(), |c| commit_name(c, 10));
                    let row = vec![
                        release.id.to_string(),
                        moment(release.started_at),
                        came_to,
                        reached.map_or_else(|| "-".to_owned(), |s| s.name.to_string()),
                        commit.to_owned(),
                        display_names::short_name(&release.started.requested_by),
                    ];
                    (release.started_at, row)
                })
                .chain(unread)
                .collect();
            rows.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
            let rows: Vec<_> = rows.into_iter().map(|(_, row)| row).collect();
            let table = match rows.is_empty() {
                true => Text::from("no release is recorded yet"),
                false => {
                    table::table(&["release", "started", "outcome", "reached", "commit", "requester"], rows, output.out_width())
                }
            };
            let lines = commands.iter().map(|(stage, command)| Text::from(command_text(stage, command)).wrapped(output.out_width(), 2));
            let gap = if commands.is_empty() { Text::new() } else { Text::from("") };
            table.and(gap).and(lines.collect())
        },
        || {
            let releases: Vec<_> = recorded
                .iter()
                .map(|r| {
                    json!({
                        "release": r.release.id,
                        "started_at": r.release.started_at,
                        "last_at": r.release.at,
                        "ending": r.release.ending,
                        "held_by": r.listed.held_by,
                        "waits_for_approval": waits(r, now),
                        "imported": r.listed.imported,
                        "until": r.release.until,
                        "images": r.release.images.iter().map(|(n, i)| (n.to_string(), i.digest.to_string())).collect::<std::collections::BTreeMap<_, _>>(),
                        "source": r.release.started.source,
                        "image_commits": r.release.image_commits.iter().map(|(n, c)| (n.to_string(), c)).collect::<std::collections::BTreeMap<_, _>>(),
                        "requested_by": r.release.started.requested_by,
                    })
                })
                .collect();
            let commands: Vec<_> = commands.iter().map(|(stage, recorded)| json!({ "stage": stage, "recorded": recorded })).collect();
            json!({ "v": 1, "kind": "history", "releases": releases, "commands": commands, "unreadable": records::unreadable(&all) })
        },
    );
    Ok(ExitCode::Done)
}

/// The one commit of all the release's images, where it is known.
fn commit(release: &Release) -> Option<&str> {
    let mut commits = release.images.keys().map(|image| release.commit_of(image));
    let first = commits.next().unwrap_or(release.started.source.commit.as_deref())?;
    commits.all(|other| other == Some(first)).then_some(first)
}

/// The stages whose approval a release waits for.
fn waits(recorded: &Recorded, now: jiff::Timestamp) -> Vec<&str> {
    question::open_requests(recorded, now).into_iter().map(|(_, stage, _)| stage.name.as_str()).collect()
}

/// A command about a stage: who gave it, when and why.
fn command_text(stage: &StageName, recorded: &RecordedCommand) -> String {
    let (at, by) = (moment(recorded.at), display_names::person(&recorded.command.by));
    let what = match &recorded.command.action {
        StageAction::Freeze => "frozen".to_owned(),
        StageAction::Unfreeze => "unfrozen".to_owned(),
        StageAction::BreakLock { release, .. } => format!("lock of {release} broken"),
    };
    format!("{at}  {stage} {what} by {by}: {}", recorded.command.reason)
}
