//! A page of a given size: each part in the longest form for which there is room.

use crate::report::paint::Paint;
use crate::report::text::Text;
use crate::report::wrap::cells;

/// How a page is printed. The size is in cells and lines.
#[derive(Debug, Clone, Copy)]
pub struct Layout {
    pub paint: Paint,
    /// `None`: lines are not broken.
    pub width: Option<usize>,
    /// `None`: everything is shown.
    pub height: Option<usize>,
}

/// A part of a page, in its forms from the shortest to the longest. The shortest is always shown, so nothing is in a longer form alone that
/// must not be missed.
pub(super) struct Part {
    forms: Vec<Text>,
    worth: Worth,
}

/// What gets room first: later ones are worth more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Worth {
    Names,
    Author,
    Endpoints,
    Checks,
    /// Their short form names the worst ones already.
    Findings,
    Configuration,
    /// Their short form has no subject.
    Commits,
}

impl Part {
    /// A part that has one form.
    pub(super) fn always(text: Text) -> Part {
        Part { forms: vec![text], worth: Worth::Names }
    }

    pub(super) fn of(worth: Worth, forms: Vec<Text>) -> Part {
        Part { forms, worth }
    }
}

/// The width of the column of names, with the blank after it.
pub(super) const NAMES: usize = 10;

/// A line with a name.
pub(super) fn row(name: &str, text: impl AsRef<str>) -> Text {
    Text::from(format!("  {name:<9} {}", text.as_ref()))
}

/// A line below one with a name.
pub(super) fn under(text: impl AsRef<str>) -> Text {
    Text::from(format!("  {:<9} {}", "", text.as_ref()))
}

/// The parts on one page.
pub(super) fn page(parts: Vec<Part>, layout: Layout) -> Text {
    let broken = |text: Text| broken(&text, layout.width);
    let parts: Vec<Part> =
        parts.into_iter().map(|part| Part { forms: part.forms.into_iter().map(broken).collect(), ..part }).collect();
    let mut chosen: Vec<usize> = match layout.height {
        None => parts.iter().map(|part| part.forms.len() - 1).collect(),
        Some(_) => vec![0; parts.len()],
    };
    if let Some(height) = layout.height {
        let lines = |at: usize, form: usize| rows(&parts[at].forms[form], layout.width);
        let mut used: usize = (0..parts.len()).map(|at| lines(at, 0)).sum();
        let mut order: Vec<usize> = (0..parts.len()).collect();
        // Parts of equal worth in the order in which they are read.
        order.sort_by_key(|at| std::cmp::Reverse(parts[*at].worth));
        // Every part gets a little more before one gets all of it.
        let longest = parts.iter().map(|part| part.forms.len()).max().unwrap_or(0);
        for form in 1..longest {
            for at in order.iter().copied().filter(|at| form < parts[*at].forms.len()) {
                let next = used - lines(at, chosen[at]) + lines(at, form);
                if next <= height {
                    (used, chosen[at]) = (next, form);
                }
            }
        }
    }
    parts.into_iter().zip(chosen).filter_map(|(part, form)| part.forms.into_iter().nth(form)).collect()
}

/// Each line broken at the width: below its own name, or a little further in.
fn broken(text: &Text, width: Option<usize>) -> Text {
    let below = " ".repeat(NAMES + 2);
    let indent = |line: &String| if line.starts_with(&below) { 2 } else { NAMES };
    let wrapped: Text = text.lines().iter().map(|line| Text::from(line).wrapped(width, indent(line))).collect();
    match width {
        Some(width) => wrapped.lines().iter().map(|line| cut(line, width)).collect(),
        None => wrapped,
    }
}

/// A line with a word that fits on no line, continued to the right of the names: the terminal would continue it at its left edge, where text
/// of others could pass for a line of the page. A command stays whole, so that it can be copied.
fn cut(line: &str, width: usize) -> Text {
    let indent = (NAMES + 2).min(width / 2);
    if cells(line) <= width || line.trim_start().starts_with("kanmon ") {
        return Text::from(line);
    }
    let mut text = Text::new();
    let mut part = String::new();
    for c in line.chars() {
        part.push(c);
        if cells(&part) > width {
            part.pop();
            text.line(std::mem::replace(&mut part, " ".repeat(indent)).trim_end());
            part.push(c);
        }
    }
    text.line(part);
    text
}

/// How many rows of a terminal a text takes: a word that fits on no line goes on in the next one.
fn rows(text: &Text, width: Option<usize>) -> usize {
    let rows = |line: &String| width.map_or(1, |width| cells(line).div_ceil(width).max(1));
    text.lines().iter().map(rows).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(worth: Worth, lines: &[usize]) -> Part {
        let form = |n: &usize| (0..*n).map(|i| format!("{worth:?} {i}")).collect::<Text>();
        Part::of(worth, lines.iter().map(form).collect())
    }

    fn shown(height: Option<usize>) -> Vec<String> {
        let parts =
            vec![part(Worth::Author, &[1, 2]), part(Worth::Commits, &[1, 3, 9]), part(Worth::Findings, &[0, 2])];
        let layout = Layout { paint: Paint(false), width: Some(80), height };
        page(parts, layout).shown().lines().map(str::to_owned).collect()
    }

    #[test]
    fn what_is_worth_more_gets_room_first_and_the_order_stays() {
        assert_eq!(shown(Some(4)), ["Author 0", "Commits 0", "Commits 1", "Commits 2"]);
        assert_eq!(shown(Some(6))[4..], ["Findings 0", "Findings 1"]);
        // The first form of everything before the second of one.
        assert_eq!(shown(Some(12)).len(), 7);
    }

    #[test]
    fn a_word_that_is_wider_than_the_terminal_takes_as_many_rows_as_it_needs() {
        let long = row("approvers", "x".repeat(100));
        assert_eq!((rows(&long, Some(80)), rows(&long, None)), (2, 1));
    }

    #[test]
    fn without_room_the_short_forms_are_shown_and_without_a_limit_the_long_ones() {
        assert_eq!(shown(Some(0)), ["Author 0", "Commits 0"]);
        assert_eq!(shown(None).len(), 13);
    }
}
