//! The pure rooms hold no sentences: what people read is written in `report`.

use super::files;

/// Texts of others: parts of ECS's reasons, by which they are recognized, and the beginning of an error of serde.
const OF_OTHERS: [(&str, &str); 2] =
    [("engine/stop_reason/table.rs", ""), ("model/step/mod.rs", "unknown variant `{kind}`")];

/// The string literals of a file's code, except those of attributes and of `expect`. A literal over several lines is one.
fn literals(code: &[String]) -> Vec<String> {
    let lines = code.iter().filter(|line| !line.trim_start().starts_with("#[")).map(String::as_str);
    let text = lines.collect::<Vec<_>>().join("\n");
    let mut found = Vec::new();
    let mut rest = text.as_str();
    while let Some(at) = rest.find(['"', '\'', '/']) {
        let before = &rest[..at];
        let (first, after) = rest[at..].split_at(1);
        match first {
            "/" if after.starts_with('/') => rest = after.split_once('\n').map_or("", |(_, next)| next),
            "/" => rest = after,
            // A character, which may be a quotation mark; otherwise a lifetime.
            "'" => rest = character(after).unwrap_or(after),
            _ => {
                let end = end_of_literal(after);
                if !before.trim_end().ends_with(".expect(") {
                    found.push(after[..end].to_owned());
                }
                rest = &after[(end + 1).min(after.len())..];
            }
        }
    }
    found
}

/// The text after a character literal; `None`: this is not a character literal.
fn character(after: &str) -> Option<&str> {
    let end = match after.strip_prefix('\\') {
        Some(escaped) => {
            1 + escaped.char_indices().nth(1)?.0 + escaped[escaped.char_indices().nth(1)?.0..].find('\'')?
        }
        None => after.char_indices().nth(1)?.0,
    };
    after.get(end..)?.strip_prefix('\'')
}

fn end_of_literal(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            '"' if !escaped => return at,
            _ => escaped = c == '\\' && !escaped,
        }
    }
    text.len()
}

/// Whether two words of lower-case letters follow each other, which names, codes, keys and formats do not have.
fn is_prose(literal: &str) -> bool {
    let words: Vec<&str> = literal.split_whitespace().collect();
    let is_word = |w: &str| {
        let bare = w.trim_matches(|c: char| !c.is_alphanumeric());
        bare.len() > 1 && bare.chars().all(|c| c.is_ascii_lowercase())
    };
    words.windows(2).any(|pair| is_word(pair[0]) && is_word(pair[1]))
}

#[test]
fn model_and_engine_hold_no_sentences() {
    let mut wrong = Vec::new();
    for file in files().iter().filter(|f| ["model", "engine"].contains(&f.room()) && !f.is_test()) {
        for literal in literals(&file.code).into_iter().filter(|literal| is_prose(literal)) {
            let is_others = |(path, text): &(&str, &str)| file.path.ends_with(path) && literal.contains(text);
            if !OF_OTHERS.iter().any(is_others) {
                wrong.push(format!("{}: \"{literal}\"", file.path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "these sentences belong to `report`:\n{}", wrong.join("\n"));
}

#[test]
fn sentences_are_found_and_other_literals_are_not() {
    let code = |text: &str| literals(&text.lines().map(str::to_owned).collect::<Vec<_>>());
    let found = code("let q = '\"'; // a \"comment\" here\nf(\"one \\\"two\\\" \\\n   three\", 'x', '\\'');");
    assert_eq!(found, ["one \\\"two\\\" \\\n   three"]);
    assert!(code("#[error(\"it is wrong\")]\nx.get(n).expect(\"it is there\");").is_empty());
    assert_eq!(code("fn f<'a>(x: &'a str) { g(\"stage {} has no step\") }"), ["stage {} has no step"]);
    for prose in ["stage {} has no step {}", "the {}, and no more", "not found"] {
        assert!(is_prose(prose), "{prose}");
    }
    for other in ["{}/{}", "%Y-%m-%d %H:%M UTC", "{large} {count}{unit}", "not-found", "ecs:RunTask", "{}: {:?}"] {
        assert!(!is_prose(other), "{other}");
    }
}
