//! The JSON Schema accepts and refuses what the reader does, by the verdict of a validator of others.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::every_key::{every_key, pointer};
use super::{FILE, Repository};
use crate::pipeline::diagnostics::Span;
use crate::pipeline::schema::FILE as FORM;
use crate::pipeline::shape::{self, Shape, WHOLE_FILE};
use crate::pipeline::{schema, yaml};

/// Judges the whole file after each change: `[[path…], null]` leaves the value out, `[[path…], [value]]` puts it there.
const JUDGE: &str = "
import copy, json, sys
from jsonschema import Draft7Validator
asked = json.load(sys.stdin)
Draft7Validator.check_schema(asked['schema'])
validator = Draft7Validator(asked['schema'])
verdicts = []
for path, value in asked['changes']:
    box = {'file': copy.deepcopy(asked['file'])}
    at = box
    for part in ['file', *path][:-1]:
        at = at[part]
    last = ['file', *path][-1]
    if value is None:
        del at[last]
    else:
        at[last] = value[0]
    verdicts.append(validator.is_valid(box['file']))
print(json.dumps(verdicts))
";

/// Python with the package `jsonschema`, beside the program `check-jsonschema`; `None`: the test is left out.
fn python(test: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).find(|folder| folder.join("check-jsonschema").is_file());
    if found.is_none() {
        let required = std::env::var("KANMON_PEERS").is_ok_and(|v| v == "required");
        assert!(!required, "{test}: no check-jsonschema, and KANMON_PEERS=required");
        // Not through the test harness, which hides the output of passing tests.
        let _ = std::io::stderr().write_all(format!("left out: {test} (no check-jsonschema)\n").as_bytes());
    }
    Some(found?.join("python3"))
}

/// A change of one value of a file: removed, or set to another.
#[derive(Debug)]
struct Change {
    path: Vec<Value>,
    value: Option<Value>,
}

impl Change {
    fn apply(&self, file: &Value) -> Value {
        let mut changed = file.clone();
        let (last, path) = self.path.split_last().unwrap();
        let at = path.iter().fold(&mut changed, |at, part| match part.as_u64() {
            Some(n) => &mut at[usize::try_from(n).unwrap()],
            None => &mut at[part.as_str().unwrap()],
        });
        match (last.as_u64().map(|n| usize::try_from(n).unwrap()), &self.value) {
            (Some(n), Some(value)) => at[n] = value.clone(),
            (Some(n), None) => drop(at.as_array_mut().unwrap().remove(n)),
            (None, Some(value)) => at[last.as_str().unwrap()] = value.clone(),
            (None, None) => drop(at.as_object_mut().unwrap().shift_remove(last.as_str().unwrap())),
        }
        changed
    }
}

fn values() -> Vec<Value> {
    let text = |t: &str| json!(t);
    vec![
        Value::Null,
        json!(true),
        json!(0),
        json!(1),
        json!(-1),
        json!(200),
        json!(1.5),
        text(""),
        text(" "),
        text("text"),
        text("15m"),
        text("0s"),
        text("unlimited"),
        text("012345678901"),
        json!([]),
        json!(["text"]),
        json!([1]),
        json!({}),
        json!({ "text": "text" }),
    ]
}

/// Every value of the file replaced by others and removed, and an unknown key in every mapping.
fn changes(value: &Value, path: &[Value], out: &mut Vec<Change>) {
    let inside: Vec<(Value, &Value)> = match value {
        Value::Object(entries) => entries.iter().map(|(k, v)| (json!(k), v)).collect(),
        Value::Array(items) => items.iter().enumerate().map(|(n, v)| (json!(n), v)).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    };
    if value.is_object() {
        out.push(Change { path: [path, &[json!("unknown key")]].concat(), value: Some(json!("text")) });
    }
    for (part, inner) in inside {
        let path = [path, &[part]].concat();
        out.push(Change { path: path.clone(), value: None });
        out.extend(values().into_iter().map(|v| Change { path: path.clone(), value: Some(v) }));
        changes(inner, &path, out);
    }
}

