//! A disk that is full, read-only or damaged: nothing is changed in AWS that was not recorded first, and the message says what to do.

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::binary::test_env::{Ran, Running, Sandbox, TestEnv, release_in};
use crate::real::peers::leave_out;

/// Whether a process on this machine can mount file systems.
fn can_mount(test: &str) -> bool {
    let tried = mounting("true").stderr(Stdio::piped()).output();
    let works = tried.as_ref().is_ok_and(|o| o.status.success());
    if !works {
        let why = tried.map_or_else(|e| e.to_string(), |o| String::from_utf8_lossy(&o.stderr).trim().to_owned());
        leave_out(test, &format!("no file system can be mounted here: {why}"));
    }
    works
}

/// A shell with private mounts, which end with it.
fn mounting(script: &str) -> Command {
    let mut command = Command::new("unshare");
    command.args(["--mount", "--map-root-user", "sh", "-euc", script]);
    command
}

/// Runs a script in the repository, `$KANMON` being the binary.
fn script(test_env: &TestEnv, env: &[(String, String)], text: &str) -> Ran {
    start(test_env, env, text).end()
}

fn start(test_env: &TestEnv, env: &[(String, String)], text: &str) -> Running {
    let mut command = mounting(text);
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap()).env("HOME", test_env.root.path());
    command.envs(env.iter().map(|(k, v)| (k, v))).env("KANMON", env!("CARGO_BIN_EXE_kanmon"));
    command.current_dir(test_env.root.path());
    Running::new(command, Stdio::null())
}

/// The effects of this kind that the journal holds as intended.
fn intended(history: &str, effect: &str) -> usize {
    let events = history.lines().filter_map(|l| serde_json::from_str::<Value>(l).ok());
    events.filter(|e| e["kind"] == "intended" && e["effect"]["effect"] == effect).count()
}

const NO_SPACE: &str = "error: the state cannot be read or written: no space is left for";

