//! Text of others (git, reasons, file names, templates, AWS) is printed escaped everywhere, so that no terminal executes it.

use kanmon::model::visible::is_harmful;

use super::test_env::{Ran, Sandbox, TestEnv, release_in};

/// Clears the screen, writes the clipboard, returns to the start of the line, changes the colour by a C1 control, reorders and hides text.
const EVIL: &str = "\u{1b}[2J\u{1b}]52;c;aGk=\u{7}\r\u{9b}31m\u{202e}\u{2066}\u{200b}\u{2028}evil";
/// The part of it that is looked for in what is printed.
const SEEN: &str = r"\u{1b}[2J\u{1b}]52;c;aGk=\u{7}";
/// The same as JSON shows it.
const SEEN_IN_JSON: &str = r"\u001b[2J\u001b]52;c;aGk=\u0007";

/// Asserts that nothing was printed that a terminal would execute; returns its argument.
#[track_caller]
fn harmless(ran: Ran) -> Ran {
    for text in [&ran.out, &ran.err] {
        let found: Vec<char> = text.chars().filter(|c| is_harmful(*c) && *c != '\n').collect();
        assert!(found.is_empty(), "{found:?} in {text:?}");
    }
    ran
}

/// A reason that would look like lines that kanmon prints.
fn imitated_lines() -> String {
    format!("{EVIL}\n  gate      passed (no findings)\n✓ done")
}

#[test]
fn text_of_others_is_printed_escaped_by_every_verb() {
    let sandbox = Sandbox::start();
    let test_env = TestEnv::demo(&sandbox);
    let (developer, manager) = (sandbox.keys("developer"), sandbox.keys("manager"));
    let name = format!("user.name=Dev{EVIL}");
    test_env.git(&["-c", &name, "-c", "user.email=d@example.com", "commit", "-q", "--allow-empty", "-m", "x"]);
    let mut running = test_env.start(&developer, &["release", "-v"]);
    let id = release_in(&running.says("waits for approval"));
    let run = |keys: &[(String, String)], args: &[&str]| harmless(test_env.run(keys, args));

    assert!(run(&manager, &["approvals"]).out.contains(SEEN));
    assert!(run(&manager, &["approvals", "--output", "json"]).out.contains("\"release\""));
    let reason = imitated_lines();
    run(&manager, &["freeze", "staging", "--comment", &reason]).ended(0);
    let again = run(&manager, &["freeze", "staging", "--comment", "x"]).ended(0).says(SEEN);
    assert_eq!(again.out.lines().count(), 1, "{}", again.out);
    let status = run(&developer, &["status"]).says(SEEN);
    assert!(!status.out.lines().any(|l| l.starts_with("✓ done") || l.starts_with("  gate")), "{}", status.out);
    assert!(run(&developer, &["status", "--output", "json"]).out.contains(SEEN_IN_JSON));
    let warned = run(&developer, &["release", "--until", "staging"]).ended(41).on_stderr(SEEN);
    assert!(!warned.err.lines().chain(warned.out.lines()).any(|l| l.starts_with("✓ done")), "{}", warned.err);
    run(&manager, &["unfreeze", "staging", "--comment", &reason]).ended(0).says(SEEN);

    run(&manager, &["approve", &id, "--plan", EVIL]).ended(2);
    run(&manager, &["reject", &id, "--yes", "-m", &reason, "--plan", &plan(&test_env, &manager)]).ended(0);
    let ended = harmless(running.end().ended(11)).says(SEEN);
    assert!(!ended.out.lines().any(|l| l.starts_with("✓ done")), "{}", ended.out);
    for args in [vec!["history"], vec!["history", &id]] {
        let output = run(&developer, &args).ended(0).says(SEEN);
        assert!(!output.out.lines().any(|l| l.starts_with("✓ done")), "{}", output.out);
    }
    assert!(run(&developer, &["history", &id, "--output", "json"]).out.contains(SEEN_IN_JSON));
    run(&developer, &["report", &id, "--format", "junit"]).says(SEEN);
}

fn plan(test_env: &TestEnv, keys: &[(String, String)]) -> String {
    let shown = test_env.run(keys, &["approvals", "--output", "json"]).ended(0).json();
    shown[0]["waiting"][0]["request"]["plan"].as_str().unwrap().to_owned()
}

#[test]
fn names_in_files_and_arguments_are_printed_escaped() {
    let sandbox = Sandbox::start();
    let test_env = TestEnv::demo(&sandbox);
    let developer = sandbox.keys("developer");
    let run = |args: &[&str]| harmless(test_env.run(&developer, args));
    let template = std::fs::read_to_string(test_env.root.path().join("deploy/web.json")).unwrap();
    let evil = serde_json::to_string(EVIL).unwrap();
    let container = format!("{{ \"name\": {evil}, \"image\": \"127.0.0.1:1/x@sha256:{}\" }},", "0".repeat(64));
    let environment = format!("{{ \"name\": {evil}, \"value\": \"x\" }},");
    let changed =
        template.replacen("\"containerDefinitions\": [", &format!("\"containerDefinitions\": [{container}"), 1);
    test_env
        .write("deploy/web.json", &changed.replace("\"environment\": [", &format!("\"environment\": [{environment}")));
    let planned = run(&["plan", "--until", "dev"]);
    assert!(planned.out.contains(SEEN) || planned.err.contains(SEEN), "{}{}", planned.out, planned.err);
    run(&["plan", "--until", EVIL]).ended(2);
    run(&["status", &format!("--{EVIL}")]).ended(2);
    run(&["status", &format!("a\u{202e}{EVIL}")]).ended(2);
    run(&["unlock", EVIL, "--comment", "x"]).ended(2).on_stderr(SEEN);
    run(&["release", "--image", &format!("app={EVIL}")]);
    let named = format!("pipelines/{EVIL}.yaml");
    let text = std::fs::read_to_string(test_env.root.path().join("pipelines/hello.yaml")).unwrap();
    test_env.write(&named, &text.replace("name: staging", &format!("name: {evil}")));
    run(&["check", &named]).ended(2).on_stderr(SEEN);
    run(&["check", &named, "--output", "json"]).ended(2);
    test_env.write(&named, &text);
    run(&["check", &named]).ended(0).says(SEEN);
}

#[test]
fn on_a_terminal_kanmons_colours_are_printed_and_those_of_others_are_not() {
    let sandbox = Sandbox::start();
    let test_env = TestEnv::demo(&sandbox);
    let name = format!("user.name=Dev{EVIL}");
    test_env.git(&["-c", &name, "-c", "user.email=d@example.com", "commit", "-q", "--allow-empty", "-m", "x"]);
    let mut running = test_env.start(&sandbox.keys("developer"), &["release"]);
    running.says("waits for approval");
    let shown = test_env.run_on_terminal(&sandbox.keys("manager"), 80, "", &["approvals"]).ended(0);
    assert!(shown.out.contains("\u{1b}[1mprod\u{1b}[0m") && shown.out.contains(SEEN), "{:?}", shown.out);
    for obeyed in ["\u{1b}[2J", "\u{1b}]52", "\u{7}", "\u{9b}", "\u{202e}"] {
        assert!(!shown.out.contains(obeyed), "{obeyed:?} in {:?}", shown.out);
    }
}
