//! Releases that fail: each ends with its own exit code and its reason.

use super::test_env::{Ran, Sandbox, TestEnv, release_in};

fn released(sandbox: &Sandbox, test_env: &TestEnv, until: &str) -> Ran {
    test_env.run(&sandbox.keys("developer"), &["release", "--until", until])
}

#[track_caller]
fn stdout_has(ran: &Ran, words: &[&str]) {
    for words in words {
        assert!(ran.out.contains(words), "not printed: `{words}`\n{}\n{}", ran.out, ran.err);
    }
}

/// The demo's image built from a Dockerfile.
fn with_dockerfile(sandbox: &Sandbox, builder: &str, dockerfile: &str) -> TestEnv {
    let test_env = TestEnv::demo(sandbox);
    let spec = "    builder: layers
    layers:
      files: { /srv/www: app }
      ports: [8080]
      labels: { org.opencontainers.image.title: hello }
";
    test_env.edit(spec, &format!("    context: .\n    file: Dockerfile\n    builder: {builder}\n"));
    test_env.write("Dockerfile", dockerfile);
    test_env
}

#[test]
fn a_builder_that_is_not_installed_says_which_were_looked_for() {
    let sandbox = Sandbox::start();
    let test_env = with_dockerfile(&sandbox, "auto", "FROM scratch\n");
    let mut env = sandbox.keys("developer");
    env.push(("PATH".to_owned(), "/nowhere".to_owned()));
    let ran = test_env.run(&env, &["release"]).ended(40);
    stdout_has(
        &ran,
        &[
            "no builder for a Dockerfile was found: looked for docker, buildah, podman, finch",
            "PATH is /nowhere",
            "`layers`",
        ],
    );
    assert_eq!(sandbox.changes(), Vec::<String>::new());
}

#[test]
fn a_failing_dockerfile_ends_with_the_builders_own_last_lines() {
    if !crate::real::peers::have("a_failing_dockerfile_ends_with_the_builders_own_last_lines", &["buildah"]) {
        return;
    }
    let sandbox = Sandbox::start();
    let test_env = with_dockerfile(&sandbox, "buildah", "FROM scratch\nCOPY no-such-file /\n");
    let ran = released(&sandbox, &test_env, "dev").ended(3);
    stdout_has(&ran, &["build failed: could not build and push app", "COPY no-such-file", "no such file or directory"]);
    assert_eq!(sandbox.changes(), Vec::<String>::new());
}

#[test]
fn a_scan_that_never_ends_blocks_at_the_gates_timeout_with_its_last_reason() {
    let sandbox = Sandbox::start();
    let test_env = TestEnv::demo(&sandbox);
    test_env.label("scan", "PENDING_INITIAL_SCAN").edit("timeout: 10m", "timeout: 2s");
    let ran = released(&sandbox, &test_env, "dev").ended(10);
    stdout_has(
        &ran,
        &[
            "the scan of app in dev did not end within 2s: queued for its first scan (PENDING_INITIAL_SCAN)",
            "unchanged: dev/web",
        ],
    );
    assert!(sandbox.done("UpdateService").is_empty());
}

#[test]
fn findings_over_the_limit_block_and_are_named() {
    let sandbox = Sandbox::start();
    let test_env = TestEnv::demo(&sandbox);
    test_env.label("findings", "CRITICAL:1,MEDIUM:3");
    let ran = released(&sandbox, &test_env, "dev").ended(10);
    stdout_has(&ran, &["the severity gate of dev blocks: 1 critical (at most 0)", "cause: CVE-", "kanmon promote r2"]);
    let id = release_in(&ran.out);
    let developer = sandbox.keys("developer");
    stdout_has(&ran, &[&format!("`kanmon findings {id} --stage dev` lists everything that was found")]);
    let listed = test_env.run(&developer, &["findings", &id, "--stage", "dev"]).ended(0).out;
    let rows: Vec<&str> = listed.lines().filter(|line| line.contains("CVE-")).collect();
    assert!(
        rows[0].starts_with("critical  CVE-2026-10001  libsample  1.0.0      1.0.1  CVE-2026-10001 in libsample"),
        "{listed}"
    );
    let json = test_env.run(&developer, &["findings", &id, "--output", "json"]).ended(0).json();
    assert_eq!(json[0]["images"][0]["findings"].as_array().unwrap().len(), rows.len());
    assert_eq!(json[0]["images"][0]["findings"][0]["installed"], "1.0.0");
    let no_stage = test_env.run(&developer, &["findings", &id, "--stage", "nowhere"]).ended(2);
    assert!(no_stage.err.contains("nowhere"), "{}", no_stage.err);
    assert!(sandbox.done("UpdateService").is_empty());
}

#[test]
fn a_crash_looping_image_is_rolled_back_with_the_containers_exit_code() {
    let sandbox = Sandbox::start();
    let test_env = TestEnv::demo(&sandbox);
    test_env.label("exit-code", "3");
    let before = sandbox.reached("111111111111", "hello-dev", "web");
    let ran = released(&sandbox, &test_env, "dev").ended(20);
    stdout_has(
        &ran,
        &["✗ rolled back: dev/web failed and was rolled back", "web exited with code 3", "rolled back: dev/web"],
    );
    assert!(ran.err.contains("web exited with code 3 (1 task)"), "{}", ran.err);
    assert_eq!(sandbox.reached("111111111111", "hello-dev", "web")["image"], before["image"]);
}