#[test]
fn a_disk_that_is_full_stops_a_release_before_its_next_call_and_resume_continues() {
    if !can_mount("a full disk") {
        return;
    }
    // A release to one stage takes some 700 kB with its log; with each size it ends at another append.
    let (mut stopped, mut ended) = (std::collections::BTreeSet::new(), 0);
    for kilobytes in [16, 120, 180, 240, 320, 400, 500, 600] {
        let sandbox = Sandbox::start();
        let test_env = TestEnv::demo(&sandbox);
        std::fs::create_dir(test_env.root.path().join(".kanmon")).unwrap();
        let text = format!(
            "mount -t tmpfs -o size={kilobytes}k,mode=0700 tmpfs .kanmon
            set +e
            \"$KANMON\" release --until dev 2>stderr >stdout
            echo $? >code
            \"$KANMON\" history --output json >listed 2>&1
            id=$(sed -n 's/.*\"release\":\"\\([^\"]*\\)\".*/\\1/p' listed | head -1)
            [ -z \"$id\" ] || \"$KANMON\" history \"$id\" --output json >before
            printf '%s' \"$id\" >id
            echo it has stopped
            while [ ! -e go-on ]; do sleep 0.1; done
            mount -o remount,size=64m .kanmon
            [ -z \"$id\" ] || exec \"$KANMON\" resume \"$id\""
        );
        let mut running = start(&test_env, &sandbox.keys("developer"), &text);
        running.says("it has stopped");
        let calls = sandbox.calls();
        test_env.write("go-on", "");
        let ran = running.end();
        let read = |name: &str| std::fs::read_to_string(test_env.root.path().join(name)).unwrap_or_default();
        if read("code").trim() == "0" {
            ended += 1;
            continue;
        }
        let printed = read("stderr");
        assert_eq!(read("code").trim(), "40", "{kilobytes} kB: {printed}");
        let folded = printed.split_whitespace().collect::<Vec<_>>().join(" ");
        for words in
            [NO_SPACE, "kanmon records every action before it acts; free disk space", "then run `kanmon resume"]
        {
            assert!(folded.contains(words), "{kilobytes} kB: `{words}` is not printed:\n{printed}");
        }
        let done = |op: &str| calls.iter().filter(|c| c["operation"] == op && c["code"] == "OK").count();
        let before = read("before");
        stopped.insert(before.lines().count());
        for (operation, effect) in
            [("PutImage", "build"), ("RegisterTaskDefinition", "register"), ("UpdateService", "update")]
        {
            let (done, intended) = (done(operation), intended(&before, effect));
            assert!(done <= intended, "{kilobytes} kB: {done} {operation}, but only {intended} of them recorded first");
        }
        if read("id").is_empty() {
            assert_eq!(sandbox.changes(), Vec::<String>::new(), "{kilobytes} kB: changed without a record");
            continue;
        }
        ran.ended(0).says("✓ succeeded");
        for operation in ["RegisterTaskDefinition", "UpdateService"] {
            assert_eq!(sandbox.done(operation).len(), 1, "{kilobytes} kB: {operation}");
        }
    }
    crate::real::end_to_end::print_line(&format!(
        "a disk full after so many events: {stopped:?}; {ended} releases had room enough"
    ));
    assert!(stopped.len() >= 5, "the disk was full after {stopped:?} events only");
}

#[test]
fn a_disk_that_cannot_be_written_is_read_and_changes_nothing() {
    if !can_mount("a read-only disk") {
        return;
    }
    let sandbox = Sandbox::start();
    let test_env = TestEnv::demo(&sandbox);
    let developer = sandbox.keys("developer");
    let read_only = "mount --bind .kanmon .kanmon && mount -o remount,bind,ro .kanmon\n";
    // Nothing was recorded yet.
    std::fs::create_dir(test_env.root.path().join(".kanmon")).unwrap();
    let ran = script(&test_env, &developer, &format!("{read_only}exec \"$KANMON\" release")).ended(40);
    let folded = ran.err.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(folded.contains("journal.db cannot be created or opened: Read-only file system"), "{}", ran.err);
    assert!(folded.contains("free disk space or fix the permissions"), "{}", ran.err);
    assert_eq!(sandbox.changes(), Vec::<String>::new());

    let id = release_in(&test_env.run(&developer, &["release", "--until", "dev"]).ended(0).out);
    let before = sandbox.changes();
    for verb in ["history".to_owned(), format!("history {id}"), format!("export {id}"), "status".to_owned()] {
        script(&test_env, &developer, &format!("{read_only}exec \"$KANMON\" {verb}")).ended(0).says(&id);
    }
    for verb in ["release".to_owned(), format!("promote {id} --to staging"), format!("abort {id}")] {
        let ran = script(&test_env, &developer, &format!("{read_only}exec \"$KANMON\" {verb}"));
        let folded = ran.err.split_whitespace().collect::<Vec<_>>().join(" ");
        // A release that has ended cannot be aborted, on any disk.
        if verb.starts_with("abort") {
            assert_eq!(ran.code, Some(2), "{}", ran.err);
            continue;
        }
        assert_eq!(ran.code, Some(40), "{verb}: {}", ran.err);
        assert!(folded.contains("journal.db is read-only, or its folder or file system is"), "{verb}: {}", ran.err);
        assert!(folded.contains("fix the permissions"), "{verb}: {}", ran.err);
    }
    assert_eq!(sandbox.changes(), before, "something was changed that could not be recorded");
}

#[test]
fn a_disk_that_is_full_for_one_process_only_is_reported_as_such() {
    // This needs no permission to mount: a limit on the size of files, as build machines set.
    let sandbox = Sandbox::start();
    let test_env = TestEnv::demo(&sandbox);
    let mut command = Command::new("sh");
    let text = "trap '' XFSZ; ulimit -f 200; exec \"$KANMON\" release --until dev";
    command.args(["-c", text]).env_clear().env("PATH", std::env::var_os("PATH").unwrap());
    command.env("HOME", test_env.root.path()).env("KANMON", env!("CARGO_BIN_EXE_kanmon"));
    let developer = sandbox.keys("developer");
    command.envs(developer.iter().map(|(k, v)| (k, v))).current_dir(test_env.root.path());
    let ran = Running::new(command, Stdio::null()).end().ended(40);
    let folded = ran.err.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(folded.contains("error: the state cannot be read or written: "), "{}", ran.err);
    assert!(folded.contains("journal.db"), "{}", ran.err);
    let id = release_in(&ran.err);
    assert!(folded.contains(&format!("`kanmon resume {id}`")), "{}", ran.err);
    test_env.run(&developer, &["resume", &id]).ended(0).says("✓ succeeded");
    for operation in ["RegisterTaskDefinition", "UpdateService"] {
        assert_eq!(sandbox.done(operation).len(), 1, "{operation}");
    }
}

/// A state folder with these bytes as its database.
fn state_of(bytes: &[u8]) -> tempfile::TempDir {
    let state = tempfile::tempdir().unwrap();
    std::fs::write(state.path().join("journal.db"), bytes).unwrap();
    state
}

#[track_caller]
fn refused(sandbox: &Sandbox, test_env: &TestEnv, state: &Path, words: &[&str]) {
    let place = format!("local:{}", state.display());
    let before = std::fs::read(state.join("journal.db")).unwrap();
    for verb in [&["release"][..], &["resume"], &["history"], &["approvals"], &["status"]] {
        let ran = test_env.run(&sandbox.keys("developer"), &[verb, &["--state", &place]].concat()).ended(40);
        let folded = ran.err.split_whitespace().collect::<Vec<_>>().join(" ");
        for words in words {
            assert!(folded.contains(words), "{verb:?} does not say `{words}`:\n{}", ran.err);
        }
    }
    assert_eq!(std::fs::read(state.join("journal.db")).unwrap(), before, "a file that cannot be read was written to");
    assert_eq!(sandbox.changes(), Vec::<String>::new());
}

#[test]
fn a_file_that_is_not_a_database_or_is_damaged_is_refused_and_left_alone() {
    let (sandbox, other) = (Sandbox::start(), Sandbox::start());
    let test_env = TestEnv::demo(&sandbox);
    let what_to_do = "hint: restore the state from a backup; a new state does not know earlier rejections and freezes";

    let text = state_of("these are my notes, and no database\n".repeat(300).as_bytes());
    refused(
        &sandbox,
        &test_env,
        text.path(),
        &["error: the record is damaged: ", "file is not a database", what_to_do],
    );

    // A valid one whose pages are overwritten from the second on.
    let their = TestEnv::demo(&other);
    their.run(&other.keys("developer"), &["release", "--until", "dev"]).ended(0);
    let file = their.root.path().join(".kanmon/journal.db");
    let db = rusqlite::Connection::open(&file).unwrap();
    db.pragma_update_and_check(None, "wal_checkpoint", "TRUNCATE", |_| Ok(())).unwrap();
    drop(db);
    let mut bytes = std::fs::read(&file).unwrap();
    bytes[4096..].iter_mut().for_each(|b| *b = !*b);
    let damaged = state_of(&bytes);
    let before = damaged.path().join("journal.db");
    let place = format!("local:{}", damaged.path().display());
    for verb in [&["release"][..], &["history"]] {
        let ran = test_env.run(&sandbox.keys("developer"), &[verb, &["--state", &place]].concat()).ended(40);
        ran.on_stderr("error: the record is damaged: ")
            .on_stderr("malformed")
            .on_stderr("restore the state from a backup");
    }
    assert!(std::fs::read(before).unwrap() == bytes, "a damaged file was written to");
    assert_eq!(sandbox.changes(), Vec::<String>::new());
}

#[test]
fn a_state_folder_that_is_removed_meanwhile_ends_a_release_before_its_next_change() {
    let sandbox = Sandbox::with(&["--speed", "15"]);
    let test_env = TestEnv::demo(&sandbox);
    let mut running = test_env.start(&sandbox.keys("developer"), &["release", "--until", "staging"]);
    let id = release_in(&running.says("hello-dev-web:1 → hello-dev-web:2"));
    std::fs::remove_dir_all(test_env.root.path().join(".kanmon")).unwrap();
    let ran = running.end().ended(40);
    let folded = ran.err.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(folded.contains("error: the state is gone: "), "{}", ran.err);
    assert!(folded.contains("journal.db was removed or replaced while it was in use"), "{}", ran.err);
    assert!(folded.contains(&format!("restore the state folder, then run `kanmon resume {id}`")), "{}", ran.err);
    assert_eq!(sandbox.done("UpdateService").len(), 1, "it continued without a record");
}
