//! A gate that blocks ends the build with kanmon's exit code.

use serde_json::json;

use super::world::{World, lines, report};
use crate::binary::junit::Result::{Error, Failure, Skipped};

#[test]
fn a_build_whose_gate_blocks_fails_with_the_code_reported_and_the_record_kept() {
    let Some(world) = World::start("a gate that blocks") else { return };
    world.post("findings", &json!({ "images": { "repository": "hello" }, "findings": "CRITICAL:1" }));
    let execution = world.starts();
    let (prepared, _) = execution.runs("Prepare", "Prepare");
    assert_eq!(prepared.phases, [("install", None), ("build", Some(10)), ("post_build", None)], "{}", prepared.log);
    assert!(!prepared.succeeded);
    assert!(prepared.log.contains("kanmon: FAILED with exit code 10"), "{}", prepared.log);
    assert_eq!(prepared.exported["KANMON_OUTCOME"], "blocked");
    let ending = lines(&prepared.artifacts["kanmon.jsonl"]).pop().unwrap();
    assert_eq!((&ending["kind"], &ending["outcome"]), (&"finished".into(), &"blocked".into()));
    let shown = report(&prepared);
    let Failure(why) = shown.result("dev", "severity gate") else { panic!("{}", shown.lines()) };
    assert!(why.contains("1 critical (at most 0)"), "{why}");
    assert!(matches!(shown.result("dev", "update dev/web"), Skipped(_)), "{}", shown.lines());
    assert!(world.updates().is_empty(), "nothing was deployed");
    assert_eq!(execution.ends(), (Some(24), "Failed".to_owned()));
}

#[test]
fn a_build_without_a_step_or_a_release_reports_it() {
    let Some(world) = World::start("no step and no release") else { return };
    let (built, _) = world.builds("kanmon-prepare", &[("KANMON_STEP", "prmote")]);
    assert_eq!(built.phases, [("install", None), ("build", Some(2)), ("post_build", None)], "{}", built.log);
    assert!(built.log.contains("KANMON_STEP is prepare or promote, not 'prmote'"), "{}", built.log);
    assert_eq!(built.artifacts["kanmon.jsonl"], "");
    assert!(matches!(report(&built).result("kanmon", "release"), Error(_)), "there is a report without a release");
    let (built, _) = world.builds("kanmon-promote", &[("KANMON_EXECUTION", "none")]);
    assert_eq!(built.phases[1], ("build", Some(2)), "{}", built.log);
    // A value that looks like a flag is an invalid value; it must not make the build succeed by printing help.
    let id = ("KANMON_RELEASE", "r20260101-000000-0a1b2c");
    for (project, variables, output) in [
        ("kanmon-promote", vec![("KANMON_RELEASE", "--help")], "`--help` is not a release id"),
        ("kanmon-promote", vec![("KANMON_RELEASE", "-V")], "`-V` is not a release id"),
        ("kanmon-promote", vec![id, ("KANMON_TO", "--help")], "`--help` is not a valid name"),
        ("kanmon-prepare", vec![("KANMON_UNTIL", "--help")], "`--help` is not a valid name"),
    ] {
        let (built, _) = world.builds(project, &variables);
        assert_eq!(built.phases[1], ("build", Some(2)), "{variables:?}: {}", built.log);
        assert!(built.log.contains(output), "{variables:?}: {}", built.log);
    }
}
