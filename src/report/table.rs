//! Tables for people.

use comfy_table::{ContentArrangement, Table, presets};

use super::text::Text;
use super::wrap::cells;
use crate::model::visible;

/// A table without borders. Where the terminal is too narrow for it, each row becomes a paragraph, so that no cell is cut: it has to
/// be read and copied whole.
pub fn table(header: &[&str], rows: Vec<Vec<String>>, width: Option<usize>) -> Text {
    let rows: Vec<Vec<String>> =
        rows.into_iter().map(|row| row.iter().map(|cell| visible::line(cell).into_owned()).collect()).collect();
    let wide = columns(header, &rows);
    match width {
        Some(width) if wide.lines().iter().any(|l| cells(l) > width) => paragraphs(header, &rows, width),
        _ => wide,
    }
}

/// The same, with free text in the last column: it is cut where a line would be too long, as long as enough of it is left.
pub fn table_with_free_text(header: &[&str], rows: Vec<Vec<String>>, width: Option<usize>) -> Text {
    let Some(width) = width else { return table(header, rows, None) };
    let last = header.len().saturating_sub(1);
    let rows: Vec<Vec<String>> =
        rows.into_iter().map(|row| row.iter().map(|cell| visible::line(cell).into_owned()).collect()).collect();
    let without: Vec<Vec<String>> =
        rows.iter().map(|row| row.iter().take(last).map(|cell| format!("{cell}  ")).collect()).collect();
    let used = (0..last).map(|at| {
        let in_rows = without.iter().map(|row| row.get(at).map_or(0, |cell| cells(cell)));
        in_rows.chain([header[at].len() + 2]).max().unwrap_or(0)
    });
    let left = width.saturating_sub(used.sum());
    if left < FREE_TEXT {
        return table(header, rows, Some(width));
    }
    let cut = |mut row: Vec<String>| {
        if let Some(text) = row.get_mut(last) {
            *text = shortened(text, left);
        }
        row
    };
    table(header, rows.into_iter().map(cut).collect(), Some(width))
}

/// The cells of free text that still say something.
const FREE_TEXT: usize = 12;

/// A text in at most this many cells; what is left out is shown as `…`.
fn shortened(text: &str, most: usize) -> String {
    if cells(text) <= most {
        return text.to_owned();
    }
    let mut kept = String::new();
    for c in text.chars() {
        kept.push(c);
        if cells(&kept) > most.saturating_sub(1) {
            kept.pop();
            break;
        }
    }
    format!("{}…", kept.trim_end())
}

fn columns(header: &[&str], rows: &[Vec<String>]) -> Text {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(header.iter().copied());
    table.add_rows(rows.iter().cloned());
    table.column_iter_mut().for_each(|column| {
        column.set_padding((0, 2));
    });
    table.to_string().lines().map(str::trim_end).collect()
}

fn paragraphs(header: &[&str], rows: &[Vec<String>], width: usize) -> Text {
    let name = header.iter().skip(1).map(|h| h.len()).max().unwrap_or(0);
    let mut text = Text::new();
    for row in rows {
        text.line(row.first().map_or("", String::as_str));
        for (header, cell) in header.iter().zip(row).skip(1).filter(|(_, cell)| !cell.is_empty()) {
            let line = Text::from(format!("  {header:<name$}  {cell}"));
            // One word stays beside its header, however long it is.
            text = text.and(if cell.contains(' ') { line.wrapped(Some(width), name + 2) } else { line });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> Vec<Vec<String>> {
        let row = |cells: [&str; 3]| cells.map(str::to_owned).to_vec();
        vec![row(["dev/web", "1/1", "hello@sha256:0548ed622ece"]), row(["prod/web", "2/2", "nginx:1.27"])]
    }

    #[test]
    fn columns_are_aligned_where_there_is_room() {
        insta::assert_snapshot!(table(&["service", "runs", "image"], rows(), Some(80)).shown(), @"
        service   runs  image
        dev/web   1/1   hello@sha256:0548ed622ece
        prod/web  2/2   nginx:1.27
        ");
    }

    #[test]
    fn a_narrow_terminal_gets_paragraphs_instead_of_broken_cells() {
        insta::assert_snapshot!(table(&["service", "runs", "image"], rows(), Some(30)).shown(), @"
        dev/web
          runs   1/1
          image  hello@sha256:0548ed622ece
        prod/web
          runs   2/2
          image  nginx:1.27
        ");
    }
}
