//! One line of the story of a release.

use jiff::Timestamp;

use super::paint::Paint;
use super::text::Text;
use super::time;
use crate::model::visible;

/// The kind of a line, shown as a sign before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// It has begun.
    Begun,
    Done,
    Failed,
    Careful,
    /// A person has to decide.
    Asks,
    Note,
    /// Shown with `--verbose` only.
    Detail,
}

/// The topic, what happened, and the lines below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoryLine {
    pub mark: Mark,
    pub topic: String,
    pub text: String,
    pub more: Vec<String>,
}

/// The width of the column of topics.
const TOPIC: usize = 16;

impl StoryLine {
    pub fn new(mark: Mark, topic: impl Into<String>, text: impl Into<String>) -> Option<StoryLine> {
        Some(StoryLine { mark, topic: topic.into(), text: text.into(), more: Vec::new() })
    }

    pub fn with(mark: Mark, topic: impl Into<String>, text: impl Into<String>, more: Vec<String>) -> Option<StoryLine> {
        Some(StoryLine { mark, topic: topic.into(), text: text.into(), more })
    }

    /// As it is printed; fitted to a terminal of this width, in cells.
    pub fn render(&self, paint: Paint, width: Option<usize>) -> Text {
        let topic = format!("{:<TOPIC$}", visible::line(&self.topic));
        let (sign, topic) = match self.mark {
            Mark::Begun => ("→".to_owned(), paint.strong(&topic)),
            Mark::Done => (paint.good("✓"), topic),
            Mark::Failed => (paint.bad("✗"), paint.bad(&topic)),
            Mark::Careful => (paint.careful("!"), topic),
            Mark::Asks => (paint.careful("?"), paint.strong(&topic)),
            Mark::Note | Mark::Detail => (paint.faint("·"), topic),
        };
        let indent = TOPIC + 3;
        let text = Text::from(format!("{sign} {topic} {}", self.text)).wrapped(width, indent);
        let more: Text = self.more.iter().collect();
        text.and(more.after(&" ".repeat(indent)).wrapped(width, 2))
    }

    /// The same, with its time before it.
    pub fn dated(&self, at: Timestamp, paint: Paint, width: Option<usize>) -> Text {
        let at = time::second(at);
        let cells = at.chars().count() + 1;
        let text = self.render(paint, width.map(|w| w.saturating_sub(cells)));
        text.beside(&paint.faint(&at), cells)
    }
}
