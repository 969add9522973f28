//! Characters that look like ASCII but are not: spaces and punctuation that have no meaning in YAML and JSON.

use super::diagnostics::Span;

/// A YAML parser reports wrong indentation at the end of the next line at the latest.
const LINES_BEFORE: usize = 2;

/// What a character is, if it looks like an ASCII character or is invisible: `an ideographic space (U+3000)`.
pub fn name(c: char) -> Option<String> {
    let code = u32::from(c);
    let known = match c {
        '\u{3000}' => "an ideographic space",
        '\u{a0}' => "a no-break space",
        '\u{202f}' => "a narrow no-break space",
        '\u{feff}' => "a byte order mark",
        '\u{200b}' => "a zero-width space",
        '\u{2060}' => "a word joiner",
        '\u{ad}' => "a soft hyphen",
        '\u{2028}' => "a line separator",
        '\u{2029}' => "a paragraph separator",
        '\u{85}' => "a next-line control",
        '\u{201c}' | '\u{201d}' | '\u{201e}' => "a typographic quotation mark",
        '\u{2018}' | '\u{2019}' | '\u{201a}' => "a typographic apostrophe",
        '\u{2010}'..='\u{2015}' | '\u{2212}' => "a typographic dash",
        c if c.is_whitespace() && !c.is_ascii() => "a non-ASCII space",
        '\u{ff01}'..='\u{ff5e}' => {
            let ascii = char::from_u32(code - 0xff01 + 0x21).filter(|a| a.is_ascii_punctuation())?;
            return Some(format!("a full-width `{ascii}` (U+{code:04X})"));
        }
        _ => return None,
    };
    Some(format!("{known} (U+{code:04X})"))
}

/// Whether it is a space or invisible, so that nobody intends it at the edge of a word.
pub fn is_blank(c: char) -> bool {
    !c.is_ascii() && (c.is_whitespace() || matches!(c, '\u{feff}' | '\u{200b}' | '\u{2060}' | '\u{ad}'))
}

/// The character that probably broke a YAML file at this line (from 1): in the line or just above it, outside quotes and comments.
pub fn in_yaml(text: &str, line: usize) -> Option<(Span, String)> {
    let lines: Vec<&str> = text.lines().collect();
    let last = line.min(lines.len());
    let first = last.saturating_sub(LINES_BEFORE);
    (first..=last).rev().filter(|n| *n > 0).find_map(|n| {
        let (at, name) = in_line(lines[n - 1])?;
        Some((Span { line: n, column: at + 1, length: 1 }, name))
    })
}

/// The first such character of a line, and how many characters are before it.
pub fn in_line(line: &str) -> Option<(usize, String)> {
    let mut quote = None;
    let mut before = ' ';
    for (at, c) in line.chars().enumerate() {
        match (quote, c) {
            (Some(open), c) if c == open && before != '\\' => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '#') if before == ' ' => return None,
            (None, c) => {
                if let Some(name) = name(c) {
                    return Some((at, name));
                }
            }
        }
        before = c;
    }
    None
}

/// The first such character of a JSON text outside its strings: its line (from 1), the character, and what it is.
pub fn in_json(text: &str) -> Option<(usize, char, String)> {
    let (mut inside, mut escaped, mut line) = (false, false, 1);
    for c in text.chars() {
        match c {
            '\n' => line += 1,
            _ if escaped => {
                escaped = false;
                continue;
            }
            '\\' if inside => escaped = true,
            '"' => inside = !inside,
            c if !inside => {
                if let Some(name) = name(c) {
                    return Some((line, c, name));
                }
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_character_is_named_with_its_code() {
        assert_eq!(name('\u{3000}').unwrap(), "an ideographic space (U+3000)");
        assert_eq!(name('：').unwrap(), "a full-width `:` (U+FF1A)");
        assert_eq!(name('\u{2003}').unwrap(), "a non-ASCII space (U+2003)");
        for plain in ['a', ' ', ':', '審', 'ー', '。', 'Ａ', 'é'] {
            assert_eq!(name(plain), None, "{plain}");
        }
    }

    #[test]
    fn quotes_and_comments_may_hold_any() {
        assert_eq!(in_line("a: \"x：\u{3000}\" # ：").map(|(at, _)| at), None);
        assert_eq!(in_line("a: 'x'：").map(|(at, _)| at), Some(6));
        assert_eq!(
            in_json("{\"a：\\\"：\": 1,\n\u{3000}\"b\": 2}").map(|(line, c, _)| (line, c)),
            Some((2, '\u{3000}'))
        );
        assert_eq!(in_json("{\"a\": \"：\"}"), None);
    }

    #[test]
    fn the_nearest_line_at_or_above_the_error_has_it() {
        let text = "a:\n\u{3000}b: 1\n  c: 2\nd: 3\ne: 4\n";
        assert_eq!(in_yaml(text, 3).unwrap().0, Span { line: 2, column: 1, length: 1 });
        assert_eq!(in_yaml(text, 5), None);
        assert_eq!(in_yaml("", 0), None);
    }
}
