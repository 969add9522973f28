//! Text for people: lines in which nothing is hidden, whoever wrote their parts.
//!
//! Whatever kanmon prints for people is a `Text`. One piece of text is one line: a line break that somebody else wrote is shown
//! as `\n` and cannot make a line of its own. Several lines are several pieces.

use super::paint::{Ink, ours};
use super::wrap::{wrap_line, wrap_prose};
use crate::model::visible;

/// Lines, each made harmless when it is added; kanmon's own colours are kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Text {
    lines: Vec<String>,
}

impl Text {
    pub fn new() -> Text {
        Text::default()
    }

    /// Lines of kanmon's own.
    pub fn ours(text: &'static str) -> Text {
        Text::laid_out(text)
    }

    /// Lines that were laid out elsewhere, from parts that [`visible::line`] had made harmless.
    pub fn laid_out(text: &str) -> Text {
        text.split('\n').collect()
    }

    /// Adds one line.
    pub fn line(&mut self, line: impl AsRef<str>) {
        self.lines.push(harmless(line.as_ref()));
    }

    /// These lines, and those below them.
    #[must_use]
    pub fn and(mut self, below: Text) -> Text {
        self.lines.extend(below.lines);
        self
    }

    /// Each line, changed.
    #[must_use]
    pub fn map(self, change: impl Fn(&str) -> String) -> Text {
        Text { lines: self.lines.iter().map(|line| harmless(&change(line))).collect() }
    }

    /// Each line with this before it.
    #[must_use]
    pub fn after(self, before: &str) -> Text {
        let before = harmless(before);
        Text { lines: self.lines.into_iter().map(|line| format!("{before}{line}")).collect() }
    }

    /// The first line after this and a blank; the others below it, indented by this many cells.
    #[must_use]
    pub(super) fn beside(self, first: &str, cells: usize) -> Text {
        let first = harmless(first);
        let line = |(i, line): (usize, String)| match i {
            0 => format!("{first} {line}"),
            _ => format!("{}{line}", " ".repeat(cells)),
        };
        Text { lines: self.lines.into_iter().enumerate().map(line).collect() }
    }

    /// Each line broken between words at this width, in cells; what follows a break is indented by `indent` more than its line.
    #[must_use]
    pub fn wrapped(self, width: Option<usize>, indent: usize) -> Text {
        let Some(width) = width else { return self };
        Text { lines: self.lines.iter().flat_map(|line| wrap_line(line, width, indent)).collect() }
    }

    /// One line broken like those of `wrapped`, even if it begins like a command.
    #[must_use]
    pub(super) fn prose(line: &str, width: usize, indent: usize) -> Text {
        wrap_prose(&harmless(line), width, indent).into_iter().collect()
    }

    /// Colours are not yet replaced by the terminal's.
    pub(super) fn lines(&self) -> &[String] {
        &self.lines
    }

    /// Each line in pieces, for a screen that is drawn cell by cell.
    pub fn pieces(&self) -> Vec<Vec<Piece>> {
        self.lines.iter().map(|line| pieces(line)).collect()
    }

    /// As it is printed: without a last line break, and with the terminal's colours.
    pub fn shown(&self) -> String {
        self.lines.join("\n").replace(ours(), "\x1b[")
    }
}

impl From<&str> for Text {
    fn from(line: &str) -> Text {
        Text { lines: vec![harmless(line)] }
    }
}

impl From<&String> for Text {
    fn from(line: &String) -> Text {
        Text::from(line.as_str())
    }
}

impl<T: Into<Text>> FromIterator<T> for Text {
    fn from_iter<I: IntoIterator<Item = T>>(pieces: I) -> Text {
        Text { lines: pieces.into_iter().flat_map(|piece| piece.into().lines).collect() }
    }
}

impl From<String> for Text {
    fn from(line: String) -> Text {
        Text::from(line.as_str())
    }
}

/// A part of a line with one emphasis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    pub ink: Ink,
    pub text: String,
}

fn pieces(line: &str) -> Vec<Piece> {
    let mut parts = line.split(ours());
    let plain = parts.next().map(|text| Piece { ink: Ink::Plain, text: text.to_owned() });
    let coloured = parts.map(|part| {
        let (code, text) = part.split_once('m').unwrap_or(("", part));
        Piece { ink: Ink::of(code), text: text.to_owned() }
    });
    plain.into_iter().chain(coloured).filter(|piece| !piece.text.is_empty()).collect()
}

/// One line, made harmless around kanmon's own colours.
fn harmless(line: &str) -> String {
    line.split(ours()).map(visible::line).collect::<Vec<_>>().join(ours())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::paint::Paint;

    #[test]
    fn own_colours_are_kept_and_others_are_made_visible() {
        let text = Text::from(format!("{} by \x1b[8mDev", Paint(true).good("ok")));
        assert_eq!(text.shown(), "\x1b[32mok\x1b[0m by \\u{1b}[8mDev");
    }

    #[test]
    fn a_line_break_in_a_part_does_not_start_a_line() {
        let mut text = Text::from("gate  blocked");
        text.line("reason\n  gate  passed");
        assert_eq!(text.shown(), "gate  blocked\nreason\\n  gate  passed");
    }

    #[test]
    fn a_line_is_taken_apart_where_its_emphasis_changes() {
        let text = Text::from(format!("a {} \x1b[31mb", Paint(true).strong("関門")));
        let piece = |ink, text: &str| Piece { ink, text: text.to_owned() };
        let expected = vec![piece(Ink::Plain, "a "), piece(Ink::Strong, "関門"), piece(Ink::Plain, " \\u{1b}[31mb")];
        assert_eq!(text.pieces(), [expected]);
    }

    #[test]
    fn lines_are_joined_indented_and_broken() {
        let text = Text::ours("one\ntwo words").and(Text::from("three")).after("  ");
        assert_eq!(text.wrapped(Some(9), 2).shown(), "  one\n  two\n    words\n  three");
    }
}
