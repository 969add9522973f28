//! On a terminal: questions, spinners, colours, and lines that fit.

use super::releases::APPROVAL;
use super::test_env::{Running, Sandbox, TestEnv, release_in};

/// A release that waits for production's approval, and its id.
fn waiting(sandbox: &Sandbox, test_env: &TestEnv) -> (Running, String) {
    let mut running = test_env.start(&sandbox.keys("developer"), &["release"]);
    let id = release_in(&running.says("waits for approval"));
    (running, id)
}

/// The manager, who has no pager.
fn manager(sandbox: &Sandbox) -> Vec<(String, String)> {
    let mut keys = sandbox.keys("manager");
    keys.push(("PAGER".to_owned(), "cat".to_owned()));
    keys
}

const QUESTION: &str = "approve exactly this plan? [y]es, [N]o, [d]etails, [c]omment:";

#[test]
fn approve_without_an_id_shows_what_waits_on_one_screen_and_each_key_does_its_part() {
    let sandbox = Sandbox::start();
    let test_env = TestEnv::demo(&sandbox);
    let (mut running, id) = waiting(&sandbox, &test_env);
    let manager = manager(&sandbox);
    // No is a decision too. What was typed before the question is no answer to it.
    for typed in ["\n", "n\n"] {
        let mut asks = test_env.start_on_terminal(&manager, 80, &["approve"]);
        asks.types("y\n");
        let screen = asks.says(QUESTION);
        let lines = uncoloured(&screen);
        let rows: usize = lines.lines().map(|line| line.chars().count().div_ceil(80)).sum();
        assert!(rows <= 24, "{rows} rows\n{lines}");
        for words in ["requester developer of 111111111111", "gate      passed (2 low)", ": a commit", "→ prod, plan "]
        {
            assert!(lines.contains(words), "not shown: `{words}`\n{lines}");
        }
        asks.types(typed);
        let no = asks.end().ended(0);
        assert!(no.out.contains("not approved; the release still waits"), "{}", no.out);
    }
    assert!(!running.is_over());
    let mut asks = test_env.start_on_terminal(&manager, 80, &["approve"]);
    asks.says(QUESTION);
    asks.types("d\n");
    let details = asks.says_again(QUESTION, 2);
    assert!(details.contains("custom endpoints of prod: default http://"), "{details}");
    asks.types("what\n");
    asks.says_again(QUESTION, 3);
    asks.types("c\n");
    asks.says("comment: ");
    asks.types("read it all\n");
    asks.says_again(QUESTION, 4);
    asks.types("y\n");
    let yes = asks.end().ended(0);
    assert!(yes.out.contains(&format!("{id}: prod is approved")), "{}", yes.out);
    assert!(running.end().ended(0).err.contains("approved by manager of 111111111111: “read it all”"));
}

#[test]
fn uncommitted_changes_go_to_production_only_after_a_question_of_their_own() {
    let sandbox = Sandbox::start();
    let test_env = TestEnv::demo(&sandbox);
    test_env.write("app/index.html", "<title>not committed</title>");
    let (running, _) = waiting(&sandbox, &test_env);
    let manager = manager(&sandbox);
    for (typed, said) in [("n\n", "not approved; the release still waits"), ("y\n", "prod is approved")] {
        let mut asks = test_env.start_on_terminal(&manager, 80, &["approve"]);
        asks.says(QUESTION);
        asks.types("y\n");
        let asked = asks.says("nevertheless? [y/N]");
        assert!(uncoloured(&asked).contains("source    built with uncommitted changes"), "{asked}");
        asks.types(typed);
        let ended = asks.end().ended(0);
        assert!(ended.out.contains(said), "{}", ended.out);
    }
    running.end().ended(0);
}

