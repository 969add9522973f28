//! A release from commit to production, as people, logs and programs see it.

use super::test_env::{Sandbox, TestEnv, masked, release_in};

/// The approval of production, which tests about something else remove.
pub const APPROVAL: &str = "      approval:
        by: kanmon
        approvers: [\"arn:aws:iam::111111111111:user/manager\"]
        expires: 1h
";

/// Output without what depends on the machine's speed: how long stages took, and which steps of a scan were seen.
pub fn without_speed(output: &str) -> String {
    let line = |l: &str| match l.split_once("done in ") {
        Some((before, _)) => format!("{before}done in …"),
        None => l.to_owned(),
    };
    output.lines().filter(|l| !l.contains("scan in ")).map(|l| line(l) + "\n").collect()
}

#[test]
fn a_log_shows_the_whole_release_in_plain_lines() {
    let sandbox = Sandbox::start();
    let test_env = TestEnv::demo(&sandbox);
    test_env.edit(APPROVAL, "");
    test_env.commit();
    let ran = test_env.run(&sandbox.keys("developer"), &["release"]).ended(0);
    insta::assert_snapshot!(without_speed(&masked(&ran.err)), @"
    → release          #######################: hello to prod
                       commit ########## on main: a commit
                       requested by developer of 111111111111
    ✓ accounts         everything that the file names exists
    ✓ app              built by layers: hello@sha256:############
    ✓ dev              severity gate: passed (2 low)
    → dev              entered: cluster hello-dev, account dev (111111111111)
    → dev/web          hello-dev-web:1 → hello-dev-web:2, 1 task
    ✓ dev/web          1/1 running, proven by digest
    ✓ dev              check: http://###############/_sandbox/service/111111111111/ap-northeast-1/hello-dev/web answered 200
    ✓ dev              done in …
    ✓ staging          severity gate: passed (2 low)
    → staging          entered: cluster hello-staging, account dev (111111111111)
    → staging/web      hello-staging-web:1 → hello-staging-web:2, 2 tasks
    ✓ staging/web      2/2 running, proven by digest
    ✓ staging          check: http://###############/_sandbox/service/111111111111/ap-northeast-1/hello-staging/web answered 200
    ✓ staging          done in …
    ✓ app              copied into prod: hello@sha256:############
    ✓ prod             severity gate: passed (2 low)
    → prod             entered: cluster hello-prod, account prod (222222222222)
    → prod/web         hello-prod-web:1 → hello-prod-web:2, 2 tasks
    ✓ prod/web         2/2 running, proven by digest
    ✓ prod             check: http://###############/_sandbox/service/222222222222/ap-northeast-1/hello-prod/web answered 200
    ✓ prod             done in …
    ");
    insta::assert_snapshot!(masked(&ran.out), @"
    ✓ succeeded: hello now runs in every stage up to prod
      release #######################
      app sha256:################################################################
      changed: dev/web, staging/web, prod/web
    ");
    for c in ran.err.chars().chain(ran.out.chars()) {
        assert!(c == '\n' || !c.is_control(), "a control character in a log: {c:?}");
    }
    let digest = ran.out.split_whitespace().find(|w| w.starts_with("sha256:")).unwrap();
    for (account, stage) in [("111111111111", "dev"), ("111111111111", "staging"), ("222222222222", "prod")] {
        let reached = sandbox.reached(account, &format!("hello-{stage}"), "web").to_string();
        assert!(reached.contains(digest), "{stage} does not run {digest}: {reached}");
    }
    // The same release again changes nothing, and reports that.
    let again = test_env.run(&sandbox.keys("developer"), &["release", "--until", "dev"]).ended(0);
    assert!(again.out.contains("✓ unchanged: ") && again.out.contains("unchanged: dev/web\n"), "{}", again.out);
    assert_eq!(sandbox.done("UpdateService").len(), 3);
}

#[test]
fn a_build_exports_its_release_and_another_continues_to_production() {
    let sandbox = Sandbox::start();
    let test_env = TestEnv::demo(&sandbox);
    test_env.edit(APPROVAL, "");
    let developer = sandbox.keys("developer");
    let ran = test_env.run(&developer, &["release", "--until", "staging", "--env-file", "kanmon.env"]).ended(0);
    let id = release_in(&ran.out);
    let exported = std::fs::read_to_string(test_env.root.path().join("kanmon.env")).unwrap();
    let lines: Vec<&str> = exported.lines().collect();
    assert_eq!(lines[0], format!("KANMON_RELEASE={id}"));
    assert!(lines[1].starts_with("KANMON_DIGEST=sha256:") && lines[1].len() == 85, "{exported}");
    assert_eq!((lines.len(), lines[3]), (4, "KANMON_OUTCOME=succeeded"));
    assert!(!ran.out.contains("prod/web"), "a stage that was not requested is not mentioned: {}", ran.out);
    let ran = test_env.run(&developer, &["promote", &id, "--to", "prod"]).ended(0);
    assert!(ran.out.contains("succeeded") && ran.out.contains("prod/web"), "{}", ran.out);
    let ran = test_env.run(&developer, &["promote", &id, "--to", "pord"]).ended(2);
    ran.on_stderr("the pipeline file has no stage `pord`").on_stderr("dev, staging, prod");
    assert_eq!(sandbox.done("UpdateService").len(), 3, "each service is updated once");
}

#[test]
fn an_env_file_that_cannot_be_written_stops_before_anything_is_done() {
    let sandbox = Sandbox::start();
    let test_env = TestEnv::demo(&sandbox);
    let ran =
        test_env.run(&sandbox.keys("developer"), &["release", "--env-file", "no/such/folder/kanmon.env"]).ended(40);
    ran.on_stderr("no/such/folder/kanmon.env cannot be written");
    assert!(sandbox.calls().is_empty() && !test_env.has_state());
}

#[test]
fn json_output_has_one_event_per_line_and_the_last_one_has_the_outcome() {
    let sandbox = Sandbox::start();
    let test_env = TestEnv::demo(&sandbox);
    let developer = sandbox.keys("developer");
    let ran = test_env.run(&developer, &["release", "--until", "dev", "--output", "json"]).ended(0);
    assert_eq!(ran.err, "", "without progress, only stdout has output");
    let events = ran.json();
    for (event, seq) in events.iter().zip(1..) {
        assert_eq!((&event["v"], &event["seq"]), (&2.into(), &seq.into()), "{event}");
        assert!(event["at"].is_string() && event["release"].is_string() && event["kind"].is_string(), "{event}");
    }
    let last = events.last().unwrap();
    assert_eq!((&last["kind"], &last["outcome"]), (&"finished".into(), &"succeeded".into()), "{last}");
    // `history` prints the same events.
    let id = last["release"].as_str().unwrap();
    let output = test_env.run(&developer, &["history", id, "--output", "json"]).ended(0);
    assert_eq!(output.out, ran.out);
}

#[test]
fn a_failure_before_the_first_event_is_a_json_line_too() {
    let sandbox = Sandbox::start();
    let test_env = TestEnv::demo(&sandbox);
    let ran = test_env.run(&sandbox.keys("developer"), &["release", "--until", "tset", "--output", "json"]).ended(2);
    assert_eq!(ran.err, "");
    let line = &ran.json()[0];
    assert_eq!((&line["kind"], &line["outcome"], &line["exit"]), (&"finished".into(), &"error".into(), &2.into()));
    assert!(line["sentence"].as_str().unwrap().contains("`tset`"), "{line}");
}

#[test]
fn a_reader_that_goes_away_never_stops_a_release() {
    let sandbox = Sandbox::start();
    let test_env = TestEnv::demo(&sandbox);
    let mut running = test_env.start(&sandbox.keys("developer"), &["release", "--until", "dev", "--output", "json"]);
    running.says("\"kind\":\"started\"");
    // The pipe's reading end closes, as `| head -1` does.
    let ran = running.hang_up().end().ended(0);
    let id = release_in(&ran.out);
    let story = test_env.run(&sandbox.keys("developer"), &["history", &id]).ended(0);
    assert!(story.out.contains("✓ succeeded"), "{}", story.out);
}

#[test]
fn an_image_that_exists_is_released_as_it_is() {
    let sandbox = Sandbox::start();
    let test_env = TestEnv::demo(&sandbox);
    let developer = sandbox.keys("developer");
    let ran = test_env.run(&developer, &["release", "--until", "dev"]).ended(0);
    let digest = ran.out.split_whitespace().find(|w| w.starts_with("sha256:")).unwrap();
    test_env.write("app/index.html", "what is built now is something else");
    let reference = format!("app={}/111111111111.ap-northeast-1/hello@{digest}", sandbox.host);
    let given = test_env.run(&developer, &["release", "--until", "staging", "--image", &reference]).ended(0);
    assert!(given.out.contains(digest) && given.err.contains("given image"), "{}{}", given.out, given.err);
    let missing = reference.replace(digest, &format!("sha256:{}", "0".repeat(64)));
    let ran = test_env.run(&developer, &["release", "--until", "dev", "--image", &missing]).ended(40);
    assert!(ran.out.contains("there is no image"), "{}", ran.out);
    // Without a host, it is an image of its own repository, even if Docker Hub has the same name.
    for own in [format!("app=hello@{digest}"), format!("app={digest}")] {
        let ran = test_env.run(&developer, &["plan", "--until", "dev", "--image", &own]).ended(0);
        assert!(!ran.out.contains("to be built"), "{}", ran.out);
    }
    for guessed in ["app=v1", "app=nginx:1.27", "app=library/hello:v1", "app=hello"] {
        let ran = test_env.run(&developer, &["release", "--image", guessed]).ended(2);
        ran.on_stderr("does not say which registry it is in").on_stderr("hello:TAG");
    }
    let ran = test_env.run(&developer, &["release", "--image", "ap=x:1"]).ended(2);
    ran.on_stderr("the pipeline file has no image `ap`").on_stderr("its images are: app");
}

#[test]
fn flags_replace_environment_variables_and_state_can_be_elsewhere() {
    let sandbox = Sandbox::start();
    let test_env = TestEnv::demo(&sandbox);
    let elsewhere = tempfile::tempdir().unwrap();
    let state = format!("local:{}", elsewhere.path().join("state").display());
    let mut env = sandbox.keys("developer");
    let ran = test_env.run(&env, &["release", "--until", "dev", "--state", &state]).ended(0);
    assert!(!test_env.has_state());
    env.push(("KANMON_STATE".to_owned(), state));
    let output = test_env.run(&env, &["history"]).ended(0);
    assert!(output.out.contains(&release_in(&ran.out)), "{}", output.out);
    test_env
        .run(&env, &["history", "--state", "s3://nowhere"])
        .ended(2)
        .on_stderr("`--state s3://nowhere` is not a valid location for state");
}
