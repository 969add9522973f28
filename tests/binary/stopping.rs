//! Releases that are stopped, killed, resumed or aborted: nothing is done twice, and nothing is forgotten.

use super::test_env::{Running, Sandbox, TestEnv, release_in};

/// A sandbox slow enough that a test can act during a rollout.
fn slow() -> Sandbox {
    Sandbox::with(&["--speed", "15"])
}

/// A release to dev whose rollout has just begun.
fn rolling(sandbox: &Sandbox, test_env: &TestEnv) -> (Running, String) {
    let mut running = test_env.start(&sandbox.keys("developer"), &["release", "--until", "dev"]);
    let said = running.says("hello-dev-web:1 → hello-dev-web:2");
    (running, release_in(&said))
}

#[test]
fn one_ctrl_c_suspends_and_prints_how_to_continue() {
    let (sandbox, developer) = (slow(), "developer");
    let test_env = TestEnv::demo(&sandbox);
    let (running, id) = rolling(&sandbox, &test_env);
    running.signal("INT");
    let ran = running.end().ended(30);
    assert!(ran.err.contains("stopping after the current call"), "{}", ran.err);
    assert!(ran.out.contains("! suspended: stopped as requested; ECS continues by itself"), "{}", ran.out);
    assert!(ran.out.contains(&format!("`kanmon resume {id}` continues from here")), "{}", ran.out);
    assert!(ran.out.contains("being deployed by ECS: dev/web"), "{}", ran.out);
    let status = test_env.run(&sandbox.keys(developer), &["status"]).ended(0);
    assert!(status.out.contains(&format!("`kanmon resume {id}`")), "{}", status.out);
    // Without an id, the only release that can be resumed is resumed.
    let resumed = test_env.run(&sandbox.keys(developer), &["resume"]).ended(0);
    assert!(resumed.out.contains("✓ succeeded"), "{}", resumed.out);
    assert_eq!(sandbox.done("UpdateService").len(), 1);
    test_env.run(&sandbox.keys(developer), &["resume", &id]).ended(2).on_stderr("has ended").on_stderr("promote");
}

#[test]
fn a_suspended_release_is_the_last_json_line() {
    let sandbox = slow();
    let test_env = TestEnv::demo(&sandbox);
    let args = ["release", "--until", "dev", "--output", "json"];
    let mut running = test_env.start(&sandbox.keys("developer"), &args);
    running.says("\"kind\":\"rollout-started\"");
    running.signal("TERM");
    let ran = running.end().ended(30);
    let lines = ran.json();
    let last = lines.last().unwrap();
    assert_eq!((&last["kind"], &last["outcome"]), (&"suspended".into(), &"suspended".into()), "{last}");
}