#[test]
fn a_rejection_asks_for_its_reason() {
    let sandbox = Sandbox::start();
    let test_env = TestEnv::demo(&sandbox);
    let (running, id) = waiting(&sandbox, &test_env);
    let manager = manager(&sandbox);
    test_env.run(&manager, &["reject", &id, "--yes"]).ended(2).on_stderr("a rejection needs a reason");
    test_env.run(&manager, &["reject", "--yes", "-m", "no"]).ended(2).on_stderr("needs a release or a plan");
    for (reason, code) in [("\n", 2), ("not on a Friday\n", 0)] {
        let mut asks = test_env.start_on_terminal(&manager, 80, &["reject"]);
        asks.says("reject this plan?");
        asks.types("y\n");
        asks.says("reason, shown to the requester:");
        asks.types(reason);
        asks.end().ended(code);
    }
    assert!(running.end().ended(11).out.contains("cause: not on a Friday"));
}

#[test]
fn wait_follows_the_release_to_its_end_and_ends_with_its_exit_code() {
    let sandbox = Sandbox::start();
    let test_env = TestEnv::demo(&sandbox);
    let (running, _) = waiting(&sandbox, &test_env);
    let manager = manager(&sandbox);
    let mut asks = test_env.start_on_terminal(&manager, 80, &["approve", "--wait"]);
    asks.says(QUESTION);
    asks.types("y\n");
    let followed = asks.end().ended(0);
    for words in ["prod is approved", "entered: cluster hello-prod", "succeeded"] {
        assert!(followed.out.contains(words), "not shown: `{words}`\n{}", followed.out);
    }
    running.end().ended(0);
    // Without a process there is nothing to follow.
    let (running, id) = waiting(&sandbox, &test_env);
    running.signal("KILL");
    assert_eq!(running.end().code, None);
    let json = test_env.run(&manager, &["approvals", "--output", "json"]).ended(0).json();
    let plan = json[0]["waiting"][0]["request"]["plan"].as_str().unwrap();
    let alone = test_env.run(&manager, &["approve", "--yes", "--plan", plan, "--wait"]).ended(30);
    alone
        .says("somebody other than the approver can continue it")
        .on_stderr(&format!("no process works on {id}, so there is nothing to wait for"));
}

#[test]
fn a_terminal_gets_spinners_and_colours_unless_they_are_turned_off() {
    let sandbox = Sandbox::start();
    let test_env = TestEnv::demo(&sandbox);
    test_env.edit(APPROVAL, "");
    let developer = sandbox.keys("developer");
    let ran = test_env.run_on_terminal(&developer, 80, "", &["release", "--until", "dev"]).ended(0);
    assert!(ran.out.contains("\x1b[32m✓\x1b[0m"), "no colour: {:?}", ran.out);
    assert!(ran.out.chars().any(|c| "⠁⠂⠄⡀⢀⠠⠐⠈".contains(c)), "no spinner: {:?}", ran.out);
    let mut plain = developer.clone();
    plain.push(("NO_COLOR".to_owned(), "1".to_owned()));
    for (env, args) in [(&plain, vec!["history"]), (&developer, vec!["history", "--no-color"])] {
        let ran = test_env.run_on_terminal(env, 80, "", &args).ended(0);
        assert!(!ran.out.contains("\x1b["), "{:?}", ran.out);
    }
    let ran = test_env.run_on_terminal(&plain, 80, "", &["release", "--until", "dev"]).ended(0);
    assert!(!ran.out.contains("\x1b[3"), "coloured although NO_COLOR is set: {:?}", ran.out);
}