#[test]
fn an_image_that_cannot_be_pulled_says_why() {
    let sandbox = Sandbox::start();
    let test_env = TestEnv::demo(&sandbox);
    // Production pulls across accounts, but the repository's policy does not allow it.
    test_env.edit("    images: copy\n", "    images: pull\n").edit(
        "      approval:
        by: kanmon
        approvers: [\"arn:aws:iam::111111111111:user/manager\"]
        expires: 1h
",
        "",
    );
    let ran = released(&sandbox, &test_env, "prod").ended(20);
    stdout_has(&ran, &["prod/web failed and was rolled back", "CannotPullContainerError", "403"]);
    stdout_has(&ran, &["changed: dev/web, staging/web", "rolled back: prod/web"]);
}

#[test]
fn a_failing_check_is_rolled_back() {
    let sandbox = Sandbox::start();
    let test_env = TestEnv::demo(&sandbox);
    test_env.edit("hello-dev/web\", timeout: 30s", "hello-dev/wob\", timeout: 1s");
    let before = sandbox.reached("111111111111", "hello-dev", "web");
    let ran = released(&sandbox, &test_env, "dev").ended(20);
    stdout_has(
        &ran,
        &["the check of dev failed", "answered 503, not 200", "these services run their previous revision again: web"],
    );
    assert_eq!(sandbox.reached("111111111111", "hello-dev", "web")["image"], before["image"]);
    assert_eq!(sandbox.done("UpdateService").len(), 2);
}

#[test]
fn a_failing_check_without_rollback_leaves_what_was_deployed() {
    let sandbox = Sandbox::start();
    let test_env = TestEnv::demo(&sandbox);
    test_env.edit("hello-dev/web\", timeout: 30s", "hello-dev/wob\", timeout: 1s");
    test_env.edit("on_failure: rollback", "on_failure: stop");
    let ran = released(&sandbox, &test_env, "dev").ended(24);
    stdout_has(&ran, &["✗ failed: the check of dev failed", "changed: dev/web"]);
}

#[test]
fn a_refused_rollback_is_not_reported_as_one_and_resume_completes_it() {
    let sandbox = Sandbox::start();
    let test_env = TestEnv::demo(&sandbox);
    test_env.edit("hello-dev/web\", timeout: 30s", "hello-dev/wob\", timeout: 3s");
    let mut running = test_env.start(&sandbox.keys("developer"), &["release", "--until", "dev"]);
    running.says("proven by digest");
    sandbox.ask("POST", "faults", r#"{"operation": "UpdateService", "count": 100, "kind": "access_denied"}"#);
    let ran = running.end().ended(40);
    stdout_has(&ran, &["is not allowed to call ecs:UpdateService", "`kanmon resume r2", "changed: dev/web"]);
    sandbox.ask("DELETE", "faults", "");
    let ran = test_env.run(&sandbox.keys("developer"), &["resume"]).ended(20);
    stdout_has(
        &ran,
        &["the check of dev failed", "these services run their previous revision again: web", "rolled back: dev/web"],
    );
    assert_eq!(sandbox.done("UpdateService").len(), 2);
}

#[test]
fn a_rollout_that_outlasts_its_deadline_is_neither_a_success_nor_a_failure() {
    let sandbox = Sandbox::with(&["--speed", "2"]);
    let test_env = TestEnv::demo(&sandbox);
    test_env.edit("deadline: 10m, on_failure: rollback", "deadline: 1s, on_failure: stop");
    let ran = released(&sandbox, &test_env, "dev").ended(31);
    stdout_has(
        &ran,
        &["! still running: dev/web is still being deployed at the deadline", "being deployed by ECS: dev/web"],
    );
    assert!(ran.out.contains("`kanmon resume r2"), "{}", ran.out);
}

#[test]
fn a_task_definition_without_room_for_kanmons_tag_is_refused_before_anything_is_changed() {
    let full = |n: usize| {
        let tags: Vec<String> = (0..n).map(|i| format!("{{ key: t{i:02}, value: v }}")).collect();
        let seed = include_str!("../../src/sandbox/seed/demo.yaml").replace(
            "- family: hello-prod-web\n",
            &format!("- family: hello-prod-web\n        tags: [{}]\n", tags.join(", ")),
        );
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), seed).unwrap();
        file
    };
    let seed = full(50);
    let sandbox = Sandbox::with(&["--speed", "120", "--seed", seed.path().to_str().unwrap()]);
    let test_env = TestEnv::demo(&sandbox);
    test_env.edit("taskdef: deploy/web.json", "taskdef: live");
    for verb in ["plan", "release"] {
        let ran = test_env.run(&sandbox.keys("developer"), &[verb]).ended(40);
        let said = format!("{}{}", ran.out, ran.err);
        for words in [
            "the task definition of prod/web has too many tags to be registered",
            "hello-prod-web:1 has 50, kanmon adds one of its own (`kanmon`), and ECS allows 50",
            "remove one tag from hello-prod-web:1",
        ] {
            assert!(said.contains(words), "{verb}: not printed: `{words}`\n{said}");
        }
        assert_eq!(sandbox.changes(), Vec::<String>::new(), "{verb}");
    }
    let seed = full(49);
    let sandbox = Sandbox::with(&["--speed", "120", "--seed", seed.path().to_str().unwrap()]);
    let test_env = TestEnv::demo(&sandbox);
    test_env.edit("taskdef: deploy/web.json", "taskdef: live").edit(super::releases::APPROVAL, "");
    test_env.run(&sandbox.keys("developer"), &["release"]).ended(0);
}
