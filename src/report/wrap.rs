//! Text fitted to a terminal: broken between words, and continued with an indent.

/// Breaks a line at `width` cells; what follows a break is indented by `indent` more than the line. Words are never cut, so that a
/// digest or a URL can be copied.
pub(super) fn wrap_line(line: &str, width: usize, indent: usize) -> Vec<String> {
    if cells(line) <= width {
        return vec![line.to_owned()];
    }
    let start = line.len() - line.trim_start_matches(' ').len();
    let below = (start + indent).min(width / 2);
    let mut lines = Vec::new();
    let mut out = line[..start].to_owned();
    let mut used = start;
    let mut empty = true;
    for word in line[start..].split_inclusive(' ') {
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

/// How many cells a text takes on a terminal: colours none, East Asian characters two.
pub fn cells(text: &str) -> usize {
    let mut escaped = false;
    let mut sum = 0;
    for c in text.chars() {
        match (escaped, c) {
            (false, '\x1b') => escaped = true,
            (true, 'm') => escaped = false,
            (true, _) => {}
            (false, c) => sum += if is_wide(c) { 2 } else { 1 },
        }
    }
    sum
}

fn is_wide(c: char) -> bool {
    matches!(u32::from(c), 0x1100..=0x115f | 0x2e80..=0xa4cf | 0xac00..=0xd7a3 | 0xf900..=0xfaff | 0xfe30..=0xfe6f
        | 0xff00..=0xff60 | 0xffe0..=0xffe6 | 0x1f300..=0x1faff | 0x20000..=0x3fffd)
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
    fn colours_take_no_room_and_wide_characters_two_cells() {
        assert_eq!(cells("\x1b[32m関門\x1b[0m ok"), 7);
    }
}