#[test]
fn the_environment_decides_about_colours_spinners_and_questions() {
    let sandbox = Sandbox::start();
    let test_env = TestEnv::demo(&sandbox);
    test_env.edit(APPROVAL, "");
    let with =
        |name: &str, value: &str| [sandbox.keys("developer"), vec![(name.to_owned(), value.to_owned())]].concat();
    let spins = |out: &str| out.chars().any(|c| "⠁⠂⠄⡀⢀⠠⠐⠈".contains(c));
    // On a terminal: the variable, and whether there are colours and spinners.
    for (name, value, colours, spinners) in [
        ("CI", "true", false, false),
        ("TERM", "dumb", false, false),
        ("CLICOLOR", "0", false, true),
        ("CLICOLOR", "1", true, true),
        ("CLICOLOR_FORCE", "1", true, true),
    ] {
        let args = ["release", "--until", "dev"];
        let out = test_env.run_on_terminal(&with(name, value), 80, "", &args).ended(0).out;
        assert_eq!(out.contains("\x1b[32m✓\x1b[0m"), colours, "{name}={value}: {out:?}");
        assert_eq!(spins(&out), spinners, "{name}={value}: {out:?}");
        assert!(colours || spinners || !out.contains('\x1b'), "{name}={value}: {out:?}");
    }
    // Without a terminal.
    assert!(!test_env.run(&with("CI", "false"), &["status"]).ended(0).out.contains('\x1b'));
    let failed = test_env.run(&with("CLICOLOR_FORCE", "1"), &["promote", "r20200101-000000-abcdef", "--to", "dev"]);
    failed.ended(2).on_stderr("\x1b[31merror\x1b[0m");
    let failed = test_env
        .run(&with("CLICOLOR_FORCE", "1"), &["--no-color", "promote", "r20200101-000000-abcdef", "--to", "dev"]);
    assert!(!failed.ended(2).err.contains('\x1b'));
    for flag in [&["--no-color", "--help"][..], &["help", "freeze", "--no-color"]] {
        assert!(!test_env.run(&with("CLICOLOR_FORCE", "1"), flag).ended(0).out.contains('\x1b'), "{flag:?}");
    }
    assert!(test_env.run(&with("CLICOLOR_FORCE", "1"), &["--help"]).ended(0).out.contains("\x1b[1m"));
}

#[test]
fn in_ci_nothing_is_asked_even_on_a_terminal() {
    let sandbox = Sandbox::start();
    let test_env = TestEnv::demo(&sandbox);
    let mut running = test_env.start(&sandbox.keys("developer"), &["release"]);
    let id = release_in(&running.says("waits for approval"));
    let manager = [sandbox.keys("manager"), vec![("CI".to_owned(), "true".to_owned())]].concat();
    let ran = test_env.run_on_terminal(&manager, 80, "y\n", &["approve", &id]).ended(2);
    assert!(ran.out.contains("without a terminal") && !ran.out.contains("[y/N]"), "{}", ran.out);
    running.signal("INT");
    running.end().ended(30);
}

#[test]
fn on_a_narrow_terminal_no_text_to_copy_is_broken() {
    let sandbox = Sandbox::start();
    let test_env = TestEnv::demo(&sandbox);
    let developer = sandbox.keys("developer");
    let ran = test_env.run(&developer, &["release", "--until", "dev"]).ended(0);
    let id = release_in(&ran.out);
    for args in [vec!["status"], vec!["history"], vec!["history", &id], vec!["plan"]] {
        let shown = test_env.run_on_terminal(&developer, 50, "", &args).ended(0);
        let plain = uncoloured(&shown.out);
        let long: Vec<&str> = plain.lines().filter(|l| l.trim().contains(' ') && l.chars().count() > 50).collect();
        // A word without blanks is not broken.
        let breakable: Vec<&&str> =
            long.iter().filter(|l| !l.contains("http://") && !l.contains("sha256:") && !l.contains(&id)).collect();
        assert!(breakable.is_empty(), "{args:?}: {breakable:#?}");
        assert!(args == ["plan"] || plain.contains(&id), "{args:?} cuts the release's name:\n{plain}");
    }
}

fn uncoloured(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("\x1b[") {
        out.push_str(before);
        rest = after.split_once(|c: char| c.is_ascii_alphabetic()).map_or("", |(_, rest)| rest);
    }
    out + rest
}

#[test]
fn verbose_output_works_with_and_without_a_terminal() {
    let sandbox = Sandbox::start();
    let test_env = TestEnv::demo(&sandbox);
    let developer = sandbox.keys("developer");
    let ran = test_env.run_on_terminal(&developer, 80, "", &["release", "--until", "dev", "-v"]).ended(0);
    assert!(ran.out.contains("hello-dev-web:2 registered"), "{}", ran.out);
    let ran = test_env.run(&developer, &["release", "--until", "dev", "-vvv"]).ended(0);
    assert!(ran.err.contains("planned: no service changes"), "{}", ran.err);
    assert!(!ran.err.contains("secret/key"), "a secret is in the log");
}
