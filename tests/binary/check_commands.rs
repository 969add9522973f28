//! Checks that run programs: their environment, their time limit, and programs that cannot be run.

use super::test_env::{Sandbox, TestEnv, release_in};

/// The demo with another check in dev.
fn checking(sandbox: &Sandbox, check: &str) -> TestEnv {
    let test_env = TestEnv::demo(sandbox);
    let url = format!("{}/_sandbox/service/111111111111/ap-northeast-1/hello-dev/web", sandbox.endpoint());
    test_env.edit(&format!("- check: {{ http: \"{url}\", timeout: 30s }}"), check);
    test_env
}

fn script(test_env: &TestEnv, text: &str, mode: u32) {
    test_env.write("e2e/smoke", text);
    let path = test_env.root.path().join("e2e/smoke");
    std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
}

#[test]
fn a_command_that_cannot_be_run_is_found_before_anything_is_changed() {
    let sandbox = Sandbox::start();
    let test_env = checking(&sandbox, "- check: { command: [./e2e/smoke] }");
    let dev = sandbox.keys("developer");
    for (text, mode, why) in [
        ("", 0, "there is no such file"),
        ("#!/bin/sh\n", 0o644, "it is not executable"),
        ("#!/bin/sh\r\nexit 0\r\n", 0o755, "its `#!` line ends with CR LF"),
        ("#!/no/such/shell\n", 0o755, "its interpreter `/no/such/shell` does not exist"),
        ("exit 0\n", 0o755, "it has no `#!` line"),
    ] {
        if mode != 0 {
            script(&test_env, text, mode);
        }
        let why = format!("`./e2e/smoke` cannot be run: {why}");
        test_env.run(&[], &["check"]).ended(2).on_stderr(&why);
        test_env.run(&dev, &["plan", "--until", "dev"]).ended(40).on_stderr(&why);
        let released = test_env.run(&dev, &["release", "--until", "dev"]).ended(40);
        assert!(released.out.contains(&why), "{}{}", released.out, released.err);
    }
    assert_eq!(sandbox.changes(), [""; 0]);
    script(&test_env, "#!/bin/sh\nexit 0\n", 0o755);
    test_env.run(&[], &["check"]).ended(0);
    test_env.run(&dev, &["release", "--until", "dev"]).ended(0);
}

#[test]
fn a_check_that_could_not_be_run_rolls_back_and_keeps_no_image_out() {
    let sandbox = Sandbox::start();
    let gone = "- check: { command: [rm, e2e/smoke] }\n      ";
    let test_env = checking(&sandbox, &format!("{gone}- check: {{ command: [./e2e/smoke] }}"));
    script(&test_env, "#!/bin/sh\nexit 0\n", 0o755);
    let dev = sandbox.keys("developer");
    let ran = test_env.run(&dev, &["release", "--until", "dev"]).ended(20).on_stderr("`./e2e/smoke` cannot be run");
    assert!(!ran.err.contains("--force"), "{}", ran.err);
    script(&test_env, "#!/bin/sh\nexit 0\n", 0o755);
    test_env.edit(gone, "");
    test_env.run(&dev, &["release", "--until", "dev"]).ended(0);

    // The control: if a check was run and failed, the images may not enter again.
    script(&test_env, "#!/bin/sh\nexit 1\n", 0o755);
    test_env.write("app/index.html", "next");
    test_env.run(&dev, &["release", "--until", "dev"]).ended(20);
    test_env.run(&dev, &["release", "--until", "dev"]).ended(10);
}

#[test]
fn a_command_has_the_credentials_of_the_account_that_the_file_names_and_no_others() {
    let sandbox = Sandbox::start();
    let show = r#"[sh, -c, 'echo "$KANMON_STAGE key=$AWS_ACCESS_KEY_ID region=$AWS_REGION" > seen']"#;
    let test_env = checking(&sandbox, &format!("- check: {{ command: {show} }}"));
    let dev = sandbox.keys("developer");
    let key = &dev.iter().find(|(name, _)| name == "AWS_ACCESS_KEY_ID").unwrap().1;
    test_env.run(&dev, &["release", "--until", "dev"]).ended(0);
    let seen = || std::fs::read_to_string(test_env.root.path().join("seen")).unwrap();
    assert!(seen().starts_with("dev key= region="), "{}", seen());
    test_env.edit("> seen'] }", "> seen'], account: dev }");
    test_env.run(&dev, &["release", "--until", "dev"]).ended(0);
    assert_eq!(seen(), format!("dev key={key} region=ap-northeast-1\n"));
    test_env.edit("account: dev }\n  - name: staging", "account: nowhere }\n  - name: staging");
    test_env.run(&dev, &["check"]).ended(2).on_stderr("nowhere");
}

#[test]
fn processes_that_a_command_leaves_behind_do_not_block_and_ctrl_c_ends_them() {
    let sandbox = Sandbox::start();
    let left = "[sh, -c, 'sleep 600 & echo $! > left; exit 0'], timeout: 10m";
    let test_env = checking(&sandbox, &format!("- check: {{ command: {left} }}"));
    let dev = sandbox.keys("developer");
    let pid = |name: &str| std::fs::read_to_string(test_env.root.path().join(name)).unwrap().trim().to_owned();
    test_env.run(&dev, &["release", "--until", "dev"]).ended(0);
    dies(&pid("left"));

    test_env.edit(left, "[sh, -c, 'sleep 600 & echo $! > held; wait'], timeout: 10m");
    test_env.write("app/index.html", "next");
    let running = test_env.start(&dev, &["release", "--until", "dev"]);
    while !test_env.root.path().join("held").exists() {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    running.signal("INT");
    let ran = running.end().ended(30);
    dies(&pid("held"));
    // The check runs again; the first one has no result.
    test_env.edit("'sleep 600 & echo $! > held; wait'", "'exit 0'");
    let id = release_in(&ran.out);
    let history = test_env.run(&dev, &["history", &id]).ended(0);
    assert!(!history.out.contains("failed"), "{}", history.out);
}

/// Waits until a process has ended; if it never does, the suite's limit ends the test.
fn dies(pid: &str) {
    let stat = || std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    while !stat().is_empty() && !stat().contains(") Z ") {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}
