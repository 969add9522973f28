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
        Some(width) if wide.lines().iter().any(|l| cells(l) > width) => paragraphs(header, &rows),
        _ => wide,
    }
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

fn paragraphs(header: &[&str], rows: &[Vec<String>]) -> Text {
    let name = header.iter().skip(1).map(|h| h.len()).max().unwrap_or(0);
    let mut text = Text::new();
    for row in rows {
        text.line(row.first().map_or("", String::as_str));
        header.iter().zip(row).skip(1).for_each(|(header, cell)| text.line(format!("  {header:<name$}  {cell}")));
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