#[test]
fn a_second_ctrl_c_quits_immediately_and_the_release_can_be_resumed() {
    let sandbox = slow();
    let test_env = TestEnv::demo(&sandbox);
    // The current call is slow, so that the first Ctrl-C has to wait for it.
    sandbox.ask("POST", "faults", r#"{"operation": "UpdateService", "count": 1, "kind": {"slow": 20000}}"#);
    let args = ["release", "--until", "dev", "-v", "--env-file", "kanmon.env"];
    let mut running = test_env.start(&sandbox.keys("developer"), &args);
    let id = release_in(&running.says("hello-dev-web:2 registered"));
    std::thread::sleep(std::time::Duration::from_millis(300));
    running.signal("INT");
    running.says("press Ctrl-C again to quit immediately");
    running.signal("INT");
    running.end().ended(30);
    let exported = std::fs::read_to_string(test_env.root.path().join("kanmon.env")).unwrap();
    assert!(
        exported.starts_with(&format!("KANMON_RELEASE={id}\n")),
        "the next process can name the release: {exported}"
    );
    assert!(exported.ends_with("KANMON_OUTCOME=suspended\n"), "{exported}");
    let ran = test_env.run(&sandbox.keys("developer"), &["resume", &id]).ended(0);
    assert!(ran.out.contains("✓ succeeded"), "{}", ran.out);
    assert_eq!(sandbox.done("UpdateService").len(), 1, "the effect of the interrupted call is found, not repeated");
}

#[test]
fn on_a_terminal_the_first_ctrl_c_suspends_and_the_second_quits_immediately() {
    let sandbox = slow();
    let test_env = TestEnv::demo(&sandbox);
    let developer = sandbox.keys("developer");
    let mut running = test_env.start_on_terminal(&developer, 100, &["release", "--until", "dev"]);
    let id = release_in(&running.says("hello-dev-web:2"));
    running.types("\u{3}");
    let ran = running.end().ended(30);
    assert!(ran.out.contains("stopping after the current call"), "{}", ran.out);
    assert!(ran.out.contains(&format!("kanmon resume {id}")), "{}", ran.out);
    test_env.run(&developer, &["resume", &id]).ended(0).says("✓ succeeded");
    assert_eq!(sandbox.done("UpdateService").len(), 1);

    test_env.write("app/index.html", "another");
    sandbox.ask("POST", "faults", r#"{"operation": "UpdateService", "count": 1, "kind": {"slow": 20000}}"#);
    let mut running = test_env.start_on_terminal(&developer, 100, &["release", "--until", "dev", "-v"]);
    let id = release_in(&running.says("hello-dev-web:3 registered"));
    std::thread::sleep(std::time::Duration::from_millis(300));
    running.types("\u{3}");
    running.says("press Ctrl-C again to quit immediately");
    running.types("\u{3}");
    running.end().ended(30);
    test_env.run(&developer, &["resume", &id]).ended(0).says("✓ succeeded");
    assert_eq!(sandbox.done("UpdateService").len(), 2, "one for each release");
}

#[test]
fn a_release_killed_during_a_rollout_continues_without_repeating_anything() {
    let sandbox = slow();
    let test_env = TestEnv::demo(&sandbox);
    test_env.edit(super::releases::APPROVAL, "");
    let developer = sandbox.keys("developer");
    let mut running = test_env.start(&developer, &["release"]);
    let id = release_in(&running.says("hello-staging-web:1 → hello-staging-web:2"));
    running.signal("KILL");
    assert_eq!(running.end().code, None);
    let status = test_env.run(&developer, &["status"]).ended(0);
    assert!(status.out.contains(&format!("{id} was interrupted; `kanmon resume {id}` continues it")), "{}", status.out);
    let ran = test_env.run(&developer, &["resume"]).ended(0);
    assert!(ran.err.contains(&format!("{id} is resumed by developer")), "{}", ran.err);
    assert!(ran.out.contains("changed: dev/web, staging/web, prod/web"), "{}", ran.out);
    let mut updated: Vec<String> =
        sandbox.done("UpdateService").iter().map(|c| c["input"]["cluster"].as_str().unwrap().to_owned()).collect();
    updated.sort();
    assert_eq!(updated.len(), 3, "{updated:?}");
    updated.dedup();
    assert_eq!(updated.len(), 3, "one UpdateService for each service: {updated:?}");
}

#[test]
fn one_release_changes_a_stage_at_a_time() {
    let sandbox = slow();
    let test_env = TestEnv::demo(&sandbox);
    let (first, one) = rolling(&sandbox, &test_env);
    let mut second = test_env.start(&sandbox.keys("developer"), &["release", "--until", "dev"]);
    second.says("severity gate");
    let ran = first.end().ended(0);
    assert!(ran.out.contains(&one), "{}", ran.out);
    let ran = second.end().ended(0);
    let (first_left, second_entered) = (time_of(&sandbox, &test_env, &one, "done in"), release_in(&ran.out));
    let entered = time_of(&sandbox, &test_env, &second_entered, "entered: cluster");
    assert!(first_left <= entered, "the second entered at {entered}, the first left at {first_left}");
}

/// The time at which the history has this line, to the second.
fn time_of(sandbox: &Sandbox, test_env: &TestEnv, id: &str, words: &str) -> String {
    let story = test_env.run(&sandbox.keys("developer"), &["history", id]).ended(0).out;
    let line = story.lines().find(|l| l.contains(words)).unwrap_or_else(|| panic!("no `{words}`:\n{story}"));
    line[..14].to_owned()
}

#[test]
fn a_release_that_somebody_works_on_is_not_taken_over_but_can_be_aborted() {
    let sandbox = slow();
    let test_env = TestEnv::demo(&sandbox);
    let developer = sandbox.keys("developer");
    let (running, id) = rolling(&sandbox, &test_env);
    test_env.run(&developer, &["resume", &id]).ended(41).on_stderr("pid ").on_stderr("kanmon status");
    test_env.run(&developer, &["promote", &id, "--to", "staging"]).ended(41);
    let aborted = test_env.run(&developer, &["abort", &id, "--roll-back", "-m", "wrong commit"]).ended(0);
    aborted.says("abort requested");
    let ran = running.end().ended(23);
    assert!(ran.out.contains("✗ aborted") && ran.out.contains("wrong commit"), "{}", ran.out);
    assert!(ran.out.contains("rolled back: dev/web"), "{}", ran.out);
    test_env.run(&developer, &["abort", &id]).ended(2).on_stderr("has ended already");
}

#[test]
fn a_release_that_nobody_works_on_is_ended_by_the_abort_itself() {
    let sandbox = slow();
    let test_env = TestEnv::demo(&sandbox);
    let (running, id) = rolling(&sandbox, &test_env);
    running.signal("KILL");
    running.end();
    let ran = test_env.run(&sandbox.keys("developer"), &["abort", &id, "--roll-back"]).ended(23);
    assert!(ran.out.contains("✗ aborted") && ran.out.contains("rolled back: dev/web"), "{}", ran.out);
    test_env.run(&sandbox.keys("developer"), &["resume"]).ended(2).on_stderr("no release can be resumed");
}

#[test]
fn a_service_that_somebody_else_deploys_meanwhile_is_left_alone() {
    let sandbox = slow();
    let test_env = TestEnv::demo(&sandbox);
    // A release of another repository counts as somebody else's deployment.
    let other = TestEnv::demo(&sandbox);
    other.write("app/index.html", "somebody else's");
    let developer = sandbox.keys("developer");
    // There is time for somebody else between the read and the change.
    sandbox.ask("POST", "faults", r#"{"operation": "RegisterTaskDefinition", "count": 1, "kind": {"slow": 15000}}"#);
    let mut late = test_env.start(&developer, &["release", "--until", "dev", "-v"]);
    late.says("runs hello-dev-web:1 now");
    let mut first = other.start(&developer, &["release", "--until", "dev"]);
    first.says("hello-dev-web:1 → ");
    let ran = late.end().ended(21);
    assert!(ran.out.contains("✗ superseded: ") && ran.out.contains("unchanged: dev/web"), "{}", ran.out);
    first.end().ended(0);
    assert_eq!(sandbox.done("UpdateService").len(), 1, "their deployment was left alone");
}

#[test]
fn an_unknown_result_is_not_a_failure_and_can_be_resumed() {
    let sandbox = slow();
    let test_env = TestEnv::demo(&sandbox);
    let (running, id) = rolling(&sandbox, &test_env);
    drop(sandbox);
    running.signal("INT");
    running.end().ended(30);
    // AWS no longer answers: this is neither a success nor a failure.
    let nowhere = vec![
        ("AWS_ACCESS_KEY_ID".to_owned(), "AKIASANDBOXDEVELOPER".to_owned()),
        ("AWS_SECRET_ACCESS_KEY".to_owned(), "sandbox/developer/example/secret/key/000".to_owned()),
        ("AWS_REGION".to_owned(), "ap-northeast-1".to_owned()),
    ];
    let ran = test_env.run(&nowhere, &["resume", &id]).ended(32);
    assert!(ran.err.contains("error: "), "{}", ran.err);
}
