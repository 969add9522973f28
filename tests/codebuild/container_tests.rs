//! The tests' CodeBuild does what CodeBuild's user guide says.

use std::collections::BTreeMap;
use std::path::Path;

use super::container::{Built, Container, Spec};

fn run(spec: &str, variables: &[(&str, &str)]) -> Built {
    let dir = tempfile::tempdir().unwrap();
    let [sources, own] = ["sources", "own"].map(|name| dir.path().join(name));
    std::fs::create_dir(&sources).unwrap();
    std::fs::create_dir(&own).unwrap();
    let variables: BTreeMap<String, String> =
        variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let container = Container { sources, own, programs: Path::new("/bin").to_owned(), variables };
    Spec::read(spec).run(&container)
}

#[test]
fn commands_share_their_folder_and_what_they_export_and_nothing_else() {
    let built = run(
        r#"
version: 0.2
env:
  variables: { WHO: file, WHERE: file }
  exported-variables: [WHO, WHERE, GIVEN, KEPT, GONE, LOST, FOLDER]
phases:
  install: { commands: ["export GIVEN='it''s given'", "KEPT=no; GONE=1", "export LOST=1; exit 0", "mkdir sub; cd sub"] }
  build: { commands: ["export KEPT=$KEPT-; export FOLDER=${PWD##*/}"] }
"#,
        &[("WHERE", "the project's")],
    );
    assert!(built.succeeded, "{}", built.log);
    let exported: Vec<(&str, &str)> = built.exported.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    let expected = [
        ("FOLDER", "sub"),
        ("GIVEN", "its given"),
        ("GONE", ""),
        ("KEPT", "-"),
        ("LOST", ""),
        ("WHERE", "the project's"),
        ("WHO", "file"),
    ];
    assert_eq!(exported, expected);
}

#[test]
fn post_build_follows_a_failed_build_and_nothing_follows_a_failed_install() {
    let spec = |install: &str, build: &str| {
        format!(
            r#"
version: 0.2
phases:
  install: {{ commands: ["{install}", "echo never"], finally: ["echo finally"] }}
  build: {{ commands: ["echo building; {build}"] }}
  post_build: {{ commands: ["echo still $CODEBUILD_BUILD_SUCCEEDING > out"] }}
artifacts: {{ files: [out] }}
"#
        )
    };
    let built = run(&spec("(exit 3)", "true"), &[]);
    assert_eq!((built.succeeded, built.phases), (false, vec![("install", Some(3))]));
    assert_eq!((built.log.as_str(), built.artifacts.len()), ("finally\n", 0));
    let built = run(&spec("true", "(exit 10)"), &[]);
    assert_eq!(built.phases, [("install", None), ("build", Some(10)), ("post_build", None)]);
    assert_eq!((built.succeeded, built.artifacts["out"].as_str()), (false, "still 0\n"));
    let aborted = spec("true", "(exit 10)").replace("\"] }\n  post", "\"], on-failure: ABORT }\n  post");
    assert_eq!(run(&aborted, &[]).phases, [("install", None), ("build", Some(10))]);
    let goes_on = spec("(exit 3)", "true").replace("finally:", "on-failure: CONTINUE, finally:");
    let built = run(&goes_on, &[]);
    assert_eq!(built.phases, [("install", Some(3)), ("build", None), ("post_build", None)]);
    assert!(!built.succeeded);
}

#[test]
fn reports_are_read_from_their_own_folder_also_after_a_failed_build() {
    let spec = |folder: &str, end: &str| {
        format!(
            r#"
version: 0.2
phases:
  build:
    commands:
      - |
        mkdir out
        cat > out/r.xml <<'END'
        <testsuites name="mine" tests="1" failures="0" errors="0" skipped="0">
          <testsuite name="a" tests="1" failures="0" errors="0" skipped="0" time="1">
            <testcase name="b" classname="c" time="1"/>
          </testsuite>
        </testsuites>
        END
        {end}
reports:
  mine: {{ files: [r.xml], base-directory: {folder}, file-format: JUNITXML }}
"#
        )
    };
    let built = run(&spec("out", "(exit 10)"), &[]);
    assert_eq!((built.succeeded, &built.phases[..]), (false, &[("build", Some(10))][..]), "{}", built.log);
    assert_eq!(built.reports["mine"][0].case("a", "b").time, 1.0);
    assert!(run(&spec("out", "true"), &[]).succeeded);
    let elsewhere = run(&spec("elsewhere", "true"), &[]);
    assert!(!elsewhere.succeeded && elsewhere.reports["mine"].is_empty());
}

#[test]
fn an_artifact_that_is_missing_fails_the_build() {
    let built = run("version: 0.2\nphases: { build: { commands: ['true'] } }\nartifacts: { files: [none] }\n", &[]);
    assert_eq!((built.succeeded, built.phases), (false, vec![("build", None)]));
}
