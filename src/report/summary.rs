//! The end of a release, for people: what it came to, why, what to do, and what is changed.

use super::blast;
use super::paint::Paint;
use super::text::Text;
use crate::model::outcome::{Ending, Outcome};
use crate::model::release::Release;

/// Of a release without an ending.
pub const NOT_OVER: &str = "it is being worked on, or its process is gone: `kanmon status` tells";

/// For a terminal of so many cells.
pub fn of(release: &Release, ending: &Ending, paint: Paint, width: Option<usize>) -> Text {
    let word = word(ending.outcome);
    let head = match ending.outcome {
        Outcome::Succeeded | Outcome::Unchanged => paint.good(&format!("✓ {word}")),
        // Nothing went wrong: it is only not over.
        Outcome::Suspended | Outcome::StillRunning | Outcome::Locked => paint.careful(&format!("! {word}")),
        Outcome::BuildFailed
        | Outcome::Blocked
        | Outcome::Rejected
        | Outcome::Expired
        | Outcome::RolledBack
        | Outcome::Superseded
        | Outcome::Stuck
        | Outcome::Aborted
        | Outcome::Failed
        | Outcome::Unknown
        | Outcome::Access => paint.bad(&format!("✗ {word}")),
    };
    let mut text = Text::from(format!("{head}: {}", ending.sentence));
    if let Some(cause) = &ending.cause {
        text = text.and(below("cause", cause));
    }
    if let Some(hint) = &ending.hint {
        text = text.and(below("hint", &named(hint, release)));
    }
    text.line(format!("  release {}", paint.strong(release.id.as_str())));
    for (image, pushed) in &release.images {
        text.line(format!("  {image} {}", pushed.digest));
    }
    for (word, list) in blast::of(release).lines() {
        text.line(format!("  {word}: {list}"));
    }
    text.wrapped(width, 2)
}

/// A cause or a hint, of one line or several, below the sentence that it belongs to.
pub fn below(word: &str, text: &str) -> Text {
    match text.trim_start_matches('\n') {
        one if !one.contains('\n') => Text::from(format!("  {word}: {one}")),
        many => Text::from(format!("  {word}:")).and(Text::laid_out(many).after("    ")),
    }
}

/// A hint's commands, ready to be typed.
fn named(hint: &str, release: &Release) -> String {
    hint.replace("`kanmon resume`", &format!("`kanmon resume {}`", release.id))
}

/// The outcome in a word or two.
pub fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Succeeded => "succeeded",
        Outcome::Unchanged => "unchanged",
        Outcome::BuildFailed => "build failed",
        Outcome::Blocked => "blocked",
        Outcome::Rejected => "rejected",
        Outcome::Expired => "expired",
        Outcome::RolledBack => "rolled back",
        Outcome::Superseded => "superseded",
        Outcome::Stuck => "stuck",
        Outcome::Aborted => "aborted",
        Outcome::Failed => "failed",
        Outcome::Suspended => "suspended",
        Outcome::StillRunning => "still running",
        Outcome::Unknown => "unknown",
        Outcome::Access => "access or set-up",
        Outcome::Locked => "locked",
    }
}
