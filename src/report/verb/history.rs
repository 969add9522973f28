//! What `history` prints: past releases in a table, and commands about stages.

use jiff::Timestamp;

use crate::model::fault::state::Imported;
use crate::model::format::commit as commit_name;
use crate::model::ids::{ReleaseId, StageName};
use crate::model::ledger::{RecordedCommand, StageAction};
use crate::model::release::Release;
use crate::report::text::Text;
use crate::report::time::moment;
use crate::report::{display_names, outcome, table};

/// The record was imported.
pub fn imported(id: &ReleaseId, Imported { at, by }: &Imported) -> String {
    format!("{id} was imported at {} by {by}: this is the record of another store", moment(*at))
}

/// A release in the table.
pub struct Listed<'a> {
    pub release: &'a Release,
    pub imported: bool,
    /// Whether a process works on it.
    pub held: bool,
    /// The stages whose approval it waits for.
    pub waits: &'a [&'a str],
}

/// A row of the table.
pub fn row(listed: &Listed<'_>) -> Vec<String> {
    let release = listed.release;
    let mut stages = release.started.pipeline.stages.iter();
    let reached = stages.rfind(|s| release.stage(&s.name).left.is_some());
    let none = if release.started.source.unreadable.is_some() { "unknown" } else { NONE };
    let commit = commit(release).map_or_else(|| none.to_owned(), |c| commit_name(c, 10));
    vec![
        release.id.to_string(),
        moment(release.started_at),
        came_to(listed),
        reached.map_or_else(|| NONE.to_owned(), |s| s.name.to_string()),
        commit,
        display_names::short_name(&release.started.requested_by),
    ]
}

/// The row of a release whose record cannot be read.
pub fn unreadable_row(release: &ReleaseId, started_at: Timestamp) -> Vec<String> {
    let none = || NONE.to_owned();
    vec![release.to_string(), moment(started_at), "unreadable".to_owned(), none(), none(), none()]
}

const NONE: &str = "-";

/// The table. `width`: of the terminal, in cells.
pub fn table(rows: Vec<Vec<String>>, width: Option<usize>) -> Text {
    match rows.is_empty() {
        true => Text::from("no release is recorded yet"),
        false => table::table(&["release", "started", "outcome", "reached", "commit", "requester"], rows, width),
    }
}

fn came_to(Listed { release, imported, held, waits }: &Listed<'_>) -> String {
    let came_to = match &release.ending {
        _ if *imported => "imported",
        _ if *held => "in progress",
        Some(ending) => outcome::word(ending.outcome()),
        None => "interrupted",
    };
    match waits {
        [] => came_to.to_owned(),
        stages if *held => format!("waits for approval of {}", stages.join(", ")),
        stages => format!("{came_to}, waits for approval of {}", stages.join(", ")),
    }
}

/// The one commit of all the release's images, where it is known.
fn commit(release: &Release) -> Option<&str> {
    let mut commits = release.images.keys().map(|image| release.commit_of(image));
    let first = commits.next().unwrap_or(release.started.source.commit.as_deref())?;
    commits.all(|other| other == Some(first)).then_some(first)
}

/// A command about a stage: who gave it, when and why.
pub fn command(stage: &StageName, recorded: &RecordedCommand) -> String {
    let (at, by) = (moment(recorded.at), display_names::person(&recorded.command.by));
    let what = match &recorded.command.action {
        StageAction::Freeze => "frozen".to_owned(),
        StageAction::Unfreeze => "unfrozen".to_owned(),
        StageAction::BreakLock { release, .. } => format!("lock of {release} broken"),
    };
    format!("{at}  {stage} {what} by {by}: {}", recorded.command.reason)
}
