//! What `watch` shows: its pages, keys and messages. The command line decides where each line goes on the screen.

pub mod decision;
pub mod findings;
pub mod overview;
pub mod progress;
mod release_state;
mod tasks;

use jiff::{SignedDuration, Timestamp};

use crate::model::fault::state::JournalError;
use crate::model::format::lasting;
use crate::model::ids::ReleaseId;
use crate::model::release::Release;
use crate::report::paint::Paint;
use crate::report::text::Text;
use crate::report::words::Words;
use crate::report::{fault, plan};

/// There is no terminal to draw on.
pub fn no_terminal() -> Words {
    Words::new("`watch` needs a terminal")
        .hint("`kanmon status` shows what runs, and `kanmon history` the releases; both also have `--output json`")
}

/// The log would be written over the screen.
pub fn log_on_screen() -> Words {
    Words::new("`watch` cannot log on the terminal that it draws on")
        .hint("`kanmon watch -v 2> watch.log` writes the log into a file")
}

/// The terminal cannot be drawn on, or read.
pub fn terminal_failed(error: &std::io::Error) -> Words {
    Words::new("the terminal cannot be used").cause(error.to_string())
}

/// Keys, and what they do.
pub type Keys = &'static [(&'static str, &'static str)];

/// On the first page; the first of them where the selected release waits for a decision.
pub const OVERVIEW_DECIDE_KEYS: Keys =
    &[("↑↓", "select"), ("enter", "open"), ("a", "decide"), DIFFERENCES, FINDINGS, HISTORY, QUIT];
pub const OVERVIEW_KEYS: Keys = &[("↑↓", "select"), ("enter", "open"), DIFFERENCES, FINDINGS, HISTORY, QUIT];

/// On the pages of a release; the first of them where it waits for a decision.
pub const RELEASE_DECIDE_KEYS: Keys = &[BACK, PROGRESS, ("a", "decide"), DIFFERENCES, FINDINGS, HISTORY, QUIT];
pub const RELEASE_KEYS: Keys = &[BACK, PROGRESS, DIFFERENCES, FINDINGS, HISTORY, QUIT];

const BACK: (&str, &str) = ("esc", "back");
const PROGRESS: (&str, &str) = ("p", "progress");
const DIFFERENCES: (&str, &str) = ("d", "differences");
const FINDINGS: (&str, &str) = ("f", "findings");
const HISTORY: (&str, &str) = ("h", "history");
const QUIT: (&str, &str) = ("q", "quit");

/// The name of a page of a release.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tab {
    Progress,
    Differences,
    Findings,
    History,
}

impl Tab {
    pub fn word(self) -> &'static str {
        match self {
            Tab::Progress => "progress",
            Tab::Differences => "differences",
            Tab::Findings => "findings",
            Tab::History => "history",
        }
    }
}

/// The record was not read yet.
pub const READING: &str = "reading the record …";

/// The release is not, or no longer, in the record.
pub fn gone(id: &ReleaseId) -> String {
    format!("{id} is not among the releases that are shown")
}

/// How current the record on the screen is.
pub fn read_at(at: Option<Timestamp>, failure: Option<&JournalError>, now: Timestamp, paint: Paint) -> String {
    let old = |at: Timestamp| now.duration_since(at);
    match (at, failure) {
        (None, None) => paint.faint("reading …"),
        (None, Some(why)) => paint.bad(&unreadable(why)),
        (Some(at), Some(why)) => paint.bad(&format!("as of {} ago: {}", lasting(old(at)), unreadable(why))),
        (Some(at), None) if old(at) >= STALE => paint.careful(&format!("as of {} ago", lasting(old(at)))),
        (Some(_), None) => paint.good("● live"),
    }
}

/// The record is read every few seconds: one that is older than this is shown with its age.
const STALE: SignedDuration = SignedDuration::from_secs(10);

fn unreadable(why: &JournalError) -> String {
    fault::state::words(why, None).line()
}

/// What each stage would change, as far as it is planned.
pub fn differences(release: &Release, paint: Paint) -> Text {
    let pipeline = &release.started.pipeline;
    let mut text = Text::new();
    for stage in &pipeline.stages {
        let state = release.stage(&stage.name);
        let planned = state.plan.as_ref().or_else(|| state.shown.last().map(|shown| &shown.plan));
        if let Some(planned) = planned {
            text = text.and(plan::of(pipeline, stage, planned, paint)).and(Text::from(""));
        }
    }
    match text == Text::new() {
        true => Text::from("no stage is planned yet"),
        false => text,
    }
}

/// `a` was pressed, but there is nothing to decide.
pub fn nothing_to_decide(id: &ReleaseId) -> String {
    format!("{id} does not wait for approval")
}
