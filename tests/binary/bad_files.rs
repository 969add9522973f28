//! A pipeline file with mistakes: all of them at once, and nothing touched.

use super::rig::{Desk, Sandbox, masked};

/// Every mistake that issue 2 lists, in one file.
const WRONG: &str = r#"version: 1
app: 12
accounts:
  dev: { id: 11111111111, region: ap-northeast-1 }
  prod: { id: "222222222222", regoin: ap-northeast-1 }
images:
  app: { account: dve, repository: hello, builder: layers, layers: { files: { /srv: app } } }
services:
  web: { taskdef: live, containers: { web: ap } }
gate:
  at_most: { critical: -1, medium: 20 }
stages:
  - name: dev
    account: dev
    cluster: [hello-dev]
    steps:
      - roll: wbe
  - name: dev
    account: dev
    cluster: hello-staging
    enter: { gate: { at_most: { medium: 30 } } }
    steps:
      - roll: web
"#;

#[test]
fn every_mistake_is_told_with_its_place_a_caret_and_a_hint_and_nothing_is_touched() {
    let sandbox = Sandbox::start();
    let desk = Desk::empty();
    desk.write("app/index.html", "hello");
    desk.write("pipelines/hello.yaml", WRONG);
    let before = desk.files();
    let ran = desk.run(&sandbox.keys("developer"), &["release"]).ended(2);
    insta::assert_snapshot!(ran.err, @"");
    assert_eq!(ran.out, "");
    assert_eq!(desk.files(), before, "something was made beside the pipeline file");
    assert!(sandbox.calls().is_empty(), "{:?}", sandbox.calls());
}

#[test]
fn every_verb_that_needs_the_file_refuses_it_alike() {
    let desk = Desk::empty();
    desk.write("pipelines/hello.yaml", WRONG);
    let id = "r20260101-000000-abcdef";
    for args in [
        &["check"][..],
        &["plan"],
        &["promote", id, "--to", "dev"],
        &["approvals"],
        &["approve", id],
        &["reject", id],
        &["withdraw", id],
        &["resume"],
        &["abort", id],
        &["status"],
        &["history"],
    ] {
        let ran = desk.run(&[], args).ended(2).told("pipelines/hello.yaml:4:14: ");
        assert!(ran.err.trim_end().ends_with("mistakes; nothing was touched"), "{args:?}: {}", ran.err);
    }
    assert!(!desk.has_state());
}

#[test]
fn mistakes_are_lines_for_programs_too() {
    let desk = Desk::empty();
    desk.write("pipelines/hello.yaml", WRONG);
    let ran = desk.run(&[], &["check", "--output", "json"]).ended(2);
    assert_eq!(ran.err, "");
    let lines = ran.json();
    let (last, mistakes) = lines.split_last().unwrap();
    assert_eq!((&last["kind"], &last["exit"]), (&"finished".into(), &2.into()));
    assert!(mistakes.len() > 8, "{mistakes:?}");
    for mistake in mistakes {
        assert_eq!(mistake["kind"], "mistake");
        assert!(mistake["line"].as_u64() > Some(0) && mistake["column"].as_u64() > Some(0), "{mistake}");
        assert_eq!(mistake["file"], "pipelines/hello.yaml");
    }
}

#[test]
fn no_file_and_two_files_say_what_was_found() {
    let desk = Desk::empty();
    desk.run(&[], &["check"]).ended(2).told("there is no folder `pipelines/`").told("--pipeline FILE");
    desk.write("pipelines/hello.yaml", "version: 1\n");
    desk.write("pipelines/other.yaml", "version: 1\n");
    let ran = desk.run(&[], &["status"]).ended(2).told("there are 2 pipeline files");
    assert!(ran.err.contains("hello.yaml, other.yaml"), "{}", ran.err);
    desk.run(&[], &["status", "--pipeline", "pipelines/helo.yaml"]).ended(2).told("did you mean `hello.yaml`?");
    assert!(!desk.has_state());
}

#[test]
fn a_file_in_order_is_told_on_a_page() {
    let sandbox = Sandbox::start();
    let desk = Desk::demo(&sandbox);
    let ran = desk.run(&[], &["check"]).ended(0);
    insta::assert_snapshot!(masked(&ran.out), @"");
    assert_eq!(ran.err, "");
    let json = desk.run(&[], &["check", "pipelines/hello.yaml", "--output", "json"]).ended(0).json();
    assert_eq!((json.len(), &json[0]["kind"]), (1, &"checked".into()));
    assert!(sandbox.calls().is_empty(), "`check` reads offline");
}
