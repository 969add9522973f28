//! The JSON output: every verb prints lines of the kinds that the schema lists.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value;

use super::output_schema::mismatch;
use super::test_env::{Ran, Sandbox, TestEnv, release_in};
use crate::real::peers::have;

/// What commands printed, line by line.
#[derive(Default)]
struct Printed {
    lines: Vec<Value>,
}

impl Printed {
    /// Runs a command, which prints at least one line of JSON and nothing else.
    fn of(&mut self, test_env: &TestEnv, env: &[(String, String)], args: &[&str], code: i32) -> Vec<Value> {
        let ran = test_env.run(env, &[args, &["--output", "json"]].concat()).ended(code);
        self.add(&ran)
    }

    fn add(&mut self, ran: &Ran) -> Vec<Value> {
        let lines = ran.json();
        assert!(!lines.is_empty(), "{ran:?}");
        self.lines.extend(lines.iter().cloned());
        lines
    }

    fn kinds(&self) -> BTreeSet<&str> {
        self.lines.iter().map(|line| line["kind"].as_str().unwrap()).collect()
    }
}

fn schema() -> Value {
    let ran = TestEnv::empty().run(&[], &["schema", "output"]).ended(0);
    serde_json::from_str(&ran.out).unwrap()
}

/// A release and its approval, told by every verb.
fn told() -> Printed {
    let sandbox = Sandbox::start();
    let test_env = TestEnv::demo(&sandbox);
    let (developer, manager) = (sandbox.keys("developer"), sandbox.keys("manager"));
    let mut printed = Printed::default();
    printed.of(&test_env, &developer, &["check"], 0);
    printed.of(&test_env, &developer, &["plan"], 0);
    printed.of(&test_env, &developer, &["history"], 0);
    printed.of(&test_env, &manager, &["approvals"], 0);
    printed.of(&test_env, &developer, &["promote", "r20200101-000000-abcdef", "--to", "dev"], 2);

    let mut running = test_env.start(&developer, &["release", "--output", "json"]);
    let id = release_in(&running.says("approval-requested"));
    printed.of(&test_env, &developer, &["status"], 0);
    let waiting = printed.of(&test_env, &manager, &["approvals"], 0);
    let plan = waiting[0]["waiting"][0]["request"]["plan"].as_str().unwrap().to_owned();
    printed.of(&test_env, &manager, &["approve", &id, "--plan", &plan], 0);
    printed.add(&running.end().ended(0));
    printed.of(&test_env, &developer, &["promote", &id, "--to", "prod"], 0);
    printed.of(&test_env, &manager, &["unlock", &id, "-m", "nobody has it"], 0);
    printed.of(&test_env, &manager, &["freeze", "dev", "-m", "an incident"], 0);
    printed.of(&test_env, &manager, &["freeze", "dev", "-m", "again"], 0);
    printed.of(&test_env, &developer, &["release"], 41);
    printed.of(&test_env, &developer, &["status"], 0);
    printed.of(&test_env, &manager, &["unfreeze", "dev", "-m", "it is over"], 0);
    printed.of(&test_env, &developer, &["findings", &id], 0);
    printed.of(&test_env, &developer, &["history"], 0);
    printed.of(&test_env, &developer, &["history", &id], 0);
    printed.of(&test_env, &developer, &["help", "codes"], 0);
    printed.of(&test_env, &developer, &["help", "gate"], 0);

    // Another build, which is rejected.
    test_env.write("app/index.html", "another page");
    let mut running = test_env.start(&developer, &["release", "--output", "json"]);
    let second = release_in(&running.says("approval-requested"));
    let waiting = printed.of(&test_env, &manager, &["approvals"], 0);
    let plan = waiting[0]["waiting"][0]["request"]["plan"].as_str().unwrap().to_owned();
    printed.of(&test_env, &manager, &["reject", &second, "--plan", &plan, "-m", "not today"], 0);
    printed.add(&running.end().ended(11));
    printed.of(&test_env, &developer, &["resume", &second], 2);
    printed.of(&test_env, &manager, &["withdraw", &second], 2);

    // A third one, which is aborted while it waits.
    test_env.write("app/index.html", "a third page");
    let mut running = test_env.start(&developer, &["release", "--output", "json"]);
    let third = release_in(&running.says("approval-requested"));
    printed.of(&test_env, &manager, &["abort", &third, "-m", "wrong commit"], 0);
    printed.add(&running.end().ended(23));

    let record = test_env.run(&developer, &["export", &id]).ended(0).out;
    let other = TestEnv::demo(&sandbox);
    other.write("record.jsonl", &record);
    printed.of(&other, &developer, &["import", "record.jsonl"], 0);
    printed.of(&other, &developer, &["import", "record.jsonl"], 0);
    printed.of(&other, &developer, &["history", &id], 0);
    printed.of(&other, &developer, &["history"], 0);
    other.edit("app: hello", "ap: hello");
    printed.of(&other, &developer, &["check"], 2);
    printed
}

#[test]
fn every_line_that_the_verbs_print_is_of_a_kind_that_the_schema_lists() {
    if !have("every_line_that_the_verbs_print_is_of_a_kind_that_the_schema_lists", &["check-jsonschema"]) {
        return;
    }
    let (printed, schema) = (told(), schema());
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, value: &Value| {
        let path = folder.path().join(name);
        std::fs::write(&path, value.to_string()).unwrap();
        path
    };
    let lines = file("lines.json", &Value::Array(printed.lines.clone()));
    let of_lines = file("schema.json", &serde_json::json!({ "type": "array", "items": schema }));
    let judged = |lines| {
        let mut command = Command::new("check-jsonschema");
        let ran = command.arg("--schemafile").arg(&of_lines).arg(lines).output().unwrap();
        (ran.status.success(), String::from_utf8_lossy(&ran.stdout).into_owned())
    };
    let (good, said) = judged(&lines);
    assert!(good, "{said}");
    // What the judge says about a member that is not listed.
    let mut bad = printed.lines[0].clone();
    bad["moon"] = 1.into();
    assert!(!judged(&file("bad.json", &Value::Array(vec![bad]))).0);
    // Each kind of result is printed here; `withdrawn`, `execution` and `sandbox` by the tests of their verbs.
    let listed = schema["anyOf"].as_array().unwrap().iter().filter(|one| one["properties"]["seq"].is_null());
    let listed: BTreeSet<&str> = listed.map(|one| one["title"].as_str().unwrap()).collect();
    let missing: Vec<_> = listed.difference(&printed.kinds()).copied().collect();
    assert_eq!(missing, ["execution", "sandbox", "withdrawn"]);
}

#[test]
fn the_judge_of_the_other_tests_finds_a_line_that_is_not_as_in_the_schema() {
    if !have("the_judge_of_the_other_tests_finds_a_line_that_is_not_as_in_the_schema", &["check-jsonschema"]) {
        return;
    }
    let good = serde_json::json!({ "v": 1, "kind": "unlocked", "what": "dev", "was_held_by": null });
    assert_eq!(mismatch(&good), None);
    for (member, value) in [("v", 2.into()), ("kind", "moon".into()), ("what", Value::Null), ("more", true.into())] {
        let mut bad = good.clone();
        bad[member] = value;
        assert!(mismatch(&bad).is_some(), "{bad}");
    }
}
