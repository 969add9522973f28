//! Only `report` holds sentences; the other rooms take their words from it. Not covered are `pipeline`, whose diagnostics stand beside what
//! they check, and `sandbox` and `shapes`, whose texts are AWS's.

use std::collections::BTreeSet;

use super::files;

/// The rooms whose words `report` writes.
const WORDLESS: [&str; 11] =
    ["model", "engine", "ports", "journal", "aws", "image", "outside", "local", "runtime", "usecase", "cli"];

/// The files that may hold texts of several words, and why.
const EXCEPTIONS: [(&str, &str); 11] = [
    ("aws/codepipeline.rs", "parts of CodePipeline's summaries, by which they are recognized"),
    ("aws/denial.rs", "parts of AWS's messages about denied calls, by which they are read"),
    ("aws/errors.rs", "parts of AWS's and the SDK's messages, by which they are recognized"),
    ("aws/retry.rs", "how AWS begins its refusals of a date"),
    ("engine/stop_reason/table.rs", "parts of ECS's reasons, by which they are recognized"),
    ("image/credentials.rs", "how a credential helper says that it has no login"),
    ("image/dockerfile/run.rs", "how builders and registries say that a push was not allowed"),
    ("image/layers/config.rs", "the comment in an image's history, which is part of its digest"),
    ("image/strict_json.rs", "an error of the JSON reader, which takes only text"),
    ("cli/args.rs", "clap's help, which belongs to the arguments"),
    ("usecase/plan.rs", "bytes whose hash stands for an image that is not built yet; nobody reads them"),
];

/// The string literals of a file's code, attributes such as `#[error("…")]` included, without what `expect` panics with, what is logged for
/// developers, and the reason of a lint's attribute. A literal that goes on over several lines is one.
fn literals(code: &[String]) -> Vec<String> {
    let text = code.join("\n");
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
                let end = end_of_literal(before, after);
                let before = before.trim_end_matches(['r', '#']).trim_end();
                let logged =
                    before.rsplit([';', '{', '}']).next().is_some_and(|statement| statement.contains("tracing::"));
                if !before.ends_with(".expect(") && !before.ends_with("reason =") && !logged {
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

/// Where a literal ends; `before`: what precedes its opening mark, which says whether it is a raw one.
fn end_of_literal(before: &str, text: &str) -> usize {
    let hashes = before.len() - before.trim_end_matches('#').len();
    if before[..before.len() - hashes].ends_with('r') {
        return text.find(&format!("\"{}", "#".repeat(hashes))).unwrap_or(text.len());
    }
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            '"' if !escaped => return at,
            _ => escaped = c == '\\' && !escaped,
        }
    }
    text.len()
}

/// How the statements begin that are for a database.
const SQL: [&str; 4] = ["CREATE ", "INSERT ", "PRAGMA ", "SELECT "];

/// Whether two words of lower-case letters are adjacent, placeholders left out: names, codes, keys and formats have none. SQL and lists of
/// names are not prose.
fn is_prose(literal: &str) -> bool {
    let is_list = literal.contains(", ") && literal.split(", ").all(|name| !name.contains(char::is_whitespace));
    if is_list || SQL.iter().any(|verb| literal.trim_start().starts_with(verb)) {
        return false;
    }
    let text: String = literal.split('{').map(|part| part.split_once('}').map_or(part, |(_, after)| after)).collect();
    let words: Vec<&str> = text.split_whitespace().collect();
    let is_word = |w: &str| {
        let bare = w.trim_matches(|c: char| !c.is_alphanumeric());
        bare.len() > 1 && bare.chars().all(|c| c.is_ascii_lowercase())
    };
    words.windows(2).any(|pair| is_word(pair[0]) && is_word(pair[1]))
}

#[test]
fn no_room_but_report_pipeline_sandbox_and_shapes_holds_sentences() {
    let mut wrong = Vec::new();
    let mut excepted = BTreeSet::new();
    for file in files().iter().filter(|f| WORDLESS.contains(&f.room()) && !f.is_test()) {
        for literal in literals(&file.code).into_iter().filter(|literal| is_prose(literal)) {
            match EXCEPTIONS.iter().find(|(path, _)| file.path.ends_with(path)) {
                Some((path, _)) => {
                    excepted.insert(*path);
                }
                None => wrong.push(format!("{}: \"{literal}\"", file.path.display())),
            }
        }
    }
    let unused: Vec<_> = EXCEPTIONS.iter().filter(|(path, _)| !excepted.contains(path)).collect();
    assert!(unused.is_empty(), "these files hold no sentence: {unused:?}");
    assert!(wrong.is_empty(), "these sentences belong to `report`:\n{}", wrong.join("\n"));
}

#[test]
fn a_sentence_is_found_in_any_kind_of_literal_and_nothing_else_is() {
    let code = |text: &str| literals(&text.lines().map(str::to_owned).collect::<Vec<_>>());
    let found = code("let q = '\"'; // a \"comment\" here\nf(\"one \\\"two\\\" \\\n   three\", 'x', '\\'');");
    assert_eq!(found, ["one \\\"two\\\" \\\n   three"]);
    assert_eq!(code("#[error(\"it is wrong\")]\nx.get(n).expect(\"it is there\");"), ["it is wrong"]);
    assert!(code("tracing::warn!(path = %path.display(), ?why, \"it is lost\");").is_empty());
    assert_eq!(code("tracing::warn!(\"it is lost\"); f(\"it is here\");"), ["it is here"]);
    assert!(code("#[allow(dead_code, reason = \"a test uses it\")]").is_empty());
    assert_eq!(code("f(r\"a \\\", r#\"it \"is\" so\"#, \"b\");"), ["a \\", "it \"is\" so", "b"]);
    assert_eq!(code("fn f<'a>(x: &'a str) { g(\"stage {} has no step\") }"), ["stage {} has no step"]);
    for prose in ["stage {} has no step {}", "the {}, and no more", "not found", "stage {} failed"] {
        assert!(is_prose(prose), "{prose}");
    }
    for other in [
        "{}/{}",
        "%Y-%m-%d %H:%M UTC",
        "{large} {count}{unit}",
        "not-found",
        "ecs:RunTask",
        "{}: {:?}",
        "form, seq, at",
        "SELECT body FROM inbox order by id",
    ] {
        assert!(!is_prose(other), "{other}");
    }
}
