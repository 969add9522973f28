//! Text fitted to a terminal: broken between words, and continued with an indent.

use unicode_width::UnicodeWidthChar;

use super::paint::ours;

/// Breaks a line at `width` cells; what follows a break is indented by `indent` more than the line. Words are never cut, so that a
/// digest or a URL can be copied, and neither is a command: in backticks, or on its own line.
pub(super) fn wrap_line(line: &str, width: usize, indent: usize) -> Vec<String> {
    if is_command(line) { vec![line.to_owned()] } else { wrap_prose(line, width, indent) }
}

/// The same for a line that is no command, even if it begins like one.
pub(super) fn wrap_prose(line: &str, width: usize, indent: usize) -> Vec<String> {
    if cells(line) <= width {
        return vec![line.to_owned()];
    }
    let start = line.len() - line.trim_start_matches(' ').len();
    let below = (start + indent).min(width / 2);
    let mut lines = Vec::new();
    let mut out = line[..start].to_owned();
    let mut used = start;
    let mut empty = true;
    for word in words(&line[start..]) {
        let bare = cells(word.trim_end_matches(' '));
        // A word that fits on no line is left to the terminal; one that fits only with less indent gets less.
        if !empty && used + bare > width && bare <= width {
            used = below.min(width - bare);
            let broken = std::mem::replace(&mut out, " ".repeat(used));
            lines.push(broken.trim_end_matches(' ').to_owned());
        }
        out.push_str(word);
        used += cells(word);
        if bare > width {
            used %= width;
        }
        empty = false;
    }
    lines.push(out);
    lines
}

/// Whether the line is a command to copy.
fn is_command(line: &str) -> bool {
    let bare = line.trim_start_matches(' ');
    bare.strip_prefix(ours())
        .and_then(|rest| rest.split_once('m'))
        .map_or(bare, |(_, rest)| rest)
        .starts_with("kanmon ")
}

/// The words of a line, each with the blanks after it; what stands in backticks is one word.
fn words(line: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut quoted = false;
    let mut from = 0;
    for (at, c) in line.char_indices() {
        match c {
            '`' => quoted = !quoted && line[at + 1..].contains('`'),
            ' ' if !quoted => {
                words.push(&line[from..=at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    words.push(&line[from..]);
    words
}

/// How many cells a text takes on a terminal: colours none, wide characters two.
pub fn cells(text: &str) -> usize {
    let mut escaped = false;
    let mut sum = 0;
    for c in text.chars() {
        match (escaped, c) {
            (false, '\x1b') => escaped = true,
            (true, 'm') => escaped = false,
            (true, _) => {}
            (false, c) => sum += c.width().unwrap_or(0),
        }
    }
    sum
}

/// A text without colours, cut to this many cells; a cut is shown by `…`.
pub fn clipped(text: &str, most: usize) -> String {
    if cells(text) <= most {
        return text.to_owned();
    }
    let mut out = String::new();
    let mut used = 0;
    for c in text.chars() {
        used += c.width().unwrap_or(0);
        if used + 1 > most {
            break;
        }
        out.push(c);
    }
    if most > 0 { out + "…" } else { out }
}

/// The same, filled with blanks up to this many cells.
pub fn padded(text: &str, width: usize) -> String {
    filled(&clipped(text, width), width)
}

/// A text that may have colours, filled with blanks up to this many cells.
pub fn filled(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(cells(text))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrap(text: &str, width: usize, indent: usize) -> String {
        wrap_line(text, width, indent).join("\n")
    }

    #[test]
    fn lines_break_between_words_and_continue_with_an_indent() {
        insta::assert_snapshot!(wrap("  hint: name one of the files there with --pipeline FILE", 30, 6), @"
          hint: name one of the files
                there with --pipeline
                FILE
        ");
    }

    #[test]
    fn a_word_that_fits_only_with_less_indent_gets_less() {
        assert_eq!(
            wrap("topic scan: PENDING_INITIAL_SCAN now", 24, 12),
            "topic scan:\n    PENDING_INITIAL_SCAN\n            now"
        );
    }

    #[test]
    fn a_word_longer_than_the_line_is_left_to_the_terminal() {
        let url = "https://example.com/a/very/long/path";
        assert_eq!(wrap(&format!("asked {url} twice"), 20, 2), format!("asked {url} twice"));
    }

    #[test]
    fn a_command_stays_in_one_piece() {
        assert_eq!(
            wrap("hint: `kanmon promote r1 --to dev` tries again", 32, 6),
            "hint:\n    `kanmon promote r1 --to dev`\n      tries again"
        );
        assert_eq!(
            wrap("  kanmon approve r1 --plan 0123456789abcdef", 20, 4),
            "  kanmon approve r1 --plan 0123456789abcdef"
        );
        assert_eq!(wrap("one ` alone breaks", 10, 0), "one `\nalone\nbreaks");
    }

    #[test]
    fn colours_take_no_room_and_wide_characters_two_cells() {
        assert_eq!(cells("\x1b[32m関門\x1b[0m ok"), 7);
        assert_eq!(cells("e\u{301}✓"), 2, "a combining mark takes none");
    }

    #[test]
    fn a_text_is_cut_and_filled_by_cells() {
        assert_eq!(clipped("関門です", 8), "関門です");
        assert_eq!((clipped("関門です", 7), clipped("関門です", 6)), ("関門で…".into(), "関門…".into()));
        assert_eq!((clipped("abc", 1), clipped("abc", 0)), ("…".into(), String::new()));
        assert_eq!(padded("関門です", 6), "関門… ");
    }
}
