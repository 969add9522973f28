//! The rules of the source: which room may import which, what the pure rooms may not use, and how long a file may be.

mod circles;
mod prose;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Each room, and the rooms that it may import besides itself.
const ARROWS: [(&str, &[&str]); 15] = [
    ("model", &[]),
    ("shapes", &[]),
    ("engine", &["model", "shapes"]),
    ("ports", &["model"]),
    ("outside", &["model"]),
    // One of its stores is DynamoDB.
    ("journal", &["model", "ports", "aws::session"]),
    ("aws", &["model", "ports", "outside"]),
    ("image", &["model", "ports", "outside"]),
    ("local", &["model", "ports", "outside"]),
    ("runtime", &["model", "ports", "journal", "engine"]),
    ("usecase", &["model", "ports", "engine", "runtime"]),
    // Its diagnostics use the sentences of `report` for the model's errors.
    ("pipeline", &["model", "shapes", "outside", "report"]),
    ("report", &["model"]),
    // It is an AWS, not a part of kanmon's logic.
    ("sandbox", &["model::ids", "shapes"]),
    (
        "cli",
        &[
            "model", "ports", "journal", "aws", "image", "local", "outside", "engine", "runtime", "usecase",
            "pipeline", "report", "sandbox",
        ],
    ),
];

/// What the pure rooms may not name: clocks, randomness, I/O, and libraries for them.
const IMPURE: [&str; 12] = [
    "Timestamp::now",
    "Zoned::now",
    "Instant",
    "SystemTime",
    "std::time",
    "std::env",
    "std::fs",
    "std::net",
    "std::process",
    "rand::",
    "tokio",
    "aws_",
];

/// The limit for the lines of a file without its tests.
const LONGEST: usize = 500;

/// A source file, by its path below `src`.
struct File {
    path: PathBuf,
    /// The lines of code before its inline tests, with comments blanked.
    code: Vec<String>,
    /// The lines of its inline tests.
    tests: Vec<String>,
}

impl File {
    fn room(&self) -> &str {
        self.path.components().next().and_then(|c| c.as_os_str().to_str()).expect("a room")
    }

    /// The depth of the file's module; a room's `mod.rs` is 1.
    fn depth(&self) -> usize {
        let parts = self.path.components().count();
        if self.path.ends_with("mod.rs") { parts - 1 } else { parts }
    }

    /// Whether the whole file is for tests.
    fn is_test(&self) -> bool {
        let name = self.path.file_stem().and_then(|s| s.to_str()).expect("a name");
        let names = ["tests", "testing", "samples", "conformance", "corpus", "moto"];
        let in_folder = |folder: &str| self.path.components().any(|c| c.as_os_str() == folder);
        names.contains(&name) || name.ends_with("_tests") || in_folder("tests") || in_folder("conformance")
    }
}

fn files() -> Vec<File> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    let mut folders = vec![src.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") && folder != src {
                found.push(read(&path, path.strip_prefix(&src).expect("below src").to_owned()));
            }
        }
    }
    assert!(found.len() > 100, "the source is there");
    found
}

fn read(path: &Path, name: PathBuf) -> File {
    let text = std::fs::read_to_string(path).expect("a file");
    let mut lines: Vec<String> =
        text.lines().map(|l| if l.trim_start().starts_with("//") { String::new() } else { l.to_owned() }).collect();
    let inline =
        lines.windows(2).position(|w| w[0] == "#[cfg(test)]" && w[1].starts_with("mod ") && w[1].ends_with('{'));
    let tests = inline.map(|at| lines.split_off(at)).unwrap_or_default();
    File { path: name, code: lines, tests }
}

