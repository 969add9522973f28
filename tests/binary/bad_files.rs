//! A pipeline file with mistakes: all of them are reported at once, and nothing is changed.

use super::test_env::{Sandbox, TestEnv, masked};

/// One mistake of every kind, in one file.
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
fn every_mistake_is_reported_with_its_place_a_caret_and_a_hint_and_nothing_is_changed() {
    let sandbox = Sandbox::start();
    let test_env = TestEnv::empty();
    test_env.write("app/index.html", "hello");
    test_env.write("pipelines/hello.yaml", WRONG);
    let before = test_env.files();
    let ran = test_env.run(&sandbox.keys("developer"), &["release"]).ended(2);
    insta::assert_snapshot!(ran.err, @r#"
    pipelines/hello.yaml:2:6: `app` must be a string, found the number 12
        2 | app: 12
          |      ^^
    hint: quote it: "12"

    pipelines/hello.yaml:4:14: an account id has 12 digits, but this one has 11: a leading zero was lost
        4 |   dev: { id: 11111111111, region: ap-northeast-1 }
          |              ^^^^^^^^^^^
    hint: quote it: "011111111111"

    pipelines/hello.yaml:5:31: unknown key `regoin`
        5 |   prod: { id: "222222222222", regoin: ap-northeast-1 }
          |                               ^^^^^^
    hint: did you mean `region`?

    pipelines/hello.yaml:7:19: there is no account `dve`
        7 |   app: { account: dve, repository: hello, builder: layers, layers: { files: { /srv: app } } }
          |                   ^^^
    hint: did you mean `dev`?

    pipelines/hello.yaml:9:44: there is no image `ap`
        9 |   web: { taskdef: live, containers: { web: ap } }
          |                                            ^^
    hint: did you mean `app`?

    pipelines/hello.yaml:11:24: a threshold must not be negative: -1
       11 |   at_most: { critical: -1, medium: 20 }
          |                        ^^
    hint: write 0 to allow none: `at_most` is the largest number that passes

    pipelines/hello.yaml:15:14: `cluster` must be a string, found a list
       15 |     cluster: [hello-dev]
          |              ^
    hint: write `cluster: TEXT`

    pipelines/hello.yaml:17:15: there is no service `wbe`
       17 |       - roll: wbe
          |               ^^^
    hint: did you mean `web`?

    pipelines/hello.yaml:18:11: two stages are named `dev`
       18 |   - name: dev
          |           ^^^
    hint: the first is in line 13

    pipelines/hello.yaml:21:41: stage `dev` loosens the gate above it: `medium: 30` in line 21, `medium: 20` in line 11
       21 |     enter: { gate: { at_most: { medium: 30 } } }
          |                                         ^^
    hint: a stage may only tighten the gate: write at most 20 here, or raise the limit of the gate above

    error: pipelines/hello.yaml has 10 mistakes; nothing was changed
    "#);
    assert_eq!(ran.out, "");
    assert_eq!(test_env.files(), before, "a file was created");
    assert!(sandbox.calls().is_empty(), "{:?}", sandbox.calls());
}

#[test]
fn every_verb_that_needs_the_file_refuses_it_in_the_same_way() {
    let test_env = TestEnv::empty();
    test_env.write("pipelines/hello.yaml", WRONG);
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
        let ran = test_env.run(&[], args).ended(2).on_stderr("pipelines/hello.yaml:4:14: ");
        assert!(ran.err.trim_end().ends_with("mistakes; nothing was changed"), "{args:?}: {}", ran.err);
    }
    assert!(!test_env.has_state());
}

#[test]
fn mistakes_are_json_lines_too() {
    let test_env = TestEnv::empty();
    test_env.write("pipelines/hello.yaml", WRONG);
    let ran = test_env.run(&[], &["check", "--output", "json"]).ended(2);
    assert_eq!(ran.err, "");
    let lines = ran.json();
    let (last, mistakes) = lines.split_last().unwrap();
    assert_eq!((&last["kind"], &last["exit"]), (&"finished".into(), &2.into()));
    assert!(mistakes.len() > 8, "{mistakes:?}");
    for mistake in mistakes {
        assert_eq!(mistake["kind"], "mistake");
        assert!(mistake["line"].as_u64() > Some(0) && mistake["column"].as_u64() > Some(0), "{mistake}");
        assert_eq!(mistake["file"], "pipelines/hello.yaml");
        assert!(mistake["hint"].is_string(), "no hint: {mistake}");
    }
}

