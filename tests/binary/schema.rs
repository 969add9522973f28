//! `kanmon schema`, by the verdict of `check-jsonschema`.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use super::test_env::TestEnv;
use crate::real::peers::have;
use crate::real::sandbox::both;

const CHECK: &str = "check-jsonschema";
const EXAMPLE: &str = "three-stages/pipelines/asset-manager.yaml";

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("pipelines/examples")
}

/// The verdict of check-jsonschema about these files, and the names of those that it refuses.
fn judged(schema: &Path, files: &[PathBuf]) -> (bool, Vec<String>) {
    let printed = Command::new(CHECK).args(["-o", "json", "--schemafile"]).arg(schema).args(files).output().unwrap();
    let report: Value = serde_json::from_slice(&printed.stdout).unwrap_or_else(|e| panic!("{e}: {}", both(&printed)));
    let refused = report["errors"].as_array().unwrap().iter().map(|e| e["filename"].as_str().unwrap().to_owned());
    (printed.status.success(), refused.collect())
}

#[test]
fn the_schema_is_printed() {
    let test_env = TestEnv::empty();
    let shown = test_env.run(&[], &["schema"]).ended(0).out;
    let schema: Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(schema["$id"], "urn:kanmon:schema:pipeline:1");
    assert_eq!(schema["required"], json!(["version", "app", "accounts", "images", "services", "stages"]));
    assert!(shown.lines().count() > 100, "a line for each key");
    assert_eq!(test_env.run(&[], &["schema", "pipeline"]).ended(0).out, shown);
    test_env.run(&[], &["schema", "piepline"]).ended(2).on_stderr("pipeline");
}

/// The first line of an example, as an editor follows it.
#[test]
fn the_examples_are_valid_by_the_schema_that_they_name() {
    if !have("the schema of the pipeline file", &[CHECK]) {
        return;
    }
    let printed = TestEnv::empty().run(&[], &["schema"]).ended(0).out;
    for example in [EXAMPLE, "four-stages/pipelines/portal.yaml"].map(|e| examples().join(e)) {
        let text = std::fs::read_to_string(&example).unwrap();
        let named = text.lines().next().unwrap().strip_prefix("# yaml-language-server: $schema=").unwrap();
        let schema = example.parent().unwrap().join(named);
        assert_eq!(std::fs::read_to_string(&schema).unwrap(), printed);
        let well_formed = Command::new(CHECK).arg("--check-metaschema").arg(&schema).output().unwrap();
        assert!(well_formed.status.success(), "{}", both(&well_formed));
        assert_eq!(judged(&schema, &[example]), (true, Vec::new()));
    }
}

/// A change of the example, after which `kanmon check` and the schema refuse it.
const WRONG: &[(&str, &str)] = &[
    ("app: asset-manager\n", ""),
    ("app: asset-manager", "app: [asset-manager]"),
    ("app: asset-manager", "app: 7"),
    ("app: asset-manager", "ap: asset-manager"),
    ("version: 1", "version: 2"),
    ("\"111111111111\"", "111111111111"),
    ("\"111111111111\"", "\"11111111111\""),
    ("role: kanmon-deploy, ", ""),
    ("account: dev, repository", "acount: dev, repository"),
    ("containers: { admin: app }", "containers: {}"),
    ("containers: { admin: app }", "containers: admin"),
    ("command: [migrate, up]", "command: migrate up"),
    ("timeout: 15m", "timeout: 15"),
    ("timeout: 15m", "timeout: 15 minutes"),
    ("medium: 20", "medium: -1"),
    ("medium: 20", "medium: many"),
    ("on_failure: rollback", "on_failure: retry"),
    ("images: copy", "images: replicated"),
    ("by: kanmon", "by: codepipeline"),
    ("by: kanmon", "by: mail"),
    ("by: kanmon", "by: kanmon\n        action: Approve"),
    ("expires: 24h", "expires: never"),
    ("- roll: [web, admin]", "- roll: { web: admin }"),
    ("- run: migrate\n      - roll: [web, admin]", "- run: migrate\n        roll: [web, admin]"),
    ("status: 200 }", "status: 20 }"),
    ("status: 200 }", "command: [./e2e] }"),
    ("contains: ok", "contains: true"),
];

#[test]
fn a_file_that_check_refuses_for_its_form_is_refused_by_the_schema() {
    let test_env = TestEnv::empty();
    copy(&examples().join("three-stages"), test_env.root.path());
    let text = std::fs::read_to_string(examples().join(EXAMPLE)).unwrap();
    let mut files = Vec::new();
    for (n, (from, to)) in WRONG.iter().enumerate() {
        assert!(text.contains(from), "{from}");
        let name = format!("pipelines/wrong-{n}.yaml");
        test_env.write(&name, &text.replacen(from, to, 1));
        let ran = test_env.run(&[], &["check", &name]);
        assert_eq!(ran.code, Some(2), "{from} → {to}: {}", ran.out);
        files.push(test_env.root.path().join(name));
    }
    if !have("the schema of the pipeline file", &[CHECK]) {
        return;
    }
    test_env.write("schema.json", &test_env.run(&[], &["schema"]).ended(0).out);
    let (_, refused) = judged(&test_env.root.path().join("schema.json"), &files);
    for (file, (from, to)) in files.iter().zip(WRONG) {
        assert!(refused.contains(&file.display().to_string()), "the schema accepts {from} → {to}");
    }
}

/// Copies a folder with everything in it.
pub fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            std::fs::create_dir_all(&target).unwrap();
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}
