//! The schemas that GitHub Actions' and GitLab CI's own editors use, as `check-jsonschema` has them.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::real::peers::have;
use crate::real::sandbox::both;

const CHECK: &str = "check-jsonschema";

pub fn example(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("pipelines/examples").join(path)
}

fn checked(file: &Path, arguments: &[&str]) -> (bool, String) {
    let printed = Command::new(CHECK).args(arguments).arg(file).output().unwrap();
    (printed.status.success(), both(&printed))
}

/// The example is valid, and without the line with this word it is not.
fn holds(path: &str, arguments: &[&str], word: &str) {
    if !have(path, &[CHECK]) {
        return;
    }
    let (good, said) = checked(&example(path), arguments);
    assert!(good, "{said}");
    let text = std::fs::read_to_string(example(path)).unwrap();
    assert!(text.contains(word), "{word}");
    let broken = tempfile::Builder::new().suffix(".yml").tempfile().unwrap();
    std::fs::write(broken.path(), text.replace(word, "not-a-word:")).unwrap();
    let (good, said) = checked(broken.path(), arguments);
    assert!(!good, "the schema does not reject it: {said}");
}

#[test]
fn the_github_workflow_is_valid() {
    holds("github-actions/release.yml", &["--builtin-schema", "vendor.github-workflows"], "runs-on:");
}

#[test]
fn the_gitlab_pipeline_is_valid() {
    let schema = ["--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci"];
    holds("gitlab-ci/.gitlab-ci.yml", &schema, "dotenv:");
}
