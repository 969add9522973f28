//! Checks that run programs: with which environment, until when, and what cannot be run.

use super::rig::{Desk, Sandbox, release_in};

/// The demo, its check in dev in other words.
fn checking(sandbox: &Sandbox, check: &str) -> Desk {
    let desk = Desk::demo(sandbox);
    let url = format!("{}/_sandbox/service/111111111111/ap-northeast-1/hello-dev/web", sandbox.endpoint());
    desk.edit(&format!("- check: {{ http: \"{url}\", timeout: 30s }}"), check);
    desk
}

fn script(desk: &Desk, text: &str, mode: u32) {
    desk.write("e2e/smoke", text);
    let path = desk.root.path().join("e2e/smoke");
    std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
}

#[test]
fn what_cannot_be_run_is_found_before_anything_is_touched() {
    let sandbox = Sandbox::start();
    let desk = checking(&sandbox, "- check: { command: [./e2e/smoke] }");
    let dev = sandbox.keys("developer");
    for (text, mode, why) in [
        ("", 0, "there is no such file"),
        ("#!/bin/sh\n", 0o644, "it is not executable"),
        ("#!/bin/sh\r\nexit 0\r\n", 0o755, "its `#!` line ends with CR LF"),
        ("#!/no/such/shell\n", 0o755, "its interpreter `/no/such/shell` is not there"),
        ("exit 0\n", 0o755, "it has no `#!` line"),
    ] {
        if mode != 0 {
            script(&desk, text, mode);
        }
        let why = format!("`./e2e/smoke` cannot be run: {why}");
        desk.run(&[], &["check"]).ended(2).told(&why);
        desk.run(&dev, &["plan", "--until", "dev"]).ended(40).told(&why);
        let released = desk.run(&dev, &["release", "--until", "dev"]).ended(40);
        assert!(released.out.contains(&why), "{}{}", released.out, released.err);
    }
    assert_eq!(sandbox.changes(), [""; 0]);
    script(&desk, "#!/bin/sh\nexit 0\n", 0o755);
    desk.run(&[], &["check"]).ended(0);
    desk.run(&dev, &["release", "--until", "dev"]).ended(0);
}

#[test]
fn a_check_that_could_not_be_made_rolls_back_and_bars_no_image() {
    let sandbox = Sandbox::start();
    let gone = "- check: { command: [rm, e2e/smoke] }\n      ";
    let desk = checking(&sandbox, &format!("{gone}- check: {{ command: [./e2e/smoke] }}"));
    script(&desk, "#!/bin/sh\nexit 0\n", 0o755);
    let dev = sandbox.keys("developer");
    let ran = desk.run(&dev, &["release", "--until", "dev"]).ended(20).told("`./e2e/smoke` cannot be run");
    assert!(!ran.err.contains("--force"), "{}", ran.err);
    script(&desk, "#!/bin/sh\nexit 0\n", 0o755);
    desk.edit(gone, "");
    desk.run(&dev, &["release", "--until", "dev"]).ended(0);

    // The control: a check that was made and failed does bar them.
    script(&desk, "#!/bin/sh\nexit 1\n", 0o755);
    desk.write("app/index.html", "next");
    desk.run(&dev, &["release", "--until", "dev"]).ended(20);
    desk.run(&dev, &["release", "--until", "dev"]).ended(10);
}

#[test]
fn a_command_has_the_credentials_of_the_account_that_the_file_names_and_no_others() {
    let sandbox = Sandbox::start();
    let show = r#"[sh, -c, 'echo "$KANMON_STAGE key=$AWS_ACCESS_KEY_ID region=$AWS_REGION" > seen']"#;
    let desk = checking(&sandbox, &format!("- check: {{ command: {show} }}"));
    let dev = sandbox.keys("developer");
    let key = &dev.iter().find(|(name, _)| name == "AWS_ACCESS_KEY_ID").unwrap().1;
    desk.run(&dev, &["release", "--until", "dev"]).ended(0);
    let seen = || std::fs::read_to_string(desk.root.path().join("seen")).unwrap();
    assert!(seen().starts_with("dev key= region="), "{}", seen());
    desk.edit("> seen'] }", "> seen'], account: dev }");
    desk.run(&dev, &["release", "--until", "dev"]).ended(0);
    assert_eq!(seen(), format!("dev key={key} region=ap-northeast-1\n"));
    desk.edit("account: dev }\n  - name: staging", "account: nowhere }\n  - name: staging");
    desk.run(&dev, &["check"]).ended(2).told("nowhere");
}

#[test]
fn what_a_command_leaves_behind_holds_nothing_up_and_ctrl_c_ends_it_whole() {
    let sandbox = Sandbox::start();
    let left = "[sh, -c, 'sleep 600 & echo $! > left; exit 0'], timeout: 10m";
    let desk = checking(&sandbox, &format!("- check: {{ command: {left} }}"));
    let dev = sandbox.keys("developer");
    let pid = |name: &str| std::fs::read_to_string(desk.root.path().join(name)).unwrap().trim().to_owned();
    desk.run(&dev, &["release", "--until", "dev"]).ended(0);
    dies(&pid("left"));

    desk.edit(left, "[sh, -c, 'sleep 600 & echo $! > held; wait'], timeout: 10m");
    desk.write("app/index.html", "next");
    let running = desk.start(&dev, &["release", "--until", "dev"]);
    while !desk.root.path().join("held").exists() {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    running.signal("INT");
    let ran = running.end().ended(30);
    dies(&pid("held"));
    // The check is made again, and was never judged.
    desk.edit("'sleep 600 & echo $! > held; wait'", "'exit 0'");
    let id = release_in(&ran.out);
    let history = desk.run(&dev, &["history", &id]).ended(0);
    assert!(!history.out.contains("failed"), "{}", history.out);
}

/// Waits until a process is gone; past the suite's limit it hangs.
fn dies(pid: &str) {
    let stat = || std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    while !stat().is_empty() && !stat().contains(") Z ") {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}
