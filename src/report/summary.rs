//! The end of a release, for people: outcome, cause, hints, and what was changed.

use super::outcome;
use super::paint::Paint;
use super::service_outcomes;
use super::text::Text;
use super::words::Words;
use crate::model::ending::Ending;
use crate::model::outcome::Outcome;
use crate::model::release::Release;

/// Of a release without an ending.
pub const NOT_ENDED: &str = "the release is still in progress, or was interrupted: `kanmon status` shows which";

/// Fitted to a terminal of this width, in cells. `hints`: whether hints are shown.
pub fn of(release: &Release, ending: &Ending, hints: bool, paint: Paint, width: Option<usize>) -> Text {
    let outcome = ending.outcome();
    let word = outcome::word(outcome);
    let head = match outcome {
        Outcome::Succeeded | Outcome::Unchanged => paint.good(&format!("✓ {word}")),
        // Nothing went wrong; the release has not ended.
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
    let Words { sentence, cause, hints: found } = super::ending::words(ending, release);
    let mut text = Text::from(format!("{head}: {sentence}"));
    if let Some(cause) = &cause {
        text = text.and(below("cause", cause));
    }
    for hint in found.iter().filter(|_| hints) {
        text = text.and(below("hint", hint));
    }
    text.line(format!("  release {}", paint.strong(release.id.as_str())));
    for (image, pushed) in &release.images {
        text.line(format!("  {image} {}", pushed.digest));
    }
    for (word, list) in service_outcomes::of(release).lines() {
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
