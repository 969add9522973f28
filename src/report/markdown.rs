//! Markdown as plain text for a terminal: what README.md uses of it.

use super::paint::Paint;
use super::table::table;
use super::text::Text;

/// How far everything below a heading is indented.
const INDENT: &str = "  ";

/// Code is indented further, and never broken: it is there to be copied.
const CODE: &str = "      ";

/// The text, fitted to a terminal of this width, in cells.
pub fn text(markdown: &str, paint: Paint, width: usize) -> Text {
    let layout = Layout { paint, width };
    let mut text = Text::new();
    let mut before = None;
    let mut lines = markdown.lines().peekable();
    while let Some(line) = lines.next() {
        if line.trim().is_empty() {
            continue;
        }
        let mut block = vec![line];
        let kind = Kind::of(line);
        if kind == Kind::Code {
            block.extend(lines.by_ref().take_while(|line| !line.trim_start().starts_with("```")));
        } else {
            while let Some(next) = lines.next_if(|next| kind.goes_on(next)) {
                block.push(next);
            }
        }
        // The items of a list have no gap between them.
        let gap = match before.replace(kind) {
            None => Text::new(),
            Some(before) if before == kind && kind == Kind::Item => Text::new(),
            Some(_) => Text::from(""),
        };
        text = text.and(gap).and(layout.block(kind, &block));
    }
    text
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Heading,
    Code,
    Table,
    Item,
    Paragraph,
}

impl Kind {
    fn of(line: &str) -> Kind {
        match line {
            _ if line.starts_with('#') => Kind::Heading,
            _ if line.trim_start().starts_with("```") => Kind::Code,
            _ if line.starts_with('|') => Kind::Table,
            _ if marker(line).is_some() => Kind::Item,
            _ => Kind::Paragraph,
        }
    }

    /// Whether the next line belongs to the same block.
    fn goes_on(self, next: &str) -> bool {
        match self {
            Kind::Heading | Kind::Code => false,
            Kind::Table => next.starts_with('|'),
            Kind::Item | Kind::Paragraph => !next.trim().is_empty() && Kind::of(next) == Kind::Paragraph,
        }
    }
}

/// The marker of a list's item, with its blank.
fn marker(line: &str) -> Option<&str> {
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    match line.strip_prefix("- ") {
        Some(_) => Some("- "),
        None if digits > 0 && line[digits..].starts_with(". ") => Some(&line[..digits + 2]),
        None => None,
    }
}

#[derive(Clone, Copy)]
struct Layout {
    paint: Paint,
    width: usize,
}

impl Layout {
    fn block(self, kind: Kind, lines: &[&str]) -> Text {
        let joined = || lines.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ");
        match kind {
            Kind::Heading => Text::from(self.paint.strong(&self.inline(lines[0].trim_start_matches(['#', ' '])))),
            Kind::Code => lines[1..].iter().map(|line| format!("{CODE}{line}")).collect(),
            Kind::Table => self.table(lines),
            Kind::Item => {
                let indent = marker(lines[0]).map_or(0, str::len);
                self.line(&joined(), indent)
            }
            Kind::Paragraph => self.line(&joined(), 0),
        }
    }

    fn line(self, line: &str, indent: usize) -> Text {
        Text::prose(&format!("{INDENT}{}", self.inline(line)), self.width, indent)
    }

    fn table(self, lines: &[&str]) -> Text {
        let mut rows = lines.iter().filter(|line| !line.starts_with("| ---")).map(|line| self.cells(line));
        let header = rows.next().unwrap_or_default();
        let names: Vec<&str> = header.iter().map(String::as_str).collect();
        let room = self.width.saturating_sub(INDENT.len());
        table(&names, rows.collect(), Some(room)).after(INDENT).wrapped(Some(self.width), INDENT.len())
    }

    /// The cells of a table's row.
    fn cells(self, row: &str) -> Vec<String> {
        let mut cells = vec![String::new()];
        let mut quoted = false;
        for c in row.trim().trim_start_matches('|').trim_end_matches('|').chars() {
            quoted ^= c == '`';
            match cells.last_mut() {
                Some(_) if c == '|' && !quoted => cells.push(String::new()),
                Some(cell) => cell.push(c),
                None => {}
            }
        }
        cells.iter().map(|cell| self.inline(cell.trim())).collect()
    }

    /// Without links and emphasis; what is in backticks stays as it is, so that it can be copied and is not broken.
    fn inline(self, text: &str) -> String {
        let unlinked = unlinked(text);
        let parts = unlinked.split('`').enumerate();
        parts.map(|(at, part)| if at % 2 == 1 { format!("`{part}`") } else { self.emphasized(part) }).collect()
    }

    fn emphasized(self, text: &str) -> String {
        let parts = text.split("**").enumerate();
        parts.map(|(at, part)| if at % 2 == 1 { self.paint.strong(part) } else { part.replace('*', "") }).collect()
    }
}

/// `[text](target)` as its text, with an address behind it.
fn unlinked(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, label, target, after)) = link(rest) {
        out += before;
        out += label;
        if target.contains("://") {
            out += &format!(" ({target})");
        }
        rest = after;
    }
    out + rest
}

/// What is before the next link, its parts, and what is after it.
fn link(text: &str) -> Option<(&str, &str, &str, &str)> {
    let (before, rest) = text.split_once("](")?;
    let (before, label) = before.rsplit_once('[')?;
    let (target, after) = rest.split_once(')')?;
    Some((before, label, target, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markdown_is_plain_text_that_fits() {
        let markdown = "\
## The *gate*

The file's `gate:` applies to every stage, **and** a stage
can only [tighten](#gate) it, as `[a, b]` do; see [the page](https://example.com/a) and [`b`](b).

- One item that is long enough to be broken
  over lines.
- `a | b`

1. first

```sh
# not a heading
kanmon check --pipeline pipelines/a-very-long-name.yaml
```

| key | meaning |
| --- | --- |
| `max_age` | how **old** |
";
        insta::assert_snapshot!(text(markdown, Paint(false), 40).shown(), @"
        The gate

          The file's `gate:` applies to every
          stage, and a stage can only tighten
          it, as `[a, b]` do; see the page
          (https://example.com/a) and `b`.

          - One item that is long enough to be
            broken over lines.
          - `a | b`
          1. first

              # not a heading
              kanmon check --pipeline pipelines/a-very-long-name.yaml

          key        meaning
          `max_age`  how old
        ");
    }

    #[test]
    fn what_a_terminal_would_obey_is_escaped() {
        let shown = text("a\u{1b}[31mb `c\u{9b}`\n\n```\n\u{1b}]0;x\u{7}\n```", Paint(true), 80).shown();
        assert_eq!(shown, "  a\\u{1b}[31mb `c\\u{9b}`\n\n      \\u{1b}]0;x\\u{7}");
    }
}
