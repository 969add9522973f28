//! README's reference of every key, and the schema files of the examples: written from the description of the file.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use crate::pipeline::schema;
use crate::pipeline::schema::FILE;
use crate::pipeline::shape::{Default, Field, Record, Rule, Shape, UNLIMITED};

const BEGINS: &str = "<!-- Written by `KANMON_WRITE_REFERENCE=1 tests/run unit` from the description that `kanmon check` reads by. -->\n";
const ENDS: &str = "<!-- The end of what is written. -->\n";

/// The heading of a record: where it is in the file.
type Section = (String, &'static Record);

fn quoted(words: &[&str], last: &str) -> String {
    let all: Vec<String> = words.iter().map(|w| format!("`{w}`")).collect();
    match all.split_last() {
        Some((end, rest)) if !rest.is_empty() => format!("{} {last} {end}", rest.join(", ")),
        Some((end, _)) => end.clone(),
        None => String::new(),
    }
}

/// The type of a value at `at`, in words; the records inside it are added to `inside`.
fn written(shape: &Shape, at: &str, inside: &mut Vec<Section>) -> String {
    match shape {
        Shape::Text => "string".into(),
        Shape::Written => "string, number or boolean".into(),
        Shape::Account => "12 digits in quotes".into(),
        Shape::Whole(from, to) if from == to => format!("`{from}`"),
        Shape::Whole(from, to) => format!("{from} to {to}"),
        Shape::Limit => format!("0 or more, or `{UNLIMITED}`"),
        Shape::Boolean => quoted(&["true", "false"], "or"),
        Shape::Duration => "duration".into(),
        Shape::OneOf(words) => quoted(words, "or"),
        Shape::Record(record) => {
            inside.push((at.to_owned(), record));
            format!("the keys of `{at}`")
        }
        Shape::Tighter(record) => {
            let name = record_name(record);
            format!("the keys of `{name}`")
        }
        Shape::Names(of) => format!("`NAME:` {}", written(of, &format!("{at}.NAME"), inside)),
        Shape::Keyed(what, of) => format!("`{what}:` {}", written(of, &format!("{at}.{what}"), inside)),
        Shape::Table(of) => format!("`KEY:` {}", written(of, &format!("{at}.KEY"), inside)),
        Shape::List(of) => format!("list: {}", written(of, &format!("{at}[]"), inside)),
        Shape::OneOrMore(of) => format!("{}, or a list of them", written(of, at, inside)),
        Shape::Either(list, map) => format!("{}; or {}", written(list, at, inside), written(map, at, inside)),
    }
}

/// The key of the file whose record this is.
fn record_name(record: &'static Record) -> &'static str {
    let is_it = |f: &&Field| matches!(f.shape, Shape::Record(r) if std::ptr::eq(r, record));
    FILE.fields.iter().find(is_it).expect("what stages tighten is a key of the file").name
}

fn row(field: &Field, at: &str, inside: &mut Vec<Section>) -> String {
    let default = match field.default {
        _ if field.required => "required".to_owned(),
        Some(Default::Value(value)) => format!("`{value}`"),
        Some(Default::Words(words)) => words.to_owned(),
        None => String::new(),
    };
    let at = if at.is_empty() { field.name.to_owned() } else { format!("{at}.{}", field.name) };
    let form = written(&field.shape, &at, inside);
    format!("| `{}` | {form} | {default} | {} |\n", field.name, field.about)
}

fn rule(rule: &Rule) -> String {
    let cannot = |keys: &[&str]| format!("cannot be used with {}", quoted(keys, "or"));
    match rule {
        Rule::One(keys) => format!("Exactly one of {}.", quoted(keys, "and")),
        Rule::Needs(key, needed) => format!("`{key}` needs `{needed}`."),
        Rule::Excludes(key, others) => format!("`{key}` {}.", cannot(others)),
        Rule::With { key, values, needs, excludes } => {
            let values: Vec<String> = values.iter().map(|v| format!("{key}: {v}")).collect();
            let values = quoted(&values.iter().map(String::as_str).collect::<Vec<_>>(), "or");
            let needs = if needs.is_empty() { String::new() } else { format!("needs {}", quoted(needs, "and")) };
            let excludes = if excludes.is_empty() { String::new() } else { cannot(excludes) };
            let both = if needs.is_empty() || excludes.is_empty() { "" } else { " and " };
            format!("{values} {needs}{both}{excludes}.")
        }
    }
}

fn section((at, record): &Section, out: &mut String) {
    let heading = if at.is_empty() { "The file".to_owned() } else { format!("`{at}`") };
    let mut inside = Vec::new();
    let rows: String = record.fields.iter().map(|f| row(f, at, &mut inside)).collect();
    let table = format!("| key | type | default | meaning |\n| --- | --- | --- | --- |\n{rows}");
    writeln!(out, "**{heading}**: {}\n\n{table}", record.about).unwrap();
    // What is said about the record already is not repeated.
    let rules: Vec<String> = record.rules.iter().filter(|r| !matches!(r, Rule::One(_))).map(rule).collect();
    if !rules.is_empty() {
        writeln!(out, "{}\n", rules.join(" ")).unwrap();
    }
    inside.iter().for_each(|s| section(s, out));
}

fn reference() -> String {
    let mut out = String::new();
    section(&(String::new(), &FILE), &mut out);
    out
}

fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Compares a file with what it has to be, or writes it.
fn held(path: &Path, expected: &str) {
    if std::env::var_os("KANMON_WRITE_REFERENCE").is_some() {
        std::fs::write(path, expected).unwrap();
    }
    let found = std::fs::read_to_string(path).unwrap_or_default();
    assert!(found == expected, "{}: out of date; KANMON_WRITE_REFERENCE=1 tests/run unit writes it", path.display());
}

#[test]
fn the_readme_has_every_key_of_the_file() {
    let path = repository("README.md");
    let readme = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = readme.split_once(BEGINS).expect("README.md has the mark before the keys");
    let (_, after) = rest.split_once(ENDS).expect("README.md has the mark after the keys");
    held(&path, &format!("{before}{BEGINS}\n{}{ENDS}{after}", reference()));
}

/// The schema beside each pipeline file of the examples, so that its first line works in an editor, also in a copy of the example.
#[test]
fn every_example_names_the_schema_beside_it() {
    let schema = format!("{}\n", serde_json::to_string_pretty(&schema()).unwrap());
    for example in super::examples::files() {
        let text = std::fs::read_to_string(&example).unwrap();
        let named = text.lines().next().and_then(|l| l.strip_prefix("# yaml-language-server: $schema="));
        let named = named.unwrap_or_else(|| panic!("{} does not begin with its schema", example.display()));
        held(&example.parent().unwrap().join(named), &schema);
    }
}
