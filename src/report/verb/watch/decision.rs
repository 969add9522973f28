//! The decision about a request for approval.

use jiff::Timestamp;

use super::{BACK, DIFFERENCES, FINDINGS, Keys, QUIT};
use crate::model::approval::{Answer, ApprovalRequest};
use crate::model::format::lasting;
use crate::model::ids::StageName;
use crate::report::paint::Paint;
use crate::report::summary::below;
use crate::report::text::Text;
use crate::report::words::Words;

/// Below a request; the second of them for somebody whose approval would not count.
pub const CHOOSE_KEYS: Keys = &[("a", "approve"), REJECT, COMMENT, SCROLL, DIFFERENCES, FINDINGS, BACK];
pub const REJECT_KEYS: Keys = &[REJECT, COMMENT, SCROLL, DIFFERENCES, FINDINGS, BACK];
pub const COMMENT_KEYS: Keys = &[("enter", "done"), ("esc", "cancel")];
pub const CONFIRM_KEYS: Keys = &[("y", "yes"), ("n", "no"), COMMENT];
pub const BACK_KEYS: Keys = &[BACK, QUIT];

const REJECT: (&str, &str) = ("r", "reject");
const COMMENT: (&str, &str) = ("c", "comment");
const SCROLL: (&str, &str) = ("↑↓", "scroll");

/// The request is being read.
pub const READING: &str = "reading the request, and whether you may answer it …";

/// How long the request waits, and for which plan.
pub fn waits(stage: &StageName, request: &ApprovalRequest, now: Timestamp) -> String {
    let left = lasting(request.expires_at.duration_since(now));
    format!("plan {} waits for approval of {stage}, {left} left", request.plan.short())
}

/// The plan is longer than the screen, and its end was not shown yet.
pub fn more_below(lines: usize, paint: Paint) -> String {
    paint.careful(&format!("{lines} more lines below: space shows them, then you can approve"))
}

/// What waits is no longer what is shown.
pub fn changed(paint: Paint) -> String {
    paint.careful("this is no longer what waits for approval; esc, then a, shows what waits now")
}

/// What is being written.
pub fn comment(text: &str, answer: Option<Answer>) -> String {
    let what = match answer {
        Some(Answer::Rejected) => "reason",
        Some(Answer::Approved) | None => "comment",
    };
    format!("{what}: {text}")
}

/// The question before an answer is sent.
pub fn question(answer: Answer, stage: &StageName, request: &ApprovalRequest, comment: &str, paint: Paint) -> String {
    let plan = request.plan.short();
    let question = match answer {
        Answer::Approved => format!("approve exactly plan {plan} for {stage}?"),
        Answer::Rejected => format!("reject plan {plan} for {stage}, which ends the release?"),
    };
    let comment = if comment.is_empty() { String::new() } else { format!("  “{comment}”") };
    format!("{}{comment}", paint.strong(&question))
}

/// The answer is on its way.
pub fn sending(answer: Answer) -> &'static str {
    match answer {
        Answer::Approved => "sending the approval …",
        Answer::Rejected => "sending the rejection …",
    }
}

/// Quitting waits for an answer.
pub const STILL_SENDING: &str = "the answer is being sent; press q again to quit without its result";

/// A sentence with its cause and hints.
pub fn failure(words: &Words, paint: Paint) -> Text {
    let mut text = Text::from(format!("{} {}", paint.bad("✗"), words.sentence));
    text = words.cause.iter().fold(text, |text, cause| text.and(below("cause", cause)));
    words.hints.iter().fold(text, |text, hint| text.and(below("hint", hint)))
}

/// What was done.
pub fn done(sentence: &str, paint: Paint) -> Text {
    Text::from(format!("{} {sentence}", paint.good("✓")))
}