#[test]
fn without_a_file_or_with_two_the_message_names_what_was_found() {
    let test_env = TestEnv::empty();
    test_env.run(&[], &["check"]).ended(2).on_stderr("there is no folder `pipelines/`").on_stderr("--pipeline FILE");
    test_env.write("pipelines/hello.yaml", "version: 1\n");
    test_env.write("pipelines/other.yaml", "version: 1\n");
    let ran = test_env.run(&[], &["status"]).ended(2).on_stderr("there are 2 pipeline files");
    assert!(ran.err.contains("hello.yaml, other.yaml"), "{}", ran.err);
    test_env
        .run(&[], &["status", "--pipeline", "pipelines/helo.yaml"])
        .ended(2)
        .on_stderr("did you mean `hello.yaml`?");
    assert!(!test_env.has_state());
}

#[test]
fn a_valid_file_is_summarized() {
    let sandbox = Sandbox::start();
    let test_env = TestEnv::demo(&sandbox);
    let ran = test_env.run(&[], &["check"]).ended(0);
    insta::assert_snapshot!(masked(&ran.out), @"
    hello (pipelines/hello.yaml)
      account  dev      111111111111 ap-northeast-1
      account  prod     222222222222 ap-northeast-1, role kanmon-deploy
      image    app      dev/hello, files on scratch (linux/amd64)
      service  web      deploy/web.json, container web runs app
      stage    dev      account dev, cluster hello-dev
                        gate: at most critical 0, high 0, medium 20, untriaged 0
                        then roll web, check http://###############/_sandbox/service/111111111111/ap-northeast-1/hello-dev/web answers 200
      stage    staging  account dev, cluster hello-staging
                        gate: at most critical 0, high 0, medium 20, untriaged 0
                        then roll web, check http://###############/_sandbox/service/111111111111/ap-northeast-1/hello-staging/web answers 200
      stage    prod     account prod, cluster hello-prod, images copied
                        gate: at most critical 0, high 0, medium 0, untriaged 0
                        approval: by arn:aws:iam::111111111111:user/manager, within 1h
                        then roll web, check http://###############/_sandbox/service/222222222222/ap-northeast-1/hello-prod/web answers 200
    valid
    ");
    assert_eq!(ran.err, "");
    let json = test_env.run(&[], &["check", "pipelines/hello.yaml", "--output", "json"]).ended(0).json();
    assert_eq!((json.len(), &json[0]["kind"]), (1, &"checked".into()));
    assert!(sandbox.calls().is_empty(), "`check` reads offline");
}

#[test]
fn a_member_that_may_be_newer_than_kanmon_is_a_warning_and_stops_nothing() {
    let sandbox = Sandbox::start();
    let test_env = TestEnv::demo(&sandbox);
    let template = std::fs::read_to_string(test_env.root.path().join("deploy/web.json")).unwrap();
    test_env.write("deploy/web.json", &template.replace("\"essential\"", "\"moonPhase\": 1, \"essential\""));
    // It reaches the gate: the sandbox, whose models do not know the member, is not asked to register it.
    test_env.label("findings", "CRITICAL:1");
    test_env.commit();
    let output = "warning: deploy/web.json:12:7: `containerDefinitions[0].moonPhase` is not known";
    let checked = test_env.run(&[], &["check", "--output", "json"]).ended(0).on_stderr(output);
    assert!(checked.out.contains("deploy/web.json:12: `containerDefinitions[0].moonPhase`"), "{}", checked.out);
    test_env.run(&sandbox.keys("developer"), &["release", "--until", "dev"]).ended(10).on_stderr(output);
}

#[test]
fn a_path_that_is_not_a_regular_file_is_reported_and_never_read() {
    let test_env = TestEnv::empty();
    std::fs::create_dir(test_env.root.path().join("pipelines")).unwrap();
    let pipe = test_env.root.path().join("pipelines/hello.yaml");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for args in [&["check"][..], &["check", "pipelines/hello.yaml"], &["plan"]] {
        test_env.run(&[], args).ended(2).on_stderr("is a named pipe (FIFO), not a pipeline file");
    }
}