/// Whether the reader has nothing against the form of a file.
fn conforms(text: &str) -> bool {
    let mut mistakes = Vec::new();
    let document = yaml::parse(text, &mut mistakes).unwrap_or_else(|| panic!("{text}"));
    shape::conform(&document, &Shape::Record(&FORM), WHOLE_FILE, Span::default(), &mut mistakes);
    mistakes.is_empty()
}

fn judged(python: &PathBuf, file: &Value, changes: &[Change]) -> Vec<bool> {
    let changes: Vec<Value> =
        changes.iter().map(|c| json!([c.path, c.value.as_ref().map(|v| vec![v.clone()])])).collect();
    let asked = json!({ "schema": schema(), "file": file, "changes": changes });
    let mut judge = Command::new(python)
        .args(["-c", JUDGE])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("Python is beside check-jsonschema");
    judge.stdin.take().unwrap().write_all(asked.to_string().as_bytes()).unwrap();
    let printed = judge.wait_with_output().unwrap();
    assert!(printed.status.success());
    serde_json::from_slice(&printed.stdout).unwrap()
}

#[test]
fn the_schema_accepts_and_refuses_the_same_forms_as_the_reader() {
    let Some(python) = python("the schema of the pipeline file") else { return };
    let file = every_key();
    let mut all = vec![Change { path: vec![json!("version")], value: Some(json!(1)) }];
    changes(&file, &[], &mut all);
    let verdicts = judged(&python, &file, &all);
    assert!(verdicts[0], "the file itself is valid");
    let repository = Repository::new();
    let (mut refused, mut wrong) = (0, Vec::new());
    for (change, accepted) in all.iter().zip(verdicts) {
        let text = change.apply(&file).to_string();
        refused += usize::from(!accepted);
        // Beyond the form, the schema knows rules that the readers report: what it refuses is always a mistake.
        let agree = match (accepted, conforms(&text)) {
            (true, conforms) => conforms,
            (false, false) => true,
            (false, true) => {
                repository.write(FILE, &text);
                repository.load().is_err()
            }
        };
        if !agree {
            let path = change.path.iter().fold(String::new(), |at, p| pointer(&at, p.to_string().trim_matches('"')));
            wrong.push(format!("{path}: {:?}: the schema says {accepted}", change.value));
        }
    }
    assert!(refused > all.len() / 2, "{refused} of {}", all.len());
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), all.len(), wrong.join("\n"));
}

/// What the readers report, and the schema too.
#[test]
fn the_schema_refuses_keys_that_do_not_go_together() {
    let Some(python) = python("the rules of the pipeline file") else { return };
    let file = every_key();
    let at = |path: &str| -> Vec<Value> {
        path.split('/').map(|part| part.parse::<u64>().map_or_else(|_| json!(part), |n| json!(n))).collect()
    };
    let set = |path: &str, value: Value| Change { path: at(path), value: Some(value) };
    let without = |path: &str| Change { path: at(path), value: None };
    let all = [
        without("accounts/prod/role"),
        set("images/app/layers", json!({ "files": { "/srv": "deploy" } })),
        set("images/pages/context", json!(".")),
        without("images/pages/layers"),
        set("images/pages/builder", json!("docker")),
        set("accounts/not a name", file["accounts"]["dev"].clone()),
        without("stages/0/enter/approval/pipeline"),
        without("stages/0/enter/approval/action"),
        set("stages/1/enter/approval/account", json!("dev")),
        set("stages/0/steps/0/roll", json!("web")),
        set("stages/0/steps/0", json!({})),
        set("stages/0/steps/2/check/command", json!(["deploy/dev.yaml"])),
        set("stages/0/steps/2/check/account", json!("dev")),
        set("stages/1/steps/1/check/status", json!(200)),
        set("stages/1/steps/1/check/contains", json!("ok")),
        without("stages/1/steps/1/check/command"),
    ];
    let repository = Repository::new();
    for (change, accepted) in all.iter().zip(judged(&python, &file, &all)) {
        repository.write(FILE, &change.apply(&file).to_string());
        assert!(repository.load().is_err(), "the reader accepts {change:?}");
        assert!(!accepted, "the schema accepts {change:?}");
    }
}
