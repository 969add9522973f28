//! `history`: past releases, or all events of one release.

use serde_json::json;

use super::args::{Global, HistoryArgs};
use super::context;
use super::failure::Failure;
use super::output::Output;
use super::records::{self, Recorded};
use crate::model::exit_code::ExitCode;
use crate::model::release::Release;
use crate::ports::journal::{Imported, Listed};
use crate::report::text::Text;
use crate::report::verb::history as words;
use crate::report::{story, summary};
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
                output.value(&json!({ "v": 1, "kind": "record-imported", "release": id, "at": at, "by": by }));
            }
            for event in &events {
                let _ = crate::report::json::line(&mut std::io::stdout(), event);
            }
        }
        super::args::Form::Human => {
            if let Some(imported) = &imported {
                output.print(words::imported(&id, imported));
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
                (*started_at, words::unreadable_row(release, *started_at))
            });
            let mut rows: Vec<_> = recorded
                .iter()
                .map(|r| {
                    let listed = words::Listed {
                        release: &r.release,
                        imported: r.listed.imported.is_some(),
                        held: r.listed.held_by.is_some(),
                        waits: &waits(r, now),
                    };
                    (r.release.started_at, words::row(&listed))
                })
                .chain(unread)
                .collect();
            rows.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
            let rows: Vec<_> = rows.into_iter().map(|(_, row)| row).collect();
            let table = words::table(rows, output.out_width());
            let lines = commands.iter().map(|(stage, command)| Text::from(words::command(stage, command)).wrapped(output.out_width(), 2));
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

/// The stages whose approval a release waits for.
fn waits(recorded: &Recorded, now: jiff::Timestamp) -> Vec<&str> {
    question::open_requests(recorded, now).into_iter().map(|(_, stage, _)| stage.name.as_str()).collect()
}
