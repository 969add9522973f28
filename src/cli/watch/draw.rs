//! A view on a screen, cell by cell.

use ratatui_core::buffer::Buffer;
use ratatui_core::layout::{Position, Rect};
use ratatui_core::style::{Color, Modifier, Style};
use ratatui_core::text::{Line, Span};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::event::Drawn;
use super::view::View;
use crate::report::paint::Ink;
use crate::report::text::{Piece, Text};

/// The mark of the selected line, and of the others.
const MARKS: [&str; 2] = ["▸ ", "  "];

/// Draws the view; answers what of its body is shown, and where the cursor stands.
pub fn draw(view: &View, area: Rect, buffer: &mut Buffer) -> (Drawn, Option<Position>) {
    let area = area.intersection(buffer.area);
    let width = usize::from(area.width);
    if area.is_empty() {
        return (Drawn::default(), None);
    }
    let mut rows = Rows { top: area.top(), bottom: area.bottom(), area };
    title(view, rows.take_top(1), buffer);
    let keys = folded_keys(view, width);
    // On a screen of a few rows the body is worth more than the keys.
    let footer = u16::try_from(keys.len()).unwrap_or(1).min(area.height / 4);
    put(&keys, rows.take_bottom(footer), buffer);
    rule("", rows.take_bottom(1), buffer);
    let prompt = folded(&view.prompt, width);
    let room = rows.height().div_ceil(2);
    let at = rows.take_bottom(u16::try_from(prompt.len()).unwrap_or(room).min(room));
    // Of a long prompt its last lines matter: what is asked.
    let skipped = prompt.len().saturating_sub(usize::from(at.height));
    put(&prompt[skipped..], at, buffer);
    let cursor = (view.cursor && !at.is_empty()).then(|| {
        let last = prompt.last().map_or(0, |line| line.width());
        let x = u16::try_from(last).unwrap_or(0).min(at.width.saturating_sub(1));
        Position::new(at.x + x, at.bottom().saturating_sub(1))
    });
    let head = folded(&view.head, width);
    if !head.is_empty() {
        let room = rows.height() / 2;
        put(&head, rows.take_top(u16::try_from(head.len()).unwrap_or(room).min(room)), buffer);
        rule(view.heading, rows.take_top(1), buffer);
    }
    (body(view, rows.rest(), buffer), cursor)
}

fn title(view: &View, at: Rect, buffer: &mut Buffer) {
    let of = |text: &str| folded(&Text::from(text), usize::from(at.width)).into_iter().next().unwrap_or_default();
    let (left, right) = (of(&view.title), of(&view.status));
    buffer.set_line(at.x, at.y, &left, at.width);
    let width = u16::try_from(right.width()).unwrap_or(at.width);
    // The status is drawn over the title: it may say that what is shown is old.
    buffer.set_line(at.right().saturating_sub(width), at.y, &right, width);
}

fn rule(heading: &str, at: Rect, buffer: &mut Buffer) {
    if at.is_empty() {
        return;
    }
    let faint = Style::new().add_modifier(Modifier::DIM);
    buffer.set_stringn(at.x, at.y, "─".repeat(usize::from(at.width)), usize::from(at.width), faint);
    buffer.set_stringn(at.x + 1, at.y, heading, usize::from(at.width.saturating_sub(1)), faint);
}

fn body(view: &View, at: Rect, buffer: &mut Buffer) -> Drawn {
    let height = usize::from(at.height);
    let mark = if view.selected.is_some() { MARKS[1].width() } else { 0 };
    let lines = folded(&view.body, usize::from(at.width).saturating_sub(mark));
    let most = lines.len().saturating_sub(height);
    let first = match view.selected {
        // The selected line stays in sight.
        Some(line) => view.scroll.min(line).max((line + 1).saturating_sub(height)).min(most),
        None => view.scroll.min(most),
    };
    for (row, (at_line, line)) in lines.iter().enumerate().skip(first).take(height).enumerate() {
        let y = at.y + u16::try_from(row).unwrap_or(0);
        let is_selected = view.selected == Some(at_line);
        if mark > 0 {
            buffer.set_line(at.x, y, &Line::from(MARKS[usize::from(!is_selected)]), at.width);
        }
        let mark = u16::try_from(mark).unwrap_or(0);
        buffer.set_line(at.x + mark.min(at.width), y, line, at.width.saturating_sub(mark));
        if is_selected {
            let row = Rect { y, height: 1, ..at };
            buffer.set_style(row, Style::new().add_modifier(Modifier::BOLD));
        }
    }
    Drawn { first, rows: height.min(lines.len() - first), total: lines.len() }
}

/// What is left of the screen.
struct Rows {
    top: u16,
    bottom: u16,
    area: Rect,
}

impl Rows {
    fn height(&self) -> u16 {
        self.bottom - self.top
    }

    fn take_top(&mut self, height: u16) -> Rect {
        let height = height.min(self.height());
        let at = Rect { y: self.top, height, ..self.area };
        self.top += height;
        at
    }

    fn take_bottom(&mut self, height: u16) -> Rect {
        let height = height.min(self.height());
        self.bottom -= height;
        Rect { y: self.bottom, height, ..self.area }
    }

    fn rest(self) -> Rect {
        Rect { y: self.top, height: self.height(), ..self.area }
    }
}

fn put(lines: &[Line<'_>], at: Rect, buffer: &mut Buffer) {
    for (y, line) in (at.top()..at.bottom()).zip(lines) {
        buffer.set_line(at.x, y, line, at.width);
    }
}

/// The keys in as many lines as they need.
fn folded_keys(view: &View, width: usize) -> Vec<Line<'static>> {
    let mut lines = vec![Line::default()];
    for (key, word) in view.keys {
        let piece = [Span::styled(*key, Style::new().add_modifier(Modifier::BOLD)), Span::raw(format!(" {word}"))];
        let needs: usize = piece.iter().map(Span::width).sum();
        let line = lines.last_mut().expect("the first line is there from the start");
        if line.width() > 0 && line.width() + 2 + needs > width {
            lines.push(Line::from(piece.to_vec()));
        } else {
            if line.width() > 0 {
                line.push_span("  ");
            }
            line.extend(piece);
        }
    }
    lines
}

/// Lines of at most this many cells: nothing is cut off, because people decide about what they see.
fn folded(text: &Text, width: usize) -> Vec<Line<'static>> {
    text.pieces().into_iter().flat_map(|pieces| folded_line(pieces, width.max(1))).collect()
}

fn folded_line(pieces: Vec<Piece>, width: usize) -> Vec<Line<'static>> {
    let (mut lines, mut line, mut used) = (Vec::new(), Line::default(), 0);
    for Piece { ink, text } in pieces {
        let mut span = String::new();
        for c in text.chars() {
            let cells = c.width().unwrap_or(0);
            if used + cells > width && used > 0 {
                line.push_span(Span::styled(std::mem::take(&mut span), style(ink)));
                lines.push(std::mem::take(&mut line));
                used = 0;
            }
            span.push(c);
            used += cells;
        }
        line.push_span(Span::styled(span, style(ink)));
    }
    lines.push(line);
    lines
}

fn style(ink: Ink) -> Style {
    match ink {
        Ink::Plain => Style::new(),
        Ink::Good => Style::new().fg(Color::Green),
        Ink::Bad => Style::new().fg(Color::Red),
        Ink::Careful => Style::new().fg(Color::Yellow),
        Ink::Strong => Style::new().add_modifier(Modifier::BOLD),
        Ink::Faint => Style::new().add_modifier(Modifier::DIM),
    }
}