/// The paths that follow `crate::` in a line, two words of each.
fn crate_paths(line: &str) -> Vec<String> {
    let word = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let mut paths = Vec::new();
    let mut rest = line;
    while let Some(at) = rest.find("crate::") {
        let foreign = rest[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
        rest = &rest[at + "crate::".len()..];
        if foreign {
            continue;
        }
        let first = word(rest);
        let second = rest[first.len()..].strip_prefix("::").map(word).unwrap_or_default();
        paths.push(if second.is_empty() { first } else { format!("{first}::{second}") });
    }
    paths
}

/// The longest run of `super::` in a line.
fn supers(line: &str) -> usize {
    (1..).take_while(|n| line.contains(&"super::".repeat(*n))).last().unwrap_or(0)
}

#[test]
fn every_room_imports_only_what_its_arrows_allow() {
    let arrows: BTreeMap<&str, &[&str]> = ARROWS.into_iter().collect();
    let mut wrong = Vec::new();
    for file in files() {
        let room = file.room();
        let allowed = arrows.get(room).unwrap_or_else(|| panic!("the room {room} has no arrows"));
        for line in file.code.iter().chain(&file.tests) {
            for path in crate_paths(line) {
                let target = path.split("::").next().unwrap_or_default();
                let fits = target == room || allowed.iter().any(|a| *a == target || *a == path);
                if !fits {
                    wrong.push(format!("{}: {}", file.path.display(), line.trim()));
                }
            }
        }
        // A path of `super` that leaves the room would be a hidden arrow.
        let leaves = |lines: &[String], depth: usize| lines.iter().any(|l| supers(l) >= depth);
        if leaves(&file.code, file.depth()) || leaves(&file.tests, file.depth() + 1) {
            wrong.push(format!("{}: `super` leaves the room", file.path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_pure_rooms_use_no_clock_no_randomness_and_no_io() {
    let mut wrong = Vec::new();
    for file in files().iter().filter(|f| ["model", "engine"].contains(&f.room()) && !f.is_test()) {
        for line in &file.code {
            wrong.extend(IMPURE.iter().filter(|w| line.contains(**w)).map(|w| format!("{}: {w}", file.path.display())));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn only_the_aws_room_and_the_journal_in_dynamodb_call_aws() {
    let speaks = |l: &String| l.contains("aws_sdk_") || l.contains("aws_config");
    let wrong: Vec<_> = files()
        .iter()
        .filter(|f| {
            f.room() != "aws" && !f.path.starts_with("journal/dynamodb") && !f.is_test() && f.code.iter().any(speaks)
        })
        .map(|f| f.path.display().to_string())
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The files that create the SDK's clients. Only `requests` returns requests, each with its retry class and its fence.
const CLIENTS: [&str; 5] =
    ["aws/client.rs", "aws/operations.rs", "aws/requests.rs", "aws/session.rs", "aws/credentials.rs"];

#[test]
fn no_client_of_the_sdk_is_made_or_held_outside_the_list_of_operations() {
    let names = |l: &String| l.contains("::Client") && !l.contains("reqwest") || l.contains("::from_conf(");
    let wrong: Vec<_> = files()
        .iter()
        .filter(|f| {
            let speaks = f.room() == "aws" || f.path.starts_with("journal/dynamodb");
            speaks && !f.is_test() && !CLIENTS.iter().any(|c| f.path.ends_with(c)) && f.code.iter().any(names)
        })
        .map(|f| f.path.display().to_string())
        .collect();
    assert!(wrong.is_empty(), "{} calls AWS without the list of operations", wrong.join(", "));
    let sts = ["aws/session.rs", "aws/credentials.rs"].map(std::path::Path::new);
    for file in files().iter().filter(|f| sts.contains(&f.path.as_path())) {
        let others = file.code.iter().filter(|l| names(l) && !l.contains("aws_sdk_sts"));
        assert_eq!(others.count(), 0, "{}: signing in uses STS only", file.path.display());
    }
}

/// The files that escape text before they write it, do not write it for people, or only measure the terminal.
const WRITERS: [&str; 9] = [
    "cli/output.rs",
    "cli/sinks.rs",
    "cli/mod.rs",
    "cli/completions.rs",
    "cli/run_release.rs",
    "cli/history.rs",
    "cli/pager.rs",
    "cli/terminal_width.rs",
    // Draws texts of `report` cell by cell.
    "cli/watch/terminal.rs",
];

#[test]
fn only_few_files_write_to_the_terminal_and_none_writes_text_of_others_unescaped() {
    let writes =
        |l: &String| ["print!(", "println!(", "io::stdout", "io::stderr", "dbg!("].iter().any(|w| l.contains(w));
    let wrong: Vec<_> = files()
        .iter()
        .filter(|f| !f.is_test() && !WRITERS.iter().any(|w| f.path.ends_with(w)) && f.code.iter().any(writes))
        .map(|f| f.path.display().to_string())
        .collect();
    assert!(wrong.is_empty(), "{} write without `Output`", wrong.join(", "));
}

#[test]
fn files_stay_short() {
    let wrong: Vec<_> = files()
        .iter()
        .filter(|f| !f.is_test() && f.code.len() >= LONGEST)
        .map(|f| format!("{}: {} lines", f.path.display(), f.code.len()))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_path_is_found_anywhere_in_a_line() {
    assert_eq!(crate_paths("    use crate::model::ids::Digest;"), ["model::ids"]);
    assert_eq!(crate_paths("let x: crate::aws::Ecs = f(crate::ports::x());"), ["aws::Ecs", "ports::x"]);
    assert_eq!(crate_paths("pub(crate) use other_crate::thing;"), [""; 0]);
    assert_eq!(crate_paths("use crate::{aws, model};"), [""]);
    assert_eq!((supers("use super::super::x;"), supers("use super::x;"), supers("x")), (2, 1, 0));
}
