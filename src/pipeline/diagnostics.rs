//! Mistakes in files, all reported at once: where, what is wrong, and what to write instead.

use std::fmt;

use serde::Serialize;

use crate::model::visible;

/// A position in a file: line and column count from 1, in characters. Line 0 is the file as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Span {
    pub line: usize,
    pub column: usize,
    pub length: usize,
}

/// Something wrong in the file that is being read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    pub span: Span,
    pub message: String,
    pub hint: Option<String>,
}

impl Mistake {
    pub fn new(span: Span, message: impl Into<String>) -> Mistake {
        Mistake { span, message: message.into(), hint: None }
    }

    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Mistake {
        self.hint = Some(hint.into());
        self
    }
}

/// A text file, and its name in messages.
#[derive(Debug, Clone)]
pub struct Source {
    pub file: String,
    pub text: String,
}

impl Source {
    /// A mistake, with the line it is in.
    pub fn diagnose(&self, mistake: Mistake) -> Diagnostic {
        let Mistake { span, message, hint } = mistake;
        let text = span.line.checked_sub(1).and_then(|i| self.text.lines().nth(i)).map(str::to_owned);
        Diagnostic {
            file: self.file.clone(),
            line: span.line,
            column: span.column,
            length: span.length,
            message,
            hint,
            text,
        }
    }
}

/// A mistake as it is shown, and as `--output json` shows it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Diagnostic {
    pub file: String,
    /// From 1; 0 where the file as a whole is meant.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// How many characters are marked.
    pub length: usize,
    pub message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// The line itself.
    #[serde(skip)]
    pub text: Option<String>,
}

/// Lines longer than this are cut around the caret.
const WIDTH: usize = 140;

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (file, message) = (visible::line(&self.file), visible::line(&self.message));
        if self.line == 0 {
            write!(f, "{file}: {message}")?;
        } else {
            write!(f, "{file}:{}:{}: {message}", self.line, self.column)?;
            if let Some(text) = &self.text {
                let (shown, pad, marked) = self.excerpt(text);
                write!(f, "\n{:>5} | {shown}\n      | {}{}", self.line, " ".repeat(pad), "^".repeat(marked))?;
            }
        }
        match &self.hint {
            Some(hint) => write!(f, "\nhint: {}", visible::line(hint)),
            None => Ok(()),
        }
    }
}

impl Diagnostic {
    /// The line as it is printed, and in terminal cells: the width before the caret, and the caret's length.
    fn excerpt(&self, text: &str) -> (String, usize, usize) {
        let chars: Vec<char> = text.chars().map(printable).collect();
        let start = (self.column.max(1) - 1).min(chars.len());
        let from = if chars.len() > WIDTH { start.saturating_sub(WIDTH / 2) } else { 0 };
        let to = chars.len().min(from + WIDTH);
        let end = (start + self.length.max(1)).min(to).max(start);
        let cells = |part: &[char]| part.iter().map(|c| width(*c)).sum::<usize>();
        (chars[from..to].iter().collect(), cells(&chars[from..start]), cells(&chars[start..end]).max(1))
    }
}

/// A harmful character is replaced by one cell, so that the caret is in the right position.
fn printable(c: char) -> char {
    match c {
        '\t' => ' ',
        c if visible::is_harmful(c) => '\u{fffd}',
        c => c,
    }
}

/// Cells that a character takes on a terminal (East Asian wide ones take two).
fn width(c: char) -> usize {
    match u32::from(c) {
        0x0300..=0x036f | 0x200b..=0x200d | 0xfe00..=0xfe0f => 0,
        0x1100..=0x115f | 0x2e80..=0xa4cf | 0xac00..=0xd7a3 | 0xf900..=0xfaff | 0xfe30..=0xfe6f => 2,
        0xff00..=0xff60 | 0xffe0..=0xffe6 | 0x1f300..=0x1faff | 0x20000..=0x3fffd => 2,
        _ => 1,
    }
}

/// Every mistake found in one reading, in the order of the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(transparent)]
pub struct Diagnostics {
    items: Vec<Diagnostic>,
}

impl Diagnostics {
    /// Sorted, without repeats; `first` is the file whose mistakes come first.
    pub(super) fn new(first: &str, mut items: Vec<Diagnostic>) -> Diagnostics {
        items.sort_by(|a, b| (a.file != first, a).cmp(&(b.file != first, b)));
        items.dedup();
        Diagnostics { items }
    }

    pub fn items(&self) -> &[Diagnostic] {
        &self.items
    }

    /// The machine's form: a list of `{file, line, column, length, message, hint}`.
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::to_value(self).expect("texts and numbers always serialize")
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for item in &self.items {
            write!(f, "{item}\n\n")?;
        }
        match self.items.len() {
            1 => write!(f, "1 mistake"),
            n => write!(f, "{n} mistakes"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, column: usize, length: usize) -> String {
        let source = Source { file: "pipelines/a.yaml".into(), text: text.into() };
        source.diagnose(Mistake::new(Span { line: 1, column, length }, "wrong").hint("right")).to_string()
    }

    #[test]
    fn the_caret_is_under_the_mistake_also_after_wide_characters() {
        insta::assert_snapshot!(shown("審査: 関門 x", 5, 2), @r"
        pipelines/a.yaml:1:5: wrong
            1 | 審査: 関門 x
              |       ^^^^
        hint: right
        ");
    }

    #[test]
    fn escape_sequences_of_the_file_do_not_reach_the_terminal() {
        assert!(!shown("a: \u{1b}[31mred", 1, 1).contains('\u{1b}'));
    }

    #[test]
    fn a_long_line_is_cut_around_the_caret() {
        let line = format!("{}here{}", "x".repeat(500), "y".repeat(500));
        let shown = shown(&line, 501, 4);
        assert!(shown.contains("here") && shown.lines().all(|l| l.chars().count() < 160), "{shown}");
    }

    #[test]
    fn a_column_past_the_end_of_the_line_is_shown() {
        assert!(shown("a", 40, 9).contains('^'));
    }
}
