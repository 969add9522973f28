//! The sanitizer for text of others before it is printed.
//!
//! A terminal obeys escape sequences, and some invisible characters reorder or hide text. The output of git, AWS and registries, files and
//! people's comments may contain them. They are shown as escapes (`\u{1b}`), so that the reader sees them.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Whether a character moves, hides or reorders text: control characters (C0, DEL, C1), line and paragraph
/// separators, bidirectional controls, and characters without a width.
pub fn is_harmful(c: char) -> bool {
    c.is_control()
        || matches!(u32::from(c),
            0x00ad | 0x034f | 0x061c | 0x115f..=0x1160 | 0x17b4..=0x17b5 | 0x180b..=0x180f
            // Zero width, line and paragraph separators, bidirectional embeddings, overrides, marks and isolates.
            | 0x200b..=0x200f | 0x2028..=0x202e | 0x2060..=0x206f
            | 0x3164 | 0xfeff | 0xffa0 | 0xfff0..=0xfffb
            // Tags, which are invisible text.
            | 0xe0000..=0xe0fff)
}

/// The text as one line in which nothing is hidden; a line break or a tab becomes visible too.
pub fn line(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_harmful) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().fold(String::with_capacity(text.len() + 16), |mut out, c| {
        escape(c, &mut out);
        out
    }))
}

/// Adds a character as it may be printed.
pub fn escape(c: char, out: &mut String) {
    match c {
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        c if is_harmful(c) => out.extend(c.escape_unicode()),
        c => out.push(c),
    }
}

/// JSON text whose strings hold nothing that a terminal obeys: the same value, with more of its characters escaped. JSON itself
/// escapes the C0 controls alone.
pub fn json(text: &str) -> Cow<'_, str> {
    // Outside strings, JSON has no such characters except white space.
    let obeyed = |c: char| is_harmful(c) && !matches!(c, '\n' | '\r' | '\t');
    if !text.chars().any(obeyed) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if obeyed(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(out, "\\u{unit:04x}").expect("writing to a string does not fail");
            }
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_shown_escaped() {
        assert_eq!(line("a\u{1b}[2Jb\u{7}\u{9b}1m\u{7f}"), r"a\u{1b}[2Jb\u{7}\u{9b}1m\u{7f}");
        assert_eq!(line("a\nb\rc\td"), r"a\nb\rc\td");
        assert_eq!(
            line("a\u{202e}b\u{2066}c\u{200b}d\u{2028}e\u{feff}"),
            r"a\u{202e}b\u{2066}c\u{200b}d\u{2028}e\u{feff}"
        );
        assert_eq!(line("関門 é → ✓ “x”"), "関門 é → ✓ “x”");
    }

    proptest! {
        #[test]
        fn nothing_harmful_is_left_and_json_keeps_its_value(text in "(\\PC|[\u{0}-\u{1f}\u{7f}-\u{9f}\u{200b}-\u{202e}\u{e0001}]){0,40}") {
            prop_assert!(!line(&text).chars().any(is_harmful));
            let written = serde_json::to_string(&text).unwrap();
            let shown = json(&written);
            prop_assert!(!shown.chars().any(is_harmful));
            prop_assert_eq!(serde_json::from_str::<String>(&shown).unwrap(), text);
        }
    }
}
